// Engine.IO, protocol 4: what requests ask for, packets, and payloads of several packets.
//
// Source: https://github.com/socketio/engine.io-protocol (v4)
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace streamwall::socket_io {

// ---- What a request asks for, by its query.
enum class Transport : std::uint8_t { kPolling, kWebSocket };

// Numbers and texts are the protocol's.
enum class Refusal : std::uint8_t {
    kUnknownTransport = 0,
    kUnknownSession = 1,
    kBadMethod = 2,
    kBadRequest = 3,
    kForbidden = 4,
    kBadVersion = 5,
};
// {"code":1,"message":"Session ID unknown"}; `reason` is added where there is one.
std::string render_refusal(Refusal refusal, std::string_view reason = {});

struct Wish {
    Transport transport = Transport::kPolling;
    std::string_view session;  // empty: a new one
};
// `query` without its '?'; the wish points into it.
std::expected<Wish, Refusal> parse_wish(std::string_view query);

// ---- Packets.
enum class PacketType : char {
    kOpen = '0',
    kClose = '1',
    kPing = '2',
    kPong = '3',
    kMessage = '4',
    kUpgrade = '5',
    kNoop = '6',
    kBinary = 'b',  // a binary message among texts, in base64
};
struct Packet {
    PacketType type = PacketType::kNoop;
    std::string_view data;
};
// Nothing where there is no such packet.
std::optional<Packet> parse_packet(std::string_view text);

inline constexpr char kSeparator = '\x1e';
// Takes the next packet's text off a payload; false at its end.
bool take_packet(std::string_view& payload, std::string_view& packet);

struct Timing {
    std::chrono::milliseconds ping_interval{25'000};
    std::chrono::milliseconds ping_timeout{20'000};
};
// The packet that begins a session; whoever begins with polling may change to WebSocket.
std::string render_open(std::string_view session, Transport transport, const Timing& timing,
                        std::size_t max_payload);

}  // namespace streamwall::socket_io
