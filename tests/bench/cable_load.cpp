// Subscribers of /cable, many of them, on one thread; each mode prints one line of JSON.
//
//   cable_load hold PORT KEY CLIENTS
//       connects them, prints how many, and keeps them until standard input ends
//   cable_load broadcast PORT KEY PID CLIENTS BROADCASTS WINDOW STREAMS [SLOW]
//       changes streams 1 … STREAMS by PATCH, WINDOW changes at a time on their way, and counts
//       what arrives; PID is the server, whose CPU time is read. SLOW subscribers more never read
//       until it is over: then it is counted how many were closed, and how many of them told why.
//   cable_load chat PORT KEY IRC_PORT CHANNEL MESSAGES
//       posts links as one chat user and waits for each as `created` on a socket, and as a line
//       with another chat user, which is the floor
#include "load_sockets.hpp"

#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace streamwall::load {
namespace {

constexpr int kTimeoutMs = 10'000;
constexpr int kSlowBuffer = 4096;       // bytes that the kernel takes for who does not read
constexpr int kSlowPatienceMs = 1'000;  // for more of what is on its way to them

std::vector<Socket> subscribe_all(unsigned short port, const std::string& key, std::size_t count) {
    std::vector<Socket> clients;
    clients.reserve(count);
    for (std::size_t i = 0; i < count; ++i)
        clients.push_back(subscribe(port, key));
    return clients;
}

int hold(unsigned short port, const std::string& key, std::size_t count) {
    const auto clients = subscribe_all(port, key, count);
    std::printf("{\"subscribed\":%zu}\n", clients.size());
    std::fflush(stdout);
    while (std::getchar() != EOF) {
    }
    return 0;
}

class Broadcast {
  public:
    Broadcast(unsigned short port, const std::string& key, pid_t server, std::size_t clients,
              std::size_t streams, std::size_t slow)
        : key_(key), streams_(streams), clients_(subscribe_all(port, key, clients)) {
        for (std::size_t i = 0; i < slow; ++i)
            slow_.push_back(subscribe(port, key, kSlowBuffer));
        if (::clock_getcpuclockid(server, &server_clock_) != 0) {
            throw std::runtime_error("no process " + std::to_string(server));
        }
        epoll_ = ::epoll_create1(0);
        for (std::size_t i = 0; i < clients_.size(); ++i)
            watch(clients_[i], i);
        seen_.resize(clients_.size());
    }

    int run(unsigned short port, std::size_t broadcasts, std::size_t window) {
        for (std::size_t i = 0; i < window; ++i) {
            triggers_.emplace_back(port);
            idle_.push_back(i);
            watch(triggers_.back(), clients_.size() + i);
        }
        sent_at_.reserve(broadcasts);
        const double server_before = cpu_seconds(server_clock_);
        const double own_before = cpu_seconds(CLOCK_PROCESS_CPUTIME_ID);
        const auto begin = Clock::now();
        std::vector<epoll_event> events(512);
        while (deliveries_ < broadcasts * clients_.size()) {
            // A broadcast is over when all have it, and its request is answered.
            while (!idle_.empty() && sent_at_.size() < broadcasts &&
                   sent_at_.size() < deliveries_ / clients_.size() + window) {
                change();
            }
            const int count = ::epoll_wait(epoll_, events.data(), 512, kTimeoutMs);
            if (count <= 0) break;  // what is missing is printed as lost
            for (int i = 0; i < count; ++i)
                read(events[static_cast<std::size_t>(i)].data.u64);
        }
        const double seconds = microseconds(Clock::now() - begin) * 1e-6;
        const auto got = static_cast<double>(deliveries_);
        const double server = cpu_seconds(server_clock_) - server_before;
        const double own = cpu_seconds(CLOCK_PROCESS_CPUTIME_ID) - own_before;
        const auto [closed, told] = look_at_slow();
        std::printf(
            "{\"deliveries\":%zu,\"lost\":%zu,\"bytes\":%zu,\"seconds\":%.4f,"
            "\"per_second\":%.0f,\"cpu_us\":%.4f,\"load_cpu_us\":%.4f,"
            "\"p50_us\":%.0f,\"p99_us\":%.0f,\"last_p50_us\":%.0f,\"last_p99_us\":%.0f,"
            "\"slow_closed\":%zu,\"slow_told\":%zu}\n",
            deliveries_, broadcasts * clients_.size() - deliveries_, message_bytes_, seconds,
            got / seconds, server / got * 1e6, own / got * 1e6, quantile(latencies_, 0.5),
            quantile(latencies_, 0.99), quantile(last_, 0.5), quantile(last_, 0.99), closed, told);
        return 0;
    }

  private:
    void watch(const Socket& socket, std::size_t number) const {
        epoll_event event{.events = EPOLLIN, .data = {.u64 = number}};
        ::epoll_ctl(epoll_, EPOLL_CTL_ADD, socket.descriptor(), &event);
    }

    void change() {
        const std::size_t number = sent_at_.size();
        const std::string body = R"({"title":"Changed )" + std::to_string(::getpid()) + " " +
                                 std::to_string(number) + R"( times"})";
        sent_at_.push_back(Clock::now());
        const std::size_t trigger = idle_.back();
        idle_.pop_back();
        triggers_[trigger].send("PATCH /api/v1/streams/" + std::to_string(1 + number % streams_) +
                                " HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer " + key_ +
                                "\r\nContent-Type: application/json\r\nContent-Length: " +
                                std::to_string(body.size()) + "\r\n\r\n" + body);
    }

    void read(std::size_t number) {
        if (number >= clients_.size()) {
            const std::size_t trigger = number - clients_.size();
            triggers_[trigger].receive(
                [&](std::string_view bytes) {
                    // The body may come apart from its head and is of no interest.
                    if (!bytes.starts_with("HTTP/1.1")) return bytes.size();
                    if (!bytes.starts_with("HTTP/1.1 200")) {
                        throw std::runtime_error("a change was answered " +
                                                 std::string(bytes.substr(0, 400)));
                    }
                    idle_.push_back(trigger);
                    return bytes.size();
                },
                0);
            return;
        }
        const auto now = Clock::now();
        clients_[number].receive(
            [&](std::string_view bytes) {
                return read_frames(bytes, [&](std::string_view message) {
                    if (!is_delivery(message)) return;
                    ++deliveries_;
                    message_bytes_ = message.size();
                    const auto which = seen_[number]++;
                    const double latency = microseconds(now - sent_at_.at(which));
                    latencies_.push_back(latency);
                    if (got_.size() <= which) got_.resize(which + 1);
                    if (++got_[which] == clients_.size()) last_.push_back(latency);
                });
            },
            0);
    }

    // How many of the slow ones the server has closed, and how many of those with a reason.
    std::pair<std::size_t, std::size_t> look_at_slow() {
        std::size_t closed = 0, told = 0;
        for (auto& socket : slow_) {
            bool is_told = false;
            try {
                const auto look = [&](std::string_view bytes) {
                    is_told |= bytes.find("slow reader: ") != bytes.npos;
                    return bytes.size() > 200 ? bytes.size() - 200 : 0;
                };
                while (socket.receive(look, kSlowPatienceMs)) {
                }
            } catch (const std::runtime_error&) {
                ++closed;  // the end of the stream
                told += is_told ? 1 : 0;
            }
        }
        return {closed, told};
    }

    const std::string key_;
    const std::size_t streams_;
    std::vector<Socket> clients_;
    std::vector<Socket> slow_;
    std::vector<Socket> triggers_;
    std::vector<std::size_t> idle_;  // triggers whose request has been answered
    std::vector<std::size_t> seen_;  // by client
    std::vector<Clock::time_point> sent_at_;
    std::vector<double> latencies_;
    std::vector<std::size_t> got_;  // clients, by broadcast
    std::vector<double> last_;      // when the last client had it
    std::size_t deliveries_ = 0, message_bytes_ = 0;
    clockid_t server_clock_{};
    int epoll_ = -1;
};

Socket chat_user(unsigned short port, const std::string& nick, const std::string& channel) {
    Socket socket(port);
    socket.send("NICK " + nick + "\r\nUSER " + nick + " 0 * :" + nick + "\r\n");
    socket.expect(" 001 ");
    socket.send("JOIN " + channel + "\r\n");
    socket.expect(" 366 ");
    return socket;
}

int chat(unsigned short port, const std::string& key, unsigned short irc,
         const std::string& channel, std::size_t messages) {
    auto subscriber = subscribe(port, key);
    auto poster = chat_user(irc, "poster", channel);
    auto reader = chat_user(irc, "reader", channel);
    std::vector<double> created, floor;
    for (std::size_t i = 0; i < messages; ++i) {
        const std::string name =
            "bench_" + std::to_string(::getpid()) + "_" + std::to_string(i) + "_";
        const auto begin = Clock::now();
        poster.send("PRIVMSG " + channel + " :Protest live in Seattle, WA https://www.twitch.tv/" +
                    name + "?utm_source=x\r\n");
        reader.expect(name);
        floor.push_back(microseconds(Clock::now() - begin));
        bool there = false;
        while (!there) {
            const bool came = subscriber.receive(
                [&](std::string_view bytes) {
                    return read_frames(bytes, [&](std::string_view message) {
                        there |= is_delivery(message) &&
                                 message.find(R"("action":"created")") != message.npos &&
                                 message.find("https://twitch.tv/" + name + "\"") != message.npos;
                    });
                },
                kTimeoutMs);
            // Pings come in any case.
            if (!came || Clock::now() - begin > std::chrono::milliseconds(kTimeoutMs)) {
                throw std::runtime_error("no socket has heard of " + name);
            }
        }
        created.push_back(microseconds(Clock::now() - begin));
        // What the chat server has for its poster must not pile up.
        poster.receive([](std::string_view bytes) { return bytes.size(); }, 0);
    }
    std::printf(
        "{\"messages\":%zu,\"p50_us\":%.0f,\"p99_us\":%.0f,\"floor_p50_us\":%.0f,"
        "\"floor_p99_us\":%.0f}\n",
        messages, quantile(created, 0.5), quantile(created, 0.99), quantile(floor, 0.5),
        quantile(floor, 0.99));
    return 0;
}

int run(int argc, char** argv) {
    const auto number = [&](int at) { return std::strtoul(argv[at], nullptr, 10); };
    const auto port = [&](int at) { return static_cast<unsigned short>(number(at)); };
    const std::string_view mode = argc > 1 ? argv[1] : "";
    if (mode == "hold" && argc == 5) return hold(port(2), argv[3], number(4));
    if (mode == "broadcast" && (argc == 9 || argc == 10)) {
        return Broadcast(port(2), argv[3], static_cast<pid_t>(number(4)), number(5), number(8),
                         argc == 10 ? number(9) : 0)
            .run(port(2), number(6), number(7));
    }
    if (mode == "chat" && argc == 7) {
        return chat(port(2), argv[3], port(4), argv[5], number(6));
    }
    std::fprintf(
        stderr,
        "usage: cable_load hold PORT KEY CLIENTS\n"
        "       cable_load broadcast PORT KEY PID CLIENTS BROADCASTS WINDOW STREAMS [SLOW]\n"
        "       cable_load chat PORT KEY IRC_PORT CHANNEL MESSAGES\n");
    return 2;
}

}  // namespace
}  // namespace streamwall::load

int main(int argc, char** argv) {
    const rlimit limit{65536, 65536};
    ::setrlimit(RLIMIT_NOFILE, &limit);
    try {
        return streamwall::load::run(argc, argv);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "cable_load: %s\n", error.what());
        return 1;
    }
}
