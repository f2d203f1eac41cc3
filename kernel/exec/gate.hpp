// Gate: counts who is inside and can be closed for good or for a while.
//
// Every callback into a plugin holds one, so that "closed and empty" means: no code of the plugin
// runs and none will. Entering costs one atomic addition.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace streamwall::exec {

class Gate {
  public:
    explicit Gate(bool open = true) : state_(open ? 0 : kClosed) {}
    Gate(const Gate&) = delete;
    Gate& operator=(const Gate&) = delete;

    [[nodiscard]] bool enter() {
        if (state_.fetch_add(1, std::memory_order_acquire) & kClosed) {
            leave();
            return false;
        }
        return true;
    }
    // Who waits for the last to leave may destroy the gate then, so that one counts itself out
    // under the lock. A gate that was neither closed nor waited for is left without one.
    void leave() {
        auto seen = state_.load(std::memory_order_relaxed);
        while (!(seen & (kClosed | kAwaited))) {
            if (state_.compare_exchange_weak(seen, seen - 1, std::memory_order_acq_rel)) return;
        }
        std::lock_guard lock(mutex_);
        state_.fetch_sub(1, std::memory_order_acq_rel);
        empty_.notify_all();
    }
    void open() { state_.fetch_and(~(kClosed | kAwaited), std::memory_order_release); }
    // Nobody enters from now on; who is inside may finish.
    void close() { state_.fetch_or(kClosed, std::memory_order_acq_rel); }
    // True once nobody is inside. `allowed` callers on the waiting thread's own stack do not count.
    bool wait_empty(std::chrono::milliseconds limit, std::uint64_t allowed = 0) {
        std::unique_lock lock(mutex_);
        state_.fetch_or(kAwaited, std::memory_order_acq_rel);
        return empty_.wait_for(lock, limit, [&] { return inside() <= allowed; });
    }
    std::uint64_t inside() const {
        return state_.load(std::memory_order_acquire) & ~(kClosed | kAwaited);
    }
    bool is_awaited() const { return state_.load(std::memory_order_acquire) & kAwaited; }
    bool is_closed() const { return state_.load(std::memory_order_acquire) & kClosed; }

  private:
    static constexpr std::uint64_t kClosed = std::uint64_t{1} << 63;
    static constexpr std::uint64_t kAwaited = std::uint64_t{1} << 62;
    std::atomic<std::uint64_t> state_;
    std::mutex mutex_;
    std::condition_variable empty_;
};

// Leaves on destruction.
class GateHold {
  public:
    explicit GateHold(Gate& gate) : gate_(gate.enter() ? &gate : nullptr) {}
    GateHold(const GateHold&) = delete;
    GateHold& operator=(const GateHold&) = delete;
    ~GateHold() {
        if (gate_) gate_->leave();
    }
    explicit operator bool() const { return gate_ != nullptr; }

  private:
    Gate* gate_;
};

}  // namespace streamwall::exec
