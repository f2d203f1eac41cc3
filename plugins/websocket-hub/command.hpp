// Commands of ActionCable's JSON protocol and of AnyCable's extension of it, as clients send them:
//   {"command":"subscribe|unsubscribe|message","identifier":"<JSON text>","data":…}
//   {"command":"subscribe|history","identifier":…,
//    "history":{"since":seconds,"streams":{id:{"epoch","offset"}}}}
//   {"command":"pong"}
// Source: https://docs.anycable.io/misc/action_cable_protocol
#pragma once

#include "history.hpp"

#include <boost/json/object.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace streamwall::hub {

// Where a client wants to go on: behind the places it knows, or, where it knows none, at a time.
struct HistoryRequest {
    struct Place {
        std::string stream;
        Position at;
    };
    std::vector<Place> places;
    std::optional<std::int64_t> since_ms;
};

struct Command {
    enum class Kind { kSubscribe, kUnsubscribe, kMessage, kHistory, kPong };
    Kind kind = Kind::kSubscribe;
    std::string identifier;    // the text as the client wrote it; it comes back in every answer
    boost::json::object data;  // of a message, whether it came as an object or as JSON text
    std::optional<HistoryRequest> history;  // of subscribe; always there for history
};

// Longer identifiers are refused: each is kept as long as somebody is subscribed.
inline constexpr std::size_t kMaxIdentifier = 16 * 1024;

// Nothing where the text is no valid command. Pure, any thread.
std::optional<Command> parse_command(std::string_view text);

// The channel's name and all parameters of an identifier; nothing where it is no object with a
// `channel`.
struct ChannelParams {
    std::string channel;
    boost::json::object params;
};
std::optional<ChannelParams> parse_identifier(std::string_view identifier);

}  // namespace streamwall::hub
