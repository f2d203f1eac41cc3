// How often somebody may try to log in: so many tries in a sliding window, for each address and for
// each e-mail. Tries that are refused do not count, so waiting always helps.
#pragma once

#include <streamwall/sdk/result.hpp>

#include <chrono>
#include <cstddef>
#include <deque>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace streamwall::accounts {

// Belongs to one thread.
class LoginLimits {
  public:
    using Moment = std::chrono::nanoseconds;  // of a monotonic clock

    struct Options {
        std::size_t tries = 10;
        std::chrono::nanoseconds window = std::chrono::minutes(20);
        std::size_t max_keys = 65'536;  // past it who was quiet longest is forgotten
    };
    explicit LoginLimits(Options options) : options_(options) {}

    // How long to wait before the next try, at least a second; none where it may be made now.
    std::chrono::seconds wait_of(std::string_view key, Moment now);
    // Counts a try for every key, or for none: then the longest wait.
    std::chrono::seconds take(const std::vector<std::string>& keys, Moment now);
    // Counts one that somebody else let pass.
    void note(const std::vector<std::string>& keys, Moment now);
    std::size_t size() const { return index_.size(); }
    const Options& options() const { return options_; }

  private:
    struct Window {
        std::string key;
        std::deque<Moment> tries;
    };
    Window& find(std::string_view key, Moment now);

    const Options options_;
    std::list<Window> windows_;  // latest used first
    std::unordered_map<std::string, std::list<Window>::iterator> index_;
};

// "10/20m", or none for "off".
Result<std::optional<LoginLimits::Options>> parse_login_limit(std::string_view text);

}  // namespace streamwall::accounts
