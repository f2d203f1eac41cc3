// What plugin.yaml lets one set.
#pragma once

#include <streamwall/sdk/settings.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>

namespace streamwall::socket_io {

// Channels by namespace.
using Namespaces = std::map<std::string, std::string, std::less<>>;
struct NamespaceSetting {
    Namespaces channels;
};
inline void read(const boost::json::value& from, NamespaceSetting& to) {
    for (const auto& [space, channel] : from.as_object())
        to.channels.insert_or_assign(std::string(space), std::string(channel.as_string()));
}

struct Settings {
    NamespaceSetting namespaces;
    std::string path;
    std::chrono::milliseconds ping_interval{};
    std::chrono::milliseconds ping_timeout{};
    std::chrono::milliseconds connect_timeout{};
    std::chrono::milliseconds upgrade_timeout{};
    std::size_t max_payload = 0;
    std::size_t queue_limit = 0;
    std::size_t max_sessions = 0;
    std::size_t max_strangers = 0;
    std::uint32_t packet_rate = 0;
};

}  // namespace streamwall::socket_io

STREAMWALL_SETTINGS(streamwall::socket_io::Settings, namespaces, path, ping_interval, ping_timeout,
                    connect_timeout, upgrade_timeout, max_payload, queue_limit, max_sessions,
                    max_strangers, packet_rate)
