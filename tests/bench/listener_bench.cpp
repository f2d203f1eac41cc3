// The listener alone, without the host around it: HTTP answers from memory, and WebSocket fan-out
// beside its floor, a bare send() of the same bytes to the same number of sockets.
//
//   listener_bench serve PORT [BODY_BYTES]        one loop, authenticated GET /; load it with wrk
//   listener_bench fanout [CLIENTS] [MESSAGES] [BYTES] [BURST]
//   listener_bench memory [CLIENTS]               bytes of the process per idle connection
#include "test_support.hpp"

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace streamwall::http_server;
using namespace streamwall::http_server::testing;

// Takes everything off many sockets, so that senders never wait for long.
class Drain {
  public:
    explicit Drain(const std::vector<int>& descriptors) : epoll_(::epoll_create1(0)) {
        for (const int descriptor : descriptors) {
            epoll_event event{.events = EPOLLIN, .data = {.fd = descriptor}};
            ::epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event);
        }
        thread_ = std::thread([this] { run(); });
    }
    ~Drain() {
        stop_ = true;
        thread_.join();
        ::close(epoll_);
    }
    void wait_for(std::uint64_t bytes) const {
        while (received_.load(std::memory_order_relaxed) < bytes)
            std::this_thread::yield();
    }

  private:
    void run() {
        std::vector<epoll_event> events(1024);
        std::vector<char> buffer(256 * 1024);
        while (!stop_) {
            const int count = ::epoll_wait(epoll_, events.data(), 1024, 10);
            for (int i = 0; i < count; ++i) {
                const auto got = ::recv(events[static_cast<std::size_t>(i)].data.fd, buffer.data(),
                                        buffer.size(), MSG_DONTWAIT);
                if (got > 0) received_ += static_cast<std::uint64_t>(got);
            }
        }
    }
    int epoll_;
    std::atomic<std::uint64_t> received_{0};
    std::atomic<bool> stop_{false};
    std::thread thread_;
};

double thread_cpu_seconds(clockid_t clock) {
    timespec time{};
    ::clock_gettime(clock, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

Options one_loop() {
    Options options;
    options.listen = "127.0.0.1:0";
    options.loops = 1;
    options.rate_limits.reset();
    options.max_connections = 100'000;
    return options;
}

std::vector<std::unique_ptr<Client>> connect_all(TestServer& server, std::size_t count) {
    std::vector<std::unique_ptr<Client>> clients;
    for (std::size_t i = 0; i < count; ++i) {
        clients.push_back(std::make_unique<Client>(server.port()));
        if (clients.back()->upgrade("/ws").status != 101) std::abort();
    }
    return clients;
}

struct Outcome {
    double cpu_us;  // of the sending thread, per delivery
    double per_second;
};

Outcome measure_listener(std::size_t clients, std::size_t messages, std::size_t bytes,
                         std::size_t burst) {
    TestServer server(one_loop());
    auto* topic = server.table().topic_open(&server.server(), server.lease());
    clockid_t loop_clock{};
    server.mount({.path = "/ws", .on_open = [&](auto* connection, const auto&, auto) {
                      server.table().topic_join(topic, connection);
                      ::pthread_getcpuclockid(::pthread_self(), &loop_clock);
                  }});
    const auto connected = connect_all(server, clients);
    std::vector<int> descriptors;
    for (const auto& client : connected)
        descriptors.push_back(client->descriptor());
    const Drain drain(descriptors);
    const Body body(std::string(bytes, 'x'));
    const auto frame = Frame::make(Opcode::kText, std::string(bytes, 'x'))->bytes().size();
    const auto cpu = thread_cpu_seconds(loop_clock);
    const auto begin = Clock::now();
    for (std::size_t sent = 0; sent < messages;) {
        for (std::size_t i = 0; i < burst && sent < messages; ++i, ++sent) {
            server.table().topic_publish(topic, body.get(), {nullptr, 0});
        }
        drain.wait_for(sent * clients * frame);
    }
    const auto deliveries = static_cast<double>(messages * clients);
    const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    return {(thread_cpu_seconds(loop_clock) - cpu) / deliveries * 1e6, deliveries / seconds};
}

Outcome measure_floor(std::size_t clients, std::size_t messages, std::size_t bytes) {
    const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    if (::bind(listener, reinterpret_cast<sockaddr*>(&address), length) != 0 ||
        ::listen(listener, 1024) != 0 ||
        ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
        std::abort();
    }
    std::vector<std::unique_ptr<Client>> connected;
    std::vector<int> near, far;
    for (std::size_t i = 0; i < clients; ++i) {
        connected.push_back(std::make_unique<Client>(ntohs(address.sin_port)));
        far.push_back(connected.back()->descriptor());
        near.push_back(::accept(listener, nullptr, nullptr));
    }
    const Drain drain(far);
    const std::string frame(Frame::make(Opcode::kText, std::string(bytes, 'x'))->bytes());
    const auto cpu = thread_cpu_seconds(CLOCK_THREAD_CPUTIME_ID);
    double waiting = 0;
    const auto begin = Clock::now();
    for (std::size_t sent = 1; sent <= messages; ++sent) {
        for (const int descriptor : near) {
            if (::send(descriptor, frame.data(), frame.size(), MSG_NOSIGNAL) < 0) std::abort();
        }
        const auto before = thread_cpu_seconds(CLOCK_THREAD_CPUTIME_ID);
        drain.wait_for(sent * clients * frame.size());
        waiting += thread_cpu_seconds(CLOCK_THREAD_CPUTIME_ID) - before;
    }
    const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    const auto used = thread_cpu_seconds(CLOCK_THREAD_CPUTIME_ID) - cpu - waiting;
    for (const int descriptor : near)
        ::close(descriptor);
    ::close(listener);
    const auto deliveries = static_cast<double>(messages * clients);
    return {used / deliveries * 1e6, deliveries / seconds};
}

int fan_out(std::size_t clients, std::size_t messages, std::size_t bytes, std::size_t burst) {
    std::vector<Outcome> ours, floors;
    for (int round = 0; round < 5; ++round) {
        ours.push_back(measure_listener(clients, messages, bytes, burst));
        floors.push_back(measure_floor(clients, messages, bytes));
    }
    const auto print = [](const char* name, std::vector<Outcome> outcomes) {
        std::sort(outcomes.begin(), outcomes.end(),
                  [](const auto& a, const auto& b) { return a.cpu_us < b.cpu_us; });
        const auto& median = outcomes[outcomes.size() / 2];
        std::printf("%-28s %6.2f us CPU a delivery (%.2f to %.2f), %9.0f deliveries/s\n", name,
                    median.cpu_us, outcomes.front().cpu_us, outcomes.back().cpu_us,
                    median.per_second);
    };
    std::printf("%zu clients, %zu messages of %zu bytes, %zu at a time, one loop, medians of 5\n",
                clients, messages, bytes, burst);
    print("listener", ours);
    print("floor (one send() each)", floors);
    return 0;
}

std::size_t resident_bytes() {
    std::ifstream file("/proc/self/statm");
    std::size_t total = 0, resident = 0;
    file >> total >> resident;
    return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

// The clients are in this process too; their share is a descriptor and a small object each.
int memory(std::size_t count) {
    TestServer server(one_loop());
    auto* topic = server.table().topic_open(&server.server(), server.lease());
    server.mount({.path = "/ws", .on_open = [&](auto* connection, const auto&, auto) {
                      server.table().topic_join(topic, connection);
                  }});
    server.mount({.path = "/"}, [](const auto&, auto* exchange) { answer(exchange, 204, ""); });
    std::vector<int> raw;
    const auto warm = connect_all(server, 100);
    const auto before = resident_bytes();
    const auto sockets = connect_all(server, count);
    const auto between = resident_bytes();
    std::vector<std::unique_ptr<Client>> idle;
    for (std::size_t i = 0; i < count; ++i) {
        idle.push_back(std::make_unique<Client>(server.port()));
        if (idle.back()->get("/")->status != 204) std::abort();
    }
    const auto after = resident_bytes();
    std::printf("%zu idle WebSockets in one topic: %zu bytes each; idle HTTP: %zu bytes each\n",
                count, (between - before) / count, (after - between) / count);
    return 0;
}

int serve(const char* port, std::size_t bytes) {
    auto options = one_loop();
    options.listen = std::string("127.0.0.1:") + port;
    TestServer server(options);
    const Body body(std::string(bytes, 'x'));
    server.mount({.path = "/", .access = SW_HTTP_VIEWER}, [&](const auto&, auto* exchange) {
        static constexpr sw_http_header kType{{"content-type", 12}, {"application/json", 16}};
        const sw_http_response response{sizeof response, 200, &kType, 1, body.get()};
        http_table()->respond(exchange, &response);
    });
    ::pause();
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    const auto number = [&](int index, std::size_t otherwise) {
        return argc > index ? std::strtoul(argv[index], nullptr, 10) : otherwise;
    };
    const std::string what = argc > 1 ? argv[1] : "";
    rlimit limit{65536, 65536};
    ::setrlimit(RLIMIT_NOFILE, &limit);
    if (what == "serve" && argc > 2) return serve(argv[2], number(3, 600));
    if (what == "fanout")
        return fan_out(number(2, 1000), number(3, 200), number(4, 600), number(5, 1));
    if (what == "memory") return memory(number(2, 2000));
    std::fprintf(stderr,
                 "usage: listener_bench serve PORT [BYTES] | fanout [CLIENTS] [MESSAGES] [BYTES] "
                 "[BURST] | memory [CLIENTS]\n");
    return 2;
}
