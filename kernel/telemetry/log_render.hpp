// Turns a record into one safe line.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "telemetry/log.hpp"

namespace streamwall::telemetry {

struct Record {
    std::int64_t time_ms;
    Level level;
    std::string_view event;
    std::string_view plugin;
    std::string_view message;
    std::span<const Field> fields;
};

// Secrets sorted longest first, so that one that contains another is hidden whole.
std::string render_json(const Record& record, const std::vector<std::string>& secrets);
std::string render_text(const Record& record, const std::vector<std::string>& secrets,
                        bool colours);

// Appends `text` as the inside of a JSON string: valid UTF-8 and one line whatever came in. Bytes
// that are no UTF-8 become U+FFFD.
void append_escaped(std::string& out, std::string_view text);

// "2026-01-31T12:00:00.123Z"
std::string format_time(std::int64_t time_ms);

}  // namespace streamwall::telemetry
