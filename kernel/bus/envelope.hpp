// The envelope: an event as JSON text, and back.
#pragma once

#include "bus/event.hpp"

#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace streamwall::bus {

// The contract's envelope; `changes` becomes the last member of data.
std::string render(const sw_event& event);

// Reads an envelope. The data's bytes are kept as they stand, a trailing member "changes" apart.
std::expected<EventPtr, Failure> parse_envelope(std::string_view text);

// Members of a JSON object as slices of its text, in order. Empty where it is no object; values are
// only delimited, not validated.
std::vector<std::pair<std::string_view, std::string_view>> members(std::string_view object);
// Elements of a JSON array as slices.
std::vector<std::string_view> elements(std::string_view array);

// "evt-" and 24 hex digits: random for each process, then counting.
std::string make_event_id();

// Appends `text` as a JSON string.
void append_json_string(std::string& out, std::string_view text);

}  // namespace streamwall::bus
