// The text formats that a schema's `format` may name, and their parsers for who reads the values.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace streamwall::config {

// "250ms", "5s", "1m30s", "24h", "7d": whole numbers with ns, us, ms, s, m, h or d, at most 365
// days.
std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text);

// "4096", "64KiB", "10MiB", "2GiB"; also kB, MB, GB in powers of 1000.
std::optional<std::uint64_t> parse_byte_size(std::string_view text);

struct ListenAddress {
    std::string host;  // without brackets; empty for a Unix socket
    std::uint16_t port = 0;
    std::string unix_path;
};

// "127.0.0.1:3000", "localhost:0", "[::1]:3000", "*:3000", "unix:/run/streamwall.sock".
std::optional<ListenAddress> parse_listen_address(std::string_view text);

struct Format {
    std::string_view name;
    std::string_view expected;  // "a duration such as 5s or 250ms"
    bool (*matches)(std::string_view text);
};

// duration, byte-size, uri, listen-address, date-time, uuid, email.
std::span<const Format> all_formats();
const Format* find_format(std::string_view name);

}  // namespace streamwall::config
