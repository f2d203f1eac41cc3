// Socket.IO, protocol 5: the packets that Engine.IO's messages carry.
//
// Source: https://github.com/socketio/socket.io-protocol (v5)
#pragma once

#include <boost/json.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace streamwall::socket_io {

enum class MessageType : std::uint8_t {
    kConnect = 0,
    kDisconnect = 1,
    kEvent = 2,
    kAck = 3,
    kConnectError = 4,
    kBinaryEvent = 5,
    kBinaryAck = 6,
};

struct Message {
    MessageType type = MessageType::kEvent;
    std::string space = "/";         // the namespace
    std::optional<std::int64_t> id;  // by which it is to be acknowledged
    std::size_t attachments = 0;     // binary messages that follow
    boost::json::value data;         // null where there is none
    // Why the data cannot be taken although it is JSON, which leaves `data` null.
    std::string problem = {};
};

inline constexpr std::size_t kMaxSpace = 128;  // bytes of a namespace's name
inline constexpr std::size_t kMaxAttachments = 10;

// Nothing for what no client of the protocol sends.
std::optional<Message> parse_message(std::string_view text);

// What is sent, as Engine.IO's packets.
std::string render_connect(std::string_view space, std::string_view id);
std::string render_connect_error(std::string_view space, std::string_view message);
std::string render_disconnect(std::string_view space);
// `payload` is JSON.
std::string render_event(std::string_view space, std::string_view name, std::string_view payload);
std::string render_ack(std::string_view space, std::int64_t id, std::string_view payload);

}  // namespace streamwall::socket_io
