// What keys ask for, by the names of their services: for the metrics, and for whoever wonders which
// service is at its limit. Names come from valid keys alone, and there are at most kMostNames.
#pragma once

#include "auth.hpp"
#include "host.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <mutex>
#include <string>
#include <unordered_map>

namespace streamwall::http_server {

// One name, whichever loops see it.
struct KeySeries {
    sw_series* passed = nullptr;
    sw_series* limited = nullptr;
    std::atomic<std::int64_t> told_at{0};  // a second of the log's last line about it
};

// Shared by all loops.
class KeyNames {
  public:
    static constexpr std::size_t kMostNames = 256;
    static constexpr std::string_view kOthers = "(others)";  // past that

    KeySeries& series_of(const Host& host, std::string_view name);  // [any]

  private:
    std::mutex mutex_;
    std::map<std::string, KeySeries, std::less<>> by_name_;
};

// Belongs to its loop.
class KeyTraffic {
  public:
    explicit KeyTraffic(KeyNames& names) : names_(names) {}
    // Counts a request of a key; nothing where it is no key's. `second` is of a monotonic clock.
    void count(const Host& host, const Principal& principal, bool passed, std::int64_t second);

  private:
    static constexpr std::size_t kMostKeys = 1024;  // then it begins anew
    static constexpr std::int64_t kToldEvery = 60;  // seconds

    struct Hash {
        std::size_t operator()(const PrincipalId& id) const {
            std::size_t out = 0;
            std::memcpy(&out, id.data(), sizeof out);
            return out;
        }
    };
    KeySeries& series_of(const Host& host, const Principal& principal);
    static void tell(const Host& host, const Principal& principal, KeySeries& series,
                     std::int64_t second);

    KeyNames& names_;
    std::unordered_map<PrincipalId, KeySeries*, Hash> by_key_;
};

}  // namespace streamwall::http_server
