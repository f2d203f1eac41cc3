// MemoryCache: replies by key, with a time to live and a bound on what they take. The least
// recently used gives way.
#pragma once

#include <streamwall/sdk/buffer.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace streamwall::redis {

// [any]: 16 parts with a lock each.
class MemoryCache {
  public:
    using Time = std::chrono::steady_clock::time_point;

    explicit MemoryCache(std::size_t max_bytes) : max_bytes_(max_bytes / kParts) {}

    // Nothing where there is none, or it has expired.
    std::optional<Buffer> get(std::string_view key, Time now);
    // An entry that is larger than a part's share of the bound is not kept.
    void put(std::string_view key, Buffer value, Time expires);
    void erase(std::string_view key);
    void erase_prefix(std::string_view prefix);
    void clear();

    std::size_t size() const;
    std::size_t bytes() const;

  private:
    struct Entry {
        std::string key;
        Buffer value;
        Time expires;
        // What an entry takes beside its texts, roughly: list and map nodes, and the buffer's head.
        std::size_t bytes() const { return key.size() + value.size() + 200; }
    };
    using Entries = std::list<Entry>;  // latest used first
    struct Part {
        mutable std::mutex mutex;
        Entries entries;
        std::unordered_map<std::string_view, Entries::iterator>
            index;  // views of the entries' keys
        std::size_t bytes = 0;
        void drop(Entries::iterator entry);
    };
    static constexpr std::size_t kParts = 16;
    Part& part_of(std::string_view key);

    const std::size_t max_bytes_;  // of a part
    std::array<Part, kParts> parts_;
};

}  // namespace streamwall::redis
