#include "packet_codec.hpp"

#include "engine_codec.hpp"

#include <streamwall/sdk/json.hpp>

#include <algorithm>
#include <charconv>

namespace streamwall::socket_io {

namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// Takes the number off that `text` begins with; nothing where there is none or it is too large.
std::optional<std::int64_t> take_number(std::string_view& text) {
    constexpr std::int64_t kMost = 1LL << 53;
    std::int64_t number = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failed != std::errc{} || number > kMost) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return number;
}

bool is_plain(std::string_view space) {
    return space.size() <= kMaxSpace &&
           std::ranges::all_of(space, [](char c) { return c > ' ' && c < '\x7f'; });
}

bool is_binary(MessageType type) {
    return type == MessageType::kBinaryEvent || type == MessageType::kBinaryAck;
}

// Whether a message of that type has such data. `text` is empty where there is none.
bool fits(MessageType type, const boost::json::value& data, std::string_view text) {
    switch (type) {
        case MessageType::kConnect:
            return text.empty() || data.is_object();
        case MessageType::kDisconnect:
            return text.empty();
        case MessageType::kEvent:
        case MessageType::kBinaryEvent: {
            const auto* items = data.if_array();
            return items && !items->empty() && items->front().is_string();
        }
        case MessageType::kAck:
        case MessageType::kBinaryAck:
            return data.is_array();
        case MessageType::kConnectError:
            return false;  // a server's
    }
    return false;
}

// False where it is no JSON of the form that the type demands.
bool read_data(std::string_view text, Message& out) {
    if (text.empty()) return fits(out.type, nullptr, text);
    if (auto strict = json::parse_strict(text)) {
        out.data = std::move(*strict);
        return fits(out.type, out.data, text);
    } else {
        out.problem = strict.error().message;
    }
    boost::json::parse_options options;
    options.max_depth = 32;
    boost::system::error_code failed;
    const auto lax = boost::json::parse(text, failed, {}, options);
    return !failed && fits(out.type, lax, text);
}

std::string head(MessageType type, std::string_view space) {
    std::string out{static_cast<char>(PacketType::kMessage)};
    out += static_cast<char>('0' + static_cast<int>(type));
    if (space != "/") out.append(space).append(",");
    return out;
}

}  // namespace

std::optional<Message> parse_message(std::string_view text) {
    if (text.empty() || text[0] < '0' || text[0] > '6') return std::nullopt;
    Message out;
    out.type = static_cast<MessageType>(text[0] - '0');
    text.remove_prefix(1);
    if (is_binary(out.type)) {
        const auto count = text.empty() || !is_digit(text[0]) ? std::nullopt : take_number(text);
        if (!count || *count > static_cast<std::int64_t>(kMaxAttachments) ||
            !text.starts_with('-')) {
            return std::nullopt;
        }
        out.attachments = static_cast<std::size_t>(*count);
        text.remove_prefix(1);
    }
    if (text.starts_with('/')) {
        const auto end = text.find(',');
        out.space = text.substr(0, end);
        if (!is_plain(out.space)) return std::nullopt;
        text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    }
    if (!text.empty() && is_digit(text[0])) {
        out.id = take_number(text);
        if (!out.id) return std::nullopt;
    }
    if (!read_data(text, out)) return std::nullopt;
    return out;
}

std::string render_connect(std::string_view space, std::string_view id) {
    return json::Writer(head(MessageType::kConnect, space)).text("sid", id).take();
}

std::string render_connect_error(std::string_view space, std::string_view message) {
    return json::Writer(head(MessageType::kConnectError, space)).text("message", message).take();
}

std::string render_disconnect(std::string_view space) {
    return head(MessageType::kDisconnect, space);
}

std::string render_event(std::string_view space, std::string_view name, std::string_view payload) {
    auto out = head(MessageType::kEvent, space);
    out += '[';
    json::append_string(out, name);
    return out.append(",").append(payload).append("]");
}

std::string render_ack(std::string_view space, std::int64_t id, std::string_view payload) {
    auto out = head(MessageType::kAck, space);
    return out.append(std::to_string(id)).append("[").append(payload).append("]");
}

}  // namespace streamwall::socket_io
