// How fast channels may be joined: within the chat server's limit.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>

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

}  // namespace streamwall::twitch
