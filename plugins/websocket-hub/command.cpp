// The command parser. Depth, duplicate keys and number ranges are bounded by the strict JSON
// parser, the length by the listener.
#include "command.hpp"

#include <streamwall/sdk/json.hpp>

#include <utility>

namespace streamwall::hub {

namespace {

std::optional<boost::json::object> parse_object(std::string_view text) {
    auto value = json::parse_strict(text);
    if (!value || !value->is_object()) return std::nullopt;
    return std::move(value->get_object());
}

std::optional<Command::Kind> parse_kind(std::string_view name) {
    if (name == "subscribe") return Command::Kind::kSubscribe;
    if (name == "unsubscribe") return Command::Kind::kUnsubscribe;
    if (name == "message") return Command::Kind::kMessage;
    return std::nullopt;
}

}  // namespace

std::optional<Command> parse_command(std::string_view text) {
    auto object = parse_object(text);
    if (!object) return std::nullopt;
    const auto* name = object->if_contains("command");
    const auto* identifier = object->if_contains("identifier");
    if (name == nullptr || !name->is_string()) return std::nullopt;
    if (identifier == nullptr || !identifier->is_string()) return std::nullopt;
    const auto kind = parse_kind(name->get_string());
    if (!kind) return std::nullopt;
    Command out{*kind, std::string(identifier->get_string()), {}};
    if (*kind != Command::Kind::kMessage) return out;
    auto* data = object->if_contains("data");
    if (data == nullptr) return std::nullopt;
    if (data->is_object()) {
        out.data = std::move(data->get_object());
        return out;
    }
    if (!data->is_string()) return std::nullopt;
    auto parsed = parse_object(data->get_string());
    if (!parsed) return std::nullopt;
    out.data = std::move(*parsed);
    return out;
}

std::optional<ChannelParams> parse_identifier(std::string_view identifier) {
    if (identifier.size() > kMaxIdentifier) return std::nullopt;
    auto params = parse_object(identifier);
    if (!params) return std::nullopt;
    const auto* channel = params->if_contains("channel");
    if (channel == nullptr || !channel->is_string()) return std::nullopt;
    ChannelParams out{std::string(channel->get_string()), {}};
    out.params = std::move(*params);
    return out;
}

}  // namespace streamwall::hub
