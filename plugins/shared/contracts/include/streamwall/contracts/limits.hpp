// The service `limits`: how often something may happen, over all nodes together.
//
//   check     {"key","limit","window_ms","cost"}
//             → {"allowed":bool,"remaining","retry_after_ms","shared":bool}
//   exchange  {"instance","windows":[{"key","passed":[[age,count],…]}]}
//             → {"shared":true,"instances","windows":[[[age,count],…],…]} or {"shared":false}
//
// check() decides and counts in one step: at most `limit` (10,000) in any `window_ms` (a day); what
// is refused does not count. `cost` is 1 unless given.
//
// exchange() is for who decides by itself, as a server that cannot ask before each request: it
// tells what passed in each of the last 60 seconds (`age` in seconds) and was not told before, and
// learns what all instances let pass in each, itself included. At most 200 windows; `instance` is
// any name that nobody else has, `instances` how many there were in the last five seconds.
//
// `shared` is false while the server behind it is away: check() then counts for this node alone.
#pragma once

#include <streamwall/sdk/json.hpp>

#include <chrono>
#include <cstdint>
#include <string_view>

namespace streamwall::contracts::limits {

inline constexpr std::string_view kService = "limits";
inline constexpr std::string_view kCheck = "check";
inline constexpr std::int64_t kMaxLimit = 10'000;
inline constexpr std::chrono::milliseconds kMaxWindow = std::chrono::hours(24);
inline constexpr std::size_t kMaxWindows = 200;
inline constexpr std::int64_t kMaxAge = 60;

inline Buffer check_request(std::string_view key, std::int64_t limit,
                            std::chrono::milliseconds window, std::int64_t cost = 1) {
    return json::Writer()
        .text("key", key)
        .number("limit", limit)
        .number("window_ms", window.count())
        .number("cost", cost)
        .buffer();
}

}  // namespace streamwall::contracts::limits
