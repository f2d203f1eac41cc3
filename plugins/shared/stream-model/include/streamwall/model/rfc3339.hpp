// Times as the host writes them: RFC 3339, UTC, milliseconds ("2026-01-31T12:34:56.789Z").
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace streamwall::model {

using UtcTime = std::chrono::sys_time<std::chrono::milliseconds>;

// For the years 0000 to 9999; always 24 bytes.
std::string format_time(UtcTime time);

// Accepts any RFC 3339 date-time: 'T', 't' or a space between date and time, an offset or 'Z', any
// number of decimals (those past the millisecond are cut off). A leap second (:60) counts as the
// first instant of the next minute. Nothing for any other text, or outside the years above.
std::optional<UtcTime> parse_time(std::string_view text);

}  // namespace streamwall::model
