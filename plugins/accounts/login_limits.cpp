#include "login_limits.hpp"

#include <algorithm>

namespace streamwall::accounts {

LoginLimits::Window& LoginLimits::find(std::string_view key, Moment now) {
    const auto found = index_.find(std::string(key));
    if (found != index_.end()) {
        windows_.splice(windows_.begin(), windows_, found->second);
    } else {
        if (windows_.size() >= options_.max_keys) {
            index_.erase(windows_.back().key);
            windows_.pop_back();
        }
        windows_.push_front({std::string(key), {}});
        index_.emplace(key, windows_.begin());
    }
    auto& window = windows_.front();
    while (!window.tries.empty() && window.tries.front() + options_.window <= now)
        window.tries.pop_front();
    return window;
}

std::chrono::seconds LoginLimits::take(std::initializer_list<std::string_view> keys, Moment now) {
    std::chrono::nanoseconds wait{0};
    for (const auto key : keys) {
        const auto& tries = find(key, now).tries;
        if (tries.size() >= options_.tries) {
            wait = std::max(wait, tries.front() + options_.window - now);
        }
    }
    if (wait.count() > 0) return std::chrono::ceil<std::chrono::seconds>(wait);
    for (const auto key : keys)
        find(key, now).tries.push_back(now);
    return std::chrono::seconds(0);
}

}  // namespace streamwall::accounts
