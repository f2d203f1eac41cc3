// Clock: wall and monotonic time, replaceable so that tests decide what time it is.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace streamwall::exec {

class Clock {
  public:
    virtual ~Clock() = default;
    virtual std::int64_t wall_ms() const = 0;
    virtual std::uint64_t monotonic_ns() const = 0;
};

class SystemClock final : public Clock {
  public:
    std::int64_t wall_ms() const override {
        return std::chrono::duration_cast<std::chrono::milliseconds>(
                   std::chrono::system_clock::now().time_since_epoch())
            .count();
    }
    std::uint64_t monotonic_ns() const override {
        return static_cast<std::uint64_t>(
            std::chrono::steady_clock::now().time_since_epoch().count());
    }
};

// Stands still until advanced. Thread-safe.
class VirtualClock final : public Clock {
  public:
    std::int64_t wall_ms() const override {
        return kStartMs + static_cast<std::int64_t>(now_.load() / 1'000'000);
    }
    std::uint64_t monotonic_ns() const override { return kOffset + now_.load(); }
    void advance(std::chrono::nanoseconds by) { now_ += static_cast<std::uint64_t>(by.count()); }

  private:
    static constexpr std::int64_t kStartMs = 1'767'225'600'000;  // 2026-01-01T00:00:00Z
    static constexpr std::uint64_t kOffset = 1'000'000'000;
    std::atomic<std::uint64_t> now_{0};
};

}  // namespace streamwall::exec
