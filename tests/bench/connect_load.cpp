// Connections a second at /cable: each is opened, upgraded and waits for its welcome, then goes.
//
//   connect_load PORT PID COUNT PARALLEL TOKENS
//       TOKENS is a file with one token a line, used in turn; PID is the server, whose CPU time is
//       read. Prints one line of JSON.
#include "load_sockets.hpp"

#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <vector>

namespace streamwall::load {
namespace {

constexpr int kTimeoutMs = 10'000;

std::vector<std::string> read_lines(const char* file) {
    std::ifstream in(file);
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);)
        if (!line.empty()) lines.push_back(line);
    if (lines.empty()) throw std::runtime_error(std::string("no tokens in ") + file);
    return lines;
}

class Connects {
  public:
    Connects(unsigned short port, std::vector<std::string> tokens)
        : port_(port), tokens_(std::move(tokens)), epoll_(::epoll_create1(0)) {}
    ~Connects() { ::close(epoll_); }

    void run(std::size_t count, std::size_t parallel) {
        slots_.resize(parallel);
        for (std::size_t i = 0; i < parallel && begun_ < count; ++i)
            begin(i);
        std::vector<epoll_event> events(256);
        while (done_ + failed_ < count) {
            const int ready = ::epoll_wait(epoll_, events.data(), 256, kTimeoutMs);
            if (ready <= 0) throw std::runtime_error("no connection within 10 s");
            for (int i = 0; i < ready; ++i) {
                const auto slot = events[static_cast<std::size_t>(i)].data.u64;
                if (step(slot) && begun_ < count) begin(slot);
            }
        }
    }
    std::size_t done() const { return done_; }
    std::size_t failed() const { return failed_; }

  private:
    struct Slot {
        int descriptor = -1;
        bool is_asked = false;
        std::string answer;
    };

    void begin(std::size_t number) {
        Slot& slot = slots_[number];
        slot = {::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), false, {}};
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port_);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        // A reset leaves no port waiting behind.
        const linger reset{.l_onoff = 1, .l_linger = 0};
        ::setsockopt(slot.descriptor, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        if (::connect(slot.descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address) !=
                0 &&
            errno != EINPROGRESS) {
            throw std::runtime_error("cannot connect");
        }
        ++begun_;
        epoll_event event{.events = EPOLLIN | EPOLLOUT, .data = {.u64 = number}};
        ::epoll_ctl(epoll_, EPOLL_CTL_ADD, slot.descriptor, &event);
    }

    // True once the slot is free.
    bool step(std::size_t number) {
        Slot& slot = slots_[number];
        if (!slot.is_asked) {
            ask(slot);
            epoll_event event{.events = EPOLLIN, .data = {.u64 = number}};
            ::epoll_ctl(epoll_, EPOLL_CTL_MOD, slot.descriptor, &event);
            return false;
        }
        char buffer[4096];
        const auto got = ::recv(slot.descriptor, buffer, sizeof buffer, 0);
        if (got < 0 && errno == EAGAIN) return false;
        if (got > 0) slot.answer.append(buffer, static_cast<std::size_t>(got));
        const bool is_welcome = slot.answer.find("\"welcome\"") != std::string::npos;
        if (got > 0 && !is_welcome) return false;
        (is_welcome ? done_ : failed_) += 1;
        ::close(slot.descriptor);
        return true;
    }

    void ask(Slot& slot) {
        slot.is_asked = true;
        const std::string request =
            "GET /cable HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\n"
            "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
            "Sec-WebSocket-Protocol: actioncable-v1-json\r\nAuthorization: Bearer " +
            tokens_[token_++ % tokens_.size()] + "\r\n\r\n";
        ::send(slot.descriptor, request.data(), request.size(), MSG_NOSIGNAL);
    }

    const unsigned short port_;
    const std::vector<std::string> tokens_;
    const int epoll_;
    std::vector<Slot> slots_;
    std::size_t token_ = 0, begun_ = 0, done_ = 0, failed_ = 0;
};

int run(char** argv) {
    const auto number = [&](int at) { return std::strtoul(argv[at], nullptr, 10); };
    clockid_t server{};
    if (::clock_getcpuclockid(static_cast<pid_t>(number(2)), &server) != 0) {
        throw std::runtime_error(std::string("no process ") + argv[2]);
    }
    Connects connects(static_cast<unsigned short>(number(1)), read_lines(argv[5]));
    const double before = cpu_seconds(server);
    const auto begin = Clock::now();
    connects.run(number(3), number(4));
    const double seconds = microseconds(Clock::now() - begin) * 1e-6;
    const auto done = static_cast<double>(connects.done());
    std::printf(
        "{\"connects\":%zu,\"failed\":%zu,\"seconds\":%.4f,\"per_second\":%.0f,"
        "\"cpu_us\":%.3f}\n",
        connects.done(), connects.failed(), seconds, done / seconds,
        (cpu_seconds(server) - before) / done * 1e6);
    return 0;
}

}  // namespace
}  // namespace streamwall::load

int main(int argc, char** argv) {
    if (argc != 6) {
        std::fprintf(stderr, "usage: connect_load PORT PID COUNT PARALLEL TOKENS\n");
        return 2;
    }
    try {
        return streamwall::load::run(argv);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "connect_load: %s\n", error.what());
        return 1;
    }
}
