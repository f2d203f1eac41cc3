#include "traffic.hpp"

#include <utility>

namespace streamwall::http_server {

TrafficSeries TrafficSeries::make(const Host& host) {
    TrafficSeries series;
    series.frames = host.series(SW_COUNTER, "streamwall_http_server_websocket_frames_total",
                                "Frames written to WebSockets", {});
    series.writes = host.series(SW_COUNTER, "streamwall_http_server_websocket_writes_total",
                                "System calls that wrote frames, of which one may take many", {});
    series.merged = host.series(SW_COUNTER, "streamwall_http_server_websocket_merged_total",
                                "Frames that newer ones replaced for readers that were behind", {});
    series.delayed = host.series(SW_COUNTER, "streamwall_http_server_websocket_delayed_total",
                                 "Rounds of a busy loop that waited a moment for more frames", {});
    for (std::size_t i = 0; i < kCutNames.size(); ++i) {
        series.cut[i] = host.series(SW_COUNTER, "streamwall_http_server_websocket_cut_total",
                                    "WebSockets closed for what they did or did not",
                                    {{"reason", kCutNames[i]}});
    }
    series.queued_bytes = host.series(SW_GAUGE, "streamwall_http_server_websocket_queued_bytes",
                                      "Bytes that wait for WebSocket readers", {});
    series.websockets =
        host.series(SW_GAUGE, "streamwall_http_server_websockets", "Open WebSockets", {});
    series.connection_bytes =
        host.series(SW_GAUGE, "streamwall_http_server_connection_bytes",
                    "Memory that the listener holds for its connections, without what waits", {});
    const auto refused = [&](std::string_view reason) {
        return host.series(SW_COUNTER, "streamwall_http_server_refused_connections_total",
                           "Connections that were turned away at once", {{"reason", reason}});
    };
    series.refused_full = refused("full");
    series.refused_rate = refused("rate");
    return series;
}

void Traffic::report(const Host& host, const TrafficSeries& series) {
    const auto tell = [&](sw_series* one, auto now, auto& before) {
        if (now == before) return;
        host.record(one, static_cast<double>(now) - static_cast<double>(before));
        before = now;
    };
    tell(series.frames, frames, reported_.frames);
    tell(series.writes, writes, reported_.writes);
    tell(series.merged, merged, reported_.merged);
    tell(series.delayed, delayed, reported_.delayed);
    for (std::size_t i = 0; i < cut.size(); ++i)
        tell(series.cut[i], cut[i], reported_.cut[i]);
    tell(series.queued_bytes, queued_bytes, reported_.queued_bytes);
    tell(series.websockets, websockets, reported_.websockets);
    tell(series.connection_bytes, connection_bytes, reported_.connection_bytes);
}

}  // namespace streamwall::http_server
