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
    if (name == "history") return Command::Kind::kHistory;
    if (name == "pong") return Command::Kind::kPong;
    return std::nullopt;
}

std::optional<HistoryRequest::Place> parse_place(std::string_view stream,
                                                 const boost::json::value& value) {
    const auto* place = value.if_object();
    if (place == nullptr) return std::nullopt;
    const auto* epoch = place->if_contains("epoch");
    const auto* offset = place->if_contains("offset");
    if (epoch == nullptr || !epoch->is_string() || offset == nullptr) return std::nullopt;
    boost::system::error_code failed;
    const auto sequence = offset->to_number<std::int64_t>(failed);
    if (failed || sequence < 0) return std::nullopt;
    return HistoryRequest::Place{
        std::string(stream),
        {std::string(epoch->get_string()), static_cast<std::uint64_t>(sequence)}};
}

// What is no place and no time is left out: without them everything begins now.
HistoryRequest parse_history(const boost::json::value& value) {
    HistoryRequest out;
    const auto* history = value.if_object();
    if (history == nullptr) return out;
    if (const auto* since = history->if_contains("since")) {
        constexpr std::int64_t kMost = 253'402'300'799;  // the end of the year 9999
        boost::system::error_code failed;
        const auto seconds = since->to_number<std::int64_t>(failed);
        if (!failed && seconds > 0 && seconds <= kMost) out.since_ms = seconds * 1'000;
    }
    const auto* streams = history->if_contains("streams");
    if (streams == nullptr || !streams->is_object()) return out;
    for (const auto& [stream, value] : streams->get_object()) {
        if (auto place = parse_place(stream, value)) out.places.push_back(std::move(*place));
    }
    return out;
}

}  // namespace

std::optional<Command> parse_command(std::string_view text) {
    auto object = parse_object(text);
    if (!object) return std::nullopt;
    const auto* name = object->if_contains("command");
    if (name == nullptr || !name->is_string()) return std::nullopt;
    const auto kind = parse_kind(name->get_string());
    if (!kind) return std::nullopt;
    if (*kind == Command::Kind::kPong) return Command{*kind, {}, {}, {}};
    const auto* identifier = object->if_contains("identifier");
    if (identifier == nullptr || !identifier->is_string()) return std::nullopt;
    Command out{*kind, std::string(identifier->get_string()), {}, {}};
    const auto* history = object->if_contains("history");
    if (history != nullptr) out.history = parse_history(*history);
    if (*kind == Command::Kind::kHistory && !out.history) out.history.emplace();
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
