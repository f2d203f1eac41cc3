#include "engine_codec.hpp"

#include <streamwall/sdk/http.hpp>
#include <streamwall/sdk/json.hpp>

#include <array>

namespace streamwall::socket_io {

std::string render_refusal(Refusal refusal, std::string_view reason) {
    static constexpr std::array<std::string_view, 6> kTexts = {
        "Transport unknown", "Session ID unknown", "Bad handshake method",
        "Bad request",       "Forbidden",          "Unsupported protocol version"};
    const auto code = static_cast<std::size_t>(refusal);
    json::Writer out;
    out.number("code", static_cast<std::int64_t>(code)).text("message", kTexts[code]);
    if (!reason.empty()) out.text("reason", reason);
    return out.take();
}

std::expected<Wish, Refusal> parse_wish(std::string_view query) {
    Wish wish;
    const auto transport = http::find_parameter(query, "transport");
    if (transport == "websocket") {
        wish.transport = Transport::kWebSocket;
    } else if (transport != "polling") {
        return std::unexpected(Refusal::kUnknownTransport);
    }
    if (http::find_parameter(query, "EIO") != "4") return std::unexpected(Refusal::kBadVersion);
    wish.session = http::find_parameter(query, "sid").value_or("");
    return wish;
}

std::optional<Packet> parse_packet(std::string_view text) {
    if (text.empty()) return std::nullopt;
    const bool is_known = (text[0] >= '0' && text[0] <= '6') || text[0] == 'b';
    if (!is_known) return std::nullopt;
    return Packet{static_cast<PacketType>(text[0]), text.substr(1)};
}

bool take_packet(std::string_view& payload, std::string_view& packet) {
    if (payload.data() == nullptr) return false;
    const auto end = payload.find(kSeparator);
    packet = payload.substr(0, end);
    // What follows a separator is a packet, if an empty one.
    payload = end == std::string_view::npos ? std::string_view() : payload.substr(end + 1);
    return true;
}

std::string render_open(std::string_view session, Transport transport, const Timing& timing,
                        std::size_t max_payload) {
    return json::Writer(std::string(1, static_cast<char>(PacketType::kOpen)))
        .text("sid", session)
        .raw("upgrades", transport == Transport::kPolling ? R"(["websocket"])" : "[]")
        .number("pingInterval", timing.ping_interval.count())
        .number("pingTimeout", timing.ping_timeout.count())
        .number("maxPayload", static_cast<std::int64_t>(max_payload))
        .take();
}

}  // namespace streamwall::socket_io
