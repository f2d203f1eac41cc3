// From a stream's event to the message that subscribers of StreamsChannel get.
#pragma once

#include "stream_filter.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace streamwall::hub {

// The texts are borrowed from the event.
struct StreamBroadcast {
    std::string_view action;  // created, updated, archived or deleted
    std::string_view record;
    std::string_view changes;  // a JSON object
    // A message that a later one of the same stream may replace for readers that are behind. What
    // makes a stream appear or disappear never is, nor is a step of its status.
    bool is_replaceable = false;
};

// The action of an event; empty for types that are not broadcast. `changes` is JSON text or empty.
std::string_view choose_action(std::string_view type, std::string_view changes);

StreamBroadcast make_broadcast(std::string_view action, std::string_view record,
                               std::string_view changes);

// The message alone: {"action","stream","changes"}.
std::string render_payload(const StreamBroadcast& broadcast);

// Where an event stands in its journal, for clients that resume behind it.
struct StreamPlace {
    std::string_view epoch;
    std::uint64_t sequence = 0;
};

// The message, in which the record's bytes stand as the store rendered them. `identifier_json` is
// the subscription's identifier as a JSON string, quotes included. With a `stream_id` the message
// says its place.
std::string render_message(std::string_view identifier_json, const StreamBroadcast& broadcast,
                           std::string_view stream_id = {}, const StreamPlace& place = {});

// Several in one, for subscribers who asked for that:
// {"action":"batch","messages":[{"action","stream","changes"},…]}.
std::string render_batch(std::string_view identifier_json,
                         std::span<const StreamBroadcast* const> broadcasts);

}  // namespace streamwall::hub
