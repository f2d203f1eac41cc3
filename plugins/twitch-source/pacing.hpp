// How fast we may do things: joins within the chat server's limit, reconnects with growing gaps.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>

namespace streamwall::twitch {

using TimePoint = std::chrono::steady_clock::time_point;

// A sliding window: at most `limit` joins in any `window`. Outlives connections, because the server
// counts a user's joins over all of them.
class JoinPacer {
  public:
    explicit JoinPacer(std::size_t limit = 20,
                       std::chrono::milliseconds window = std::chrono::seconds(10))
        : limit_(limit), window_(window) {}

    // When the next join may go out; `now` or earlier means at once.
    TimePoint next(TimePoint now) {
        while (!sent_.empty() && sent_.front() + window_ <= now)
            sent_.pop_front();
        return sent_.size() < limit_ ? now : sent_.front() + window_;
    }
    void note(TimePoint now) { sent_.push_back(now); }

  private:
    std::size_t limit_;
    std::chrono::milliseconds window_;
    std::deque<TimePoint> sent_;
};

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

}  // namespace streamwall::twitch
