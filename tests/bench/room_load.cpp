// Members of one session of CollaborationChannel, many of them, on one thread; prints one line of
// JSON.
//
//   room_load PORT KEY PID MEMBERS MESSAGES WINDOW
//       members in turn say something, WINDOW messages on their way at a time, and what arrives is
//       counted; PID is the server, whose CPU time is read
#include "load_sockets.hpp"

#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace streamwall::load {
namespace {

constexpr int kTimeoutMs = 10'000;
constexpr std::string_view kSession =
    R"({\"channel\":\"CollaborationChannel\",\"resource\":\"stream\",\"resource_id\":1})";
constexpr std::string_view kPong{"\x8A\x80\0\0\0\0", 6};

class Room {
  public:
    Room(unsigned short port, const std::string& key, std::size_t members) : seen_(members) {
        epoll_ = ::epoll_create1(0);
        members_.reserve(members);
        for (std::uint64_t i = 0; i < members; ++i) {
            members_.push_back(subscribe(port, key, 0, kSession));
            epoll_event event{.events = EPOLLIN, .data = {.u64 = i}};
            ::epoll_ctl(epoll_, EPOLL_CTL_ADD, members_.back().descriptor(), &event);
            while (wait(0)) {  // everybody is told of everybody who comes
            }
        }
        while (wait(500)) {
        }
    }

    void run(pid_t server, std::size_t messages, std::size_t window) {
        clockid_t clock{};
        if (::clock_getcpuclockid(server, &clock) != 0) {
            throw std::runtime_error("no process " + std::to_string(server));
        }
        const double before = cpu_seconds(clock);
        const auto begin = Clock::now();
        while (deliveries_ < messages * members_.size()) {
            while (said_at_.size() < messages &&
                   said_at_.size() < deliveries_ / members_.size() + window) {
                say();
            }
            if (!wait(kTimeoutMs)) break;  // what is missing is printed as lost
        }
        const double seconds = microseconds(Clock::now() - begin) * 1e-6;
        const auto got = static_cast<double>(deliveries_);
        std::printf(
            "{\"deliveries\":%zu,\"lost\":%zu,\"bytes\":%zu,\"per_second\":%.0f,"
            "\"cpu_us\":%.4f,\"last_p50_us\":%.0f,\"last_p99_us\":%.0f}\n",
            deliveries_, messages * members_.size() - deliveries_, message_bytes_, got / seconds,
            (cpu_seconds(clock) - before) / got * 1e6, quantile(last_, 0.5), quantile(last_, 0.99));
    }

  private:
    void say() {
        const auto& member = members_[said_at_.size() % members_.size()];
        said_at_.push_back(Clock::now());
        member.send(client_frame(
            R"({"command":"message","identifier":")" + std::string(kSession) +
            R"(","data":"{\"action\":\"chat\",\"message\":\"something that takes its time\"}"})"));
    }

    // Reads what has come; false where nothing has.
    bool wait(int timeout_ms) {
        std::array<epoll_event, 512> events;
        const int count = ::epoll_wait(epoll_, events.data(), events.size(), timeout_ms);
        for (int i = 0; i < count; ++i)
            read(events[static_cast<std::size_t>(i)].data.u64);
        return count > 0;
    }

    void read(std::size_t number) {
        auto& member = members_[number];
        member.receive(
            [&](std::string_view bytes) {
                return read_frames(bytes, [&](std::string_view message) {
                    if (message.empty()) return member.send(kPong);  // to a ping
                    if (message.find(R"("action":"chat")") == message.npos) return;
                    ++deliveries_;
                    message_bytes_ = message.size();
                    const auto which = seen_[number]++;
                    if (got_.size() <= which) got_.resize(which + 1);
                    if (++got_[which] == members_.size()) {
                        last_.push_back(microseconds(Clock::now() - said_at_.at(which)));
                    }
                });
            },
            0);
    }

    int epoll_ = -1;
    std::vector<Socket> members_;
    std::vector<std::size_t> seen_;  // messages, by member
    std::vector<std::size_t> got_;   // members, by message
    std::vector<Clock::time_point> said_at_;
    std::vector<double> last_;  // when the last member had it
    std::size_t deliveries_ = 0, message_bytes_ = 0;
};

}  // namespace
}  // namespace streamwall::load

int main(int argc, char** argv) {
    const rlimit limit{65536, 65536};
    ::setrlimit(RLIMIT_NOFILE, &limit);
    if (argc != 7) {
        std::fprintf(stderr, "usage: room_load PORT KEY PID MEMBERS MESSAGES WINDOW\n");
        return 2;
    }
    const auto number = [&](int at) { return std::strtoul(argv[at], nullptr, 10); };
    try {
        streamwall::load::Room room(static_cast<unsigned short>(number(1)), argv[2], number(4));
        room.run(static_cast<pid_t>(number(3)), number(5), number(6));
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "room_load: %s\n", error.what());
        return 1;
    }
}
