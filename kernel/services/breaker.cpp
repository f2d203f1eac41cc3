// When a breaker opens and closes.
#include "services/breaker.hpp"

namespace streamwall::services {

bool Breaker::admit(std::uint64_t& retry_after_s) {
    const auto until = open_until_.load(std::memory_order_relaxed);
    if (until == 0) return true;
    const auto now = clock_.monotonic_ns();
    if (now < until) {
        retry_after_s = (until - now + 999'999'999) / 1'000'000'000;
        return false;
    }
    if (!trial_.exchange(true)) return true;
    retry_after_s = 1;
    return false;
}

void Breaker::settle(sw_status status) {
    const bool failed =
        status == SW_UNAVAILABLE || status == SW_DEADLINE_EXCEEDED || status == SW_INTERNAL;
    if (!failed) {
        failures_.store(0, std::memory_order_relaxed);
        if (open_until_.load(std::memory_order_relaxed) != 0) {
            open_until_ = 0;
            trial_ = false;
        }
        return;
    }
    const bool was_trial = trial_.exchange(false);
    if (failures_.fetch_add(1) + 1 >= threshold_ || was_trial) {
        open_until_ = clock_.monotonic_ns() + pause_;
    }
}

Breaker::State Breaker::state() const {
    const auto until = open_until_.load();
    if (until == 0) return State::closed;
    return clock_.monotonic_ns() < until ? State::open : State::half_open;
}

}  // namespace streamwall::services
