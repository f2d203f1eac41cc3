// Pool: the threads that strands run on.
//
// A worker that stays in one task for longer than `stuck_after` is named once through `on_stuck`
// and replaced, so that one blocking plugin does not starve the others; when it returns it retires.
// With zero workers the pool is deterministic: run_one() runs tasks on the caller's thread.
#pragma once

#include "exec/clock.hpp"
#include "exec/task.hpp"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace streamwall::exec {

struct PoolOptions {
    std::string name = "pool";
    unsigned workers = 2;                        // 0: deterministic
    unsigned spares = 8;                         // replacements for stuck workers
    std::chrono::milliseconds stuck_after{250};  // 0: never
    // `label` is what the worker last set with Pool::label(). Runs on the watchdog's thread.
    std::function<void(const std::string& label, std::chrono::milliseconds)> on_stuck = {};
};

class Pool final : public Executor {
  public:
    explicit Pool(PoolOptions options);
    ~Pool() override;  // stop()

    void post(Task task) override;
    bool is_current() const override { return false; }

    // Runs one queued task; false where none is queued. Deterministic pools only.
    bool run_one();
    // Finishes what is queued, then joins; tasks posted afterwards are dropped. Idempotent.
    void stop();
    // Joins within `limit`; false where a worker is stuck, which is then left behind (detached).
    bool stop_within(std::chrono::milliseconds limit);

    // Names what the current worker is doing, for on_stuck; `label` must outlive the task.
    static void label(const std::string* label);
    std::size_t threads() const { return live_.load(); }

  private:
    struct Worker {
        std::thread thread;
        std::atomic<std::int64_t> since_ms{0};  // 0: idle
        std::atomic<const std::string*> label{nullptr};
        std::atomic<bool> reported{false};
        std::atomic<bool> done{false};
    };
    struct State;  // shared with workers, so that an abandoned one never touches a dead pool

    void spawn();
    static void work(std::shared_ptr<State> state, std::shared_ptr<Worker> worker);
    static void watch(std::shared_ptr<State> state, Pool* pool);

    std::shared_ptr<State> state_;
    std::atomic<std::size_t> live_{0};
    std::thread watchdog_;
    static thread_local Worker* current_;
};

}  // namespace streamwall::exec
