// How often somebody may try to log in: so many tries in a sliding window, for each address and for
// each e-mail. Tries that are refused do not count, so waiting always helps.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <initializer_list>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

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

    // Counts a try for every key, or for none: then how long to wait, at least a second.
    std::chrono::seconds take(std::initializer_list<std::string_view> keys, Moment now);
    std::size_t size() const { return index_.size(); }

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

}  // namespace streamwall::accounts
