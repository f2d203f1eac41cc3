// Gaps between attempts to reach a server that is away.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <utility>

namespace streamwall::net {

// Exponential back-off with full jitter: each delay is uniform between 0 and a bound that doubles
// up to the cap, so that many clients of a restarted server do not come back in step.
class Backoff {
  public:
    // `random` gives uniform values in [0, 1).
    Backoff(std::chrono::milliseconds first, std::chrono::milliseconds cap,
            std::function<double()> random)
        : first_(first), cap_(cap), bound_(first), random_(std::move(random)) {}

    std::chrono::milliseconds next() {
        const auto bound = std::min(bound_, cap_);
        bound_ = std::min(bound * 2, cap_);
        return std::chrono::milliseconds(
            static_cast<std::int64_t>(static_cast<double>(bound.count()) * random_()));
    }
    void reset() { bound_ = first_; }

  private:
    std::chrono::milliseconds first_;
    std::chrono::milliseconds cap_;
    std::chrono::milliseconds bound_;
    std::function<double()> random_;
};

}  // namespace streamwall::net
