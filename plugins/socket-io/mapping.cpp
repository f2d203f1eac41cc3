#include "mapping.hpp"

#include <streamwall/sdk/json.hpp>

#include <algorithm>
#include <array>

namespace streamwall::socket_io {

namespace {

// A client would take these for its own.
bool is_reserved(std::string_view name) {
    static constexpr std::array<std::string_view, 6> kReserved = {
        "connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"};
    return std::ranges::find(kReserved, name) != kReserved.end();
}

}  // namespace

std::string to_event(std::string_view space, std::string_view message) {
    auto parsed = json::parse_object(message);
    const auto* action = parsed ? parsed->if_contains("action") : nullptr;
    if (!action || !action->is_string() || is_reserved(action->get_string())) {
        return render_event(space, "message", message);
    }
    const std::string name(action->get_string());
    parsed->stable_erase(parsed->find("action"));
    return render_event(space, name, boost::json::serialize(*parsed));
}

Result<boost::json::object> to_message(Message event) {
    if (!event.problem.empty()) return Error::invalid(event.problem);
    auto& items = event.data.as_array();
    if (is_reserved(items[0].as_string())) return Error::invalid("this event is no client's");
    if (items.size() > 2 || (items.size() == 2 && !items[1].is_object())) {
        return Error::invalid("an event takes one object");
    }
    boost::json::object out;
    if (items.size() == 2) out = std::move(items[1].get_object());
    out["action"] = items[0];
    return out;
}

std::string to_ack(std::string_view reply) {
    if (reply.empty()) return R"({"ok":true})";
    auto said = json::parse_object(reply);
    boost::json::object out{{"ok", false}};
    for (const auto* name : {"code", "message"}) {
        if (const auto* value = said ? said->if_contains(name) : nullptr) out[name] = *value;
    }
    return boost::json::serialize(out);
}

}  // namespace streamwall::socket_io
