// Poller: where the transport's own thread waits: for one socket, for a wake-up, for a time.
#pragma once

#include <chrono>
#include <optional>

namespace streamwall::transport_nats {

class Poller {
  public:
    using Clock = std::chrono::steady_clock;

    Poller();  // throws std::system_error
    ~Poller();
    Poller(const Poller&) = delete;
    Poller& operator=(const Poller&) = delete;

    // Waits for the socket's input, and for room in its output where asked. False where the system
    // has no memory for it. [any]
    bool watch(int socket, bool for_output);
    void forget(int socket);
    // Ends a wait() that is under way, or the next one. [any]
    void wake();

    struct Ready {
        bool input = false;
        bool output = false;
    };
    // Until something is ready, a wake-up or `until`. One thread.
    Ready wait(std::optional<Clock::time_point> until);

  private:
    int epoll_;
    int wakeup_;
};

}  // namespace streamwall::transport_nats
