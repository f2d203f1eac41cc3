// Breaker: spares a dependency outside of the host (an API, a broker) that keeps failing.
//
// Closed: calls pass. After `failures` in a row it opens: admit() refuses at once and the
// dependency gets no traffic. After `pause` one trial passes; its outcome closes or opens it again.
// Calls between plugins have breakers of the host already. For serial plugins: everything runs on
// the strand.
#pragma once

#include <streamwall/sdk/host.hpp>

#include <string>

namespace streamwall {

struct BreakerOptions {
    int failures = 5;
    std::chrono::seconds pause{60};
};

class Breaker {
  public:
    enum class State { closed, open, half_open };

    // `name` is the label of streamwall_circuit_breaker_state.
    Breaker(const Host& host, std::string name, BreakerOptions options = {})
        : host_(host),
          name_(std::move(name)),
          options_(options),
          gauge_(host.gauge("streamwall_circuit_breaker_state", "0 closed, 1 open, 2 half open.",
                            {{"name", name_}})) {}

    // An error (UNAVAILABLE, with retry_after) instead of a call; where it admits one, settle()
    // must follow.
    Result<> admit() {
        if (state_ == State::closed) return ok();
        const auto now = host_.monotonic_ns();
        if (state_ == State::open && now >= open_until_) {
            enter(State::half_open);
            return ok();
        }
        const std::uint64_t left = open_until_ > now ? open_until_ - now : 0;
        const auto seconds = std::max<std::uint64_t>(1, (left + 999'999'999) / 1'000'000'000);
        return Error{SW_UNAVAILABLE,
                     name_ + " keeps failing; waiting",
                     {},
                     R"({"code":"circuit_open","retry_after":)" + std::to_string(seconds) + "}"};
    }

    // How the admitted call ended: a failure of the dependency, not of what was asked of it.
    void settle(bool failed) {
        if (!failed) {
            in_a_row_ = 0;
            if (state_ != State::closed) enter(State::closed);
            return;
        }
        ++in_a_row_;
        if (state_ == State::closed && in_a_row_ < options_.failures) return;
        open_until_ = host_.monotonic_ns() +
                      static_cast<std::uint64_t>(std::chrono::nanoseconds(options_.pause).count());
        enter(State::open);
    }

    State state() const { return state_; }

  private:
    void enter(State next) {
        state_ = next;
        gauge_.set(static_cast<double>(next));
    }

    Host host_;
    std::string name_;
    BreakerOptions options_;
    Series gauge_;
    State state_ = State::closed;
    int in_a_row_ = 0;
    std::uint64_t open_until_ = 0;
};

}  // namespace streamwall
