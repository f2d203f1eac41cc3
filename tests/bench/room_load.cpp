// Members of sessions of CollaborationChannel, many of them, on one thread; prints one line of
// JSON. PID is the server, whose CPU time and memory are read.
//
//   room_load chat PORT KEY PID MEMBERS MESSAGES WINDOW
//       members of one session say something in turn, WINDOW messages on their way at a time, and
//       what arrives is counted
//   room_load idle PORT KEY PID MEMBERS SECONDS SIZE
//       members of sessions of SIZE say nothing, but answer pings; SIZE 0: subscribers of
//       StreamsChannel, who are in no room. Of whom there are no descriptors for do not come.
#include "load_sockets.hpp"

#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

namespace streamwall::load {
namespace {

constexpr int kTimeoutMs = 10'000;
constexpr std::string_view kStreams = R"({\"channel\":\"StreamsChannel\"})";
constexpr std::string_view kPong{"\x8A\x80\0\0\0\0", 6};

// An identifier, as it stands in a JSON text.
std::string session(std::size_t number) {
    return R"({\"channel\":\"CollaborationChannel\",\"resource\":\"stream\",\"resource_id\":)" +
           std::to_string(number) + "}";
}

clockid_t cpu_clock_of(pid_t server) {
    clockid_t clock{};
    if (::clock_getcpuclockid(server, &clock) != 0) {
        throw std::runtime_error("no process " + std::to_string(server));
    }
    return clock;
}

double resident_bytes(pid_t process) {
    std::ifstream file("/proc/" + std::to_string(process) + "/statm");
    double size = 0, resident = 0;
    if (!(file >> size >> resident)) throw std::runtime_error("its memory cannot be read");
    return resident * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

class Room {
  public:
    // `identifier` is what each member subscribes to.
    Room(unsigned short port, const std::string& key, std::size_t members,
         const std::function<std::string(std::size_t member)>& identifier)
        : seen_(members) {
        epoll_ = ::epoll_create1(0);
        members_.reserve(members);
        for (std::uint64_t i = 0; i < members; ++i) {
            members_.push_back(subscribe(port, key, 0, identifier(i)));
            epoll_event event{.events = EPOLLIN, .data = {.u64 = i}};
            ::epoll_ctl(epoll_, EPOLL_CTL_ADD, members_.back().descriptor(), &event);
            while (wait(0)) {  // everybody is told of everybody who comes
            }
        }
    }

    void chat(pid_t server, std::size_t messages, std::size_t window) {
        while (wait(500)) {
        }
        const auto clock = cpu_clock_of(server);
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

    // `before`: the server's memory when nobody was there.
    void idle(pid_t server, std::chrono::seconds time, double before) {
        stay(kSettling);
        const auto clock = cpu_clock_of(server);
        const double used = cpu_seconds(clock);
        const double held = resident_bytes(server) - before;
        stay(time);
        std::printf("{\"members\":%zu,\"bytes\":%.0f,\"cpu_percent\":%.3f}\n", members_.size(),
                    held / static_cast<double>(members_.size()),
                    (cpu_seconds(clock) - used) / static_cast<double>(time.count()) * 100);
    }

  private:
    static constexpr std::chrono::seconds kSettling{4};

    // Answers pings meanwhile.
    void stay(std::chrono::seconds time) {
        const auto end = Clock::now() + time;
        while (Clock::now() < end)
            wait(100);
    }

    void say() {
        const auto& member = members_[said_at_.size() % members_.size()];
        said_at_.push_back(Clock::now());
        member.send(client_frame(
            R"({"command":"message","identifier":")" + session(1) +
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
    using namespace streamwall::load;
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    const std::string mode = argc == 8 ? argv[1] : "";
    if (mode != "chat" && mode != "idle") {
        std::fprintf(stderr,
                     "usage: room_load chat PORT KEY PID MEMBERS MESSAGES WINDOW\n"
                     "       room_load idle PORT KEY PID MEMBERS SECONDS SIZE\n");
        return 2;
    }
    const auto number = [&](int at) { return std::strtoul(argv[at], nullptr, 10); };
    const auto port = static_cast<unsigned short>(number(2));
    const auto server = static_cast<pid_t>(number(4));
    constexpr rlim_t kOther = 64;  // descriptors
    const auto members = std::min<rlim_t>(number(5), limit.rlim_cur - kOther);
    try {
        if (mode == "chat") {
            Room room(port, argv[3], members, [](std::size_t) { return session(1); });
            room.chat(server, number(6), number(7));
        } else {
            const auto size = number(7);
            const auto before = resident_bytes(server);
            Room room(port, argv[3], members, [size](std::size_t member) {
                return size == 0 ? std::string(kStreams) : session(member / size + 1);
            });
            room.idle(server, std::chrono::seconds(number(6)), before);
        }
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "room_load: %s\n", error.what());
        return 1;
    }
}
