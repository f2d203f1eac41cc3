// Signals: what a mirror's thread is woken for: new events, a connection's end, the stop.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace streamwall::jetstream {

class Signals {
  public:
    using Clock = std::chrono::steady_clock;

    // All of them from any thread.
    void wake() {
        const std::lock_guard lock(mutex_);
        ++count_;
        changed_.notify_all();
    }
    void stop() {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        changed_.notify_all();
    }
    bool is_stopping() const {
        const std::lock_guard lock(mutex_);
        return stopping_;
    }
    // How many wake-ups there were.
    std::uint64_t count() const {
        const std::lock_guard lock(mutex_);
        return count_;
    }
    // Until there is a wake-up behind the `seen` first ones, the stop, or `time`.
    void wait(std::uint64_t seen, Clock::time_point time) {
        std::unique_lock lock(mutex_);
        changed_.wait_until(lock, time, [&] { return stopping_ || count_ != seen; });
    }
    // False once told to stop, else true at `time`, whatever wakes meanwhile.
    bool rest(Clock::time_point time) {
        std::unique_lock lock(mutex_);
        return !changed_.wait_until(lock, time, [&] { return stopping_; });
    }

  private:
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::uint64_t count_ = 0;
    bool stopping_ = false;
};

}  // namespace streamwall::jetstream
