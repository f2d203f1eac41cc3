#include "login_limits.hpp"

#include <algorithm>
#include <charconv>

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

std::chrono::seconds LoginLimits::wait_of(std::string_view key, Moment now) {
    const auto& tries = find(key, now).tries;
    if (tries.size() < options_.tries) return std::chrono::seconds(0);
    return std::chrono::ceil<std::chrono::seconds>(tries.front() + options_.window - now);
}

std::chrono::seconds LoginLimits::take(const std::vector<std::string>& keys, Moment now) {
    std::chrono::seconds wait(0);
    for (const auto& key : keys)
        wait = std::max(wait, wait_of(key, now));
    if (wait.count() == 0) note(keys, now);
    return wait;
}

void LoginLimits::note(const std::vector<std::string>& keys, Moment now) {
    for (const auto& key : keys) {
        auto& tries = find(key, now).tries;
        if (tries.size() == options_.tries) tries.pop_front();
        tries.push_back(now);
    }
}

Result<std::optional<LoginLimits::Options>> parse_login_limit(std::string_view text) {
    using Parsed = std::optional<LoginLimits::Options>;
    if (text == "off") return Parsed();
    LoginLimits::Options options;
    const auto slash = text.find('/');
    const auto* end = text.data() + std::min(slash, text.size());
    const auto read = std::from_chars(text.data(), end, options.tries);
    std::int64_t minutes = 0;
    const auto rest = slash == text.npos ? std::string_view() : text.substr(slash + 1);
    const auto time = std::from_chars(rest.data(), rest.data() + rest.size(), minutes);
    const bool is_minutes =
        time.ec == std::errc() && time.ptr + 1 == rest.data() + rest.size() && *time.ptr == 'm';
    if (read.ec != std::errc() || read.ptr != end || !is_minutes || options.tries < 1 ||
        options.tries > 10'000 || minutes < 1 || minutes > 24 * 60) {
        return Error::invalid("tries and minutes, such as 10/20m; or off", "login_limit");
    }
    options.window = std::chrono::minutes(minutes);
    return Parsed(options);
}

}  // namespace streamwall::accounts
