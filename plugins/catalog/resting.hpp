// Streams that the archive rule has put away lately, by what they would be known again by: who
// comes back in time continues the same stream. In memory, so that creating a stream asks nobody.
#pragma once

#include <boost/json/object.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace streamwall::catalog {

// Safe on every thread.
class Resting {
  public:
    // `record` is found until `until_ns` (monotonic).
    void add(std::string_view record, std::uint64_t until_ns, std::uint64_t now_ns);
    // The stream that the values of a new one continue: of the same URL, else of the same streamer
    // on the same platform. 0: none.
    std::int64_t find(const boost::json::object& values, std::uint64_t now_ns) const;
    void forget(std::int64_t id);

  private:
    static constexpr std::size_t kMost = 20'000;
    struct Entry {
        std::int64_t id = 0;
        std::uint64_t until_ns = 0;
    };
    void drop_expired(std::uint64_t now_ns);

    mutable std::mutex mutex_;
    std::unordered_map<std::string, Entry> entries_;
    std::atomic<bool> is_empty_{true};  // then nobody waits for the lock
};

}  // namespace streamwall::catalog
