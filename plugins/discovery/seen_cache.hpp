// Remembers which URLs went through lately, so that a link that is posted again costs nothing.
#pragma once

#include <chrono>
#include <cstddef>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

namespace streamwall::discovery {

// At most `capacity` URLs, each for `lifetime` from when it was remembered; the one that was asked
// for the longest ago goes first. Times are a monotonic clock's. Not synchronised: for one strand.
class SeenCache {
  public:
    using Time = std::chrono::nanoseconds;

    SeenCache(std::size_t capacity, Time lifetime) : capacity_(capacity), lifetime_(lifetime) {}

    // Whether the URL was remembered and still is.
    bool contains(std::string_view url, Time now);
    // Call this once a sink has accepted the URL, not before: what was lost must be tried again.
    void remember(std::string_view url, Time now);
    void forget(std::string_view url);
    std::size_t size() const { return entries_.size(); }

  private:
    struct Entry {
        std::string url;
        Time until{};
    };
    using Entries = std::list<Entry>;

    std::size_t capacity_;
    Time lifetime_;
    Entries entries_;  // the most recently used first
    std::unordered_map<std::string_view, Entries::iterator> by_url_;  // keys point into entries_
};

}  // namespace streamwall::discovery
