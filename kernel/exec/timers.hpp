// Timers: tasks that are posted to an executor when their time has come.
//
// With a system clock one thread waits for the next deadline; with a virtual clock fire_due() is
// called after each advance.
#pragma once

#include "exec/clock.hpp"
#include "exec/task.hpp"

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>

namespace streamwall::exec {

class Timers {
  public:
    enum class Mode { thread, manual };
    Timers(const Clock& clock, Mode mode);
    ~Timers();
    Timers(const Timers&) = delete;
    Timers& operator=(const Timers&) = delete;

    // Posts `task.run` to `executor` after `delay_ns` and then every `period_ns` (0: once).
    // `task.drop` follows exactly once, after the last run or the cancellation. Returns an id,
    // never 0.
    std::uint64_t schedule(std::shared_ptr<Executor> executor, std::uint64_t delay_ns,
                           std::uint64_t period_ns, Task task);
    template <class F>
    std::uint64_t after(std::shared_ptr<Executor> executor, std::chrono::nanoseconds delay, F f) {
        return schedule(std::move(executor), static_cast<std::uint64_t>(delay.count()), 0,
                        {[](void* arg) { (*static_cast<F*>(arg))(); },
                         [](void* arg) { delete static_cast<F*>(arg); }, new F(std::move(f))});
    }
    // No run begins after it where the caller is on the timer's executor.
    void cancel(std::uint64_t id);

    // On return every run of a cancelled timer has reached its executor or was dropped. Not from a
    // task's drop.
    void settle();

    // Posts what is due; returns when the next is, on the clock, or 0 where none is left.
    std::uint64_t fire_due();
    std::size_t pending() const;

  private:
    struct Entry;
    struct Shot;
    void loop();

    const Clock& clock_;
    std::mutex firing_;  // held while due tasks are handed over; before mutex_
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::multimap<std::uint64_t, std::shared_ptr<Entry>> due_;
    std::unordered_map<std::uint64_t, std::shared_ptr<Entry>> entries_;
    std::uint64_t next_id_ = 1;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace streamwall::exec
