// What the WebSockets of one loop do, counted where it happens at the price of an addition and
// brought to the metrics in batches.
#pragma once

#include "host.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace streamwall::http_server {

// Why a WebSocket was closed by us, where that is not the orderly end of something.
enum class Cut : std::uint8_t {
    kSlow,     // more waited for its reader than for any reader may
    kCrowded,  // its part of what waits for all readers was too large
    kStalled,  // it took no byte for too long
    kFlooded,  // it sent too many frames
    kSilent,   // it had to be heard and was not
};
inline constexpr std::array<std::string_view, 5> kCutNames = {"slow", "crowded", "stalled",
                                                              "flooded", "silent"};

// Shared by all loops.
struct TrafficSeries {
    sw_series* frames = nullptr;
    sw_series* writes = nullptr;
    sw_series* merged = nullptr;
    sw_series* delayed = nullptr;
    std::array<sw_series*, kCutNames.size()> cut{};
    sw_series* queued_bytes = nullptr;
    sw_series* websockets = nullptr;
    sw_series* connection_bytes = nullptr;
    sw_series* refused_full = nullptr;  // connections, by the acceptor
    sw_series* refused_rate = nullptr;

    static TrafficSeries make(const Host& host);
};

// Belongs to its loop.
struct Traffic {
    std::uint64_t frames = 0;   // gone to their sockets
    std::uint64_t writes = 0;   // system calls that took them there
    std::uint64_t merged = 0;   // frames that newer ones replaced
    std::uint64_t delayed = 0;  // rounds that waited for more
    std::array<std::uint64_t, kCutNames.size()> cut{};
    std::int64_t queued_bytes = 0;  // waiting for readers
    std::int64_t websockets = 0;
    std::int64_t connection_bytes = 0;  // memory that connections hold, what waits not included

    void count(Cut why) { ++cut[static_cast<std::size_t>(why)]; }
    // What has changed since the last time.
    void report(const Host& host, const TrafficSeries& series);

  private:
    struct Reported {
        std::uint64_t frames = 0, writes = 0, merged = 0, delayed = 0;
        std::array<std::uint64_t, kCutNames.size()> cut{};
        std::int64_t queued_bytes = 0, websockets = 0, connection_bytes = 0;
    } reported_;
};

}  // namespace streamwall::http_server
