// Breaker: keeps a caller from a service that fails.
#pragma once

#include "exec/clock.hpp"

#include <streamwall/base.h>

#include <atomic>
#include <chrono>
#include <cstdint>

namespace streamwall::services {

// Opens after `threshold` failures in a row, lets one trial through after `pause`.
class Breaker {
  public:
    enum class State { closed, open, half_open };
    Breaker(const exec::Clock& clock, int threshold, std::chrono::nanoseconds pause)
        : clock_(clock), threshold_(threshold), pause_(static_cast<std::uint64_t>(pause.count())) {}
    // False: refuse the call; `retry_after_s` says how long.
    bool admit(std::uint64_t& retry_after_s);
    void settle(sw_status status);
    State state() const;

  private:
    const exec::Clock& clock_;
    const int threshold_;
    const std::uint64_t pause_;
    std::atomic<int> failures_{0};
    std::atomic<std::uint64_t> open_until_{0};
    std::atomic<bool> trial_{false};
};

}  // namespace streamwall::services
