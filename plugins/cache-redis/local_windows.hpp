// Sliding windows of one process, exact: the times at which requests passed.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

namespace streamwall::redis {

struct LimitVerdict {
    bool allowed = false;
    std::int64_t remaining = 0;
    std::chrono::microseconds retry_after{0};  // until the same request will pass
};

// Memory is bounded: past `max_times` the window that was idle longest is forgotten. One thread.
class LocalWindows {
  public:
    using Time = std::chrono::steady_clock::time_point;

    explicit LocalWindows(std::size_t max_times = 1'000'000) : max_times_(max_times) {}

    LimitVerdict check(const std::string& key, std::int64_t limit, std::chrono::milliseconds window,
                       std::int64_t cost, Time now) {
        auto& passed = touch(key).passed;
        while (!passed.empty() && passed.front() <= now - window) {
            passed.pop_front();
            --times_;
        }
        const auto used = static_cast<std::int64_t>(passed.size());
        if (used + cost > limit) {
            const auto blocking = static_cast<std::size_t>(used + cost - limit - 1);
            const auto until = blocking < passed.size() ? passed[blocking] + window : now + window;
            return {false, std::max<std::int64_t>(0, limit - used),
                    std::chrono::ceil<std::chrono::microseconds>(until - now)};
        }
        note(key, cost, now);
        return {true, limit - used - cost, {}};
    }
    // What passed by another's decision.
    void note(const std::string& key, std::int64_t cost, Time now) {
        auto& passed = touch(key).passed;
        passed.insert(passed.end(), static_cast<std::size_t>(cost), now);
        times_ += static_cast<std::size_t>(cost);
        while (times_ > max_times_ && windows_.size() > 1)
            forget_oldest();
    }
    std::size_t times() const { return times_; }

  private:
    struct Window {
        std::string key;
        std::deque<Time> passed;
    };
    Window& touch(const std::string& key) {
        const auto found = index_.find(key);
        if (found != index_.end()) {
            windows_.splice(windows_.begin(), windows_, found->second);
            return windows_.front();
        }
        windows_.push_front({key, {}});
        index_.emplace(windows_.front().key, windows_.begin());
        // A key that never passes takes memory, too.
        if (windows_.size() > max_times_) forget_oldest();
        return windows_.front();
    }
    void forget_oldest() {
        times_ -= windows_.back().passed.size();
        index_.erase(windows_.back().key);
        windows_.pop_back();
    }

    const std::size_t max_times_;
    std::size_t times_ = 0;
    std::list<Window> windows_;  // latest used first
    std::unordered_map<std::string_view, std::list<Window>::iterator> index_;
};

}  // namespace streamwall::redis
