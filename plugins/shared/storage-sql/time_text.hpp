// Times: milliseconds since 1970 inside, RFC 3339 UTC outside.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace streamwall::storage {

// "2026-01-31T12:34:56.789Z", for the years 0000 to 9999.
void append_time(std::string& out, std::int64_t unix_ms);
std::string time_text(std::int64_t unix_ms);

// RFC 3339 section 5.6 with any offset; digits behind the millisecond are cut. A leap second counts
// as the last millisecond before it ends.
std::optional<std::int64_t> parse_time(std::string_view text);

}  // namespace streamwall::storage
