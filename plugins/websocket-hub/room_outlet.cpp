#include "room_outlet.hpp"

#include <streamwall/sdk/json.hpp>

#include <vector>

namespace streamwall::hub {

void RoomOutlet::confirm() {
    send(json::Writer()
             .text("identifier", identifier_)
             .text("type", "confirm_subscription")
             .buffer());
}

void RoomOutlet::reject(const Error& error) {
    const bool is_unknown = error.code == SW_UNAVAILABLE;
    send(json::Writer()
             .text("identifier", identifier_)
             .text("type", "reject_subscription")
             .text("reason", is_unknown ? "no plugin offers this channel now" : error.message)
             .buffer());
}

Buffer RoomOutlet::render(std::string_view message) const {
    return json::Writer().text("identifier", identifier_).raw("message", message).buffer();
}

// An identifier is one of this hub's, and so are all that have it.
void RoomOutlet::send_to_all(std::span<Outlet* const> all, const Buffer& rendered) {
    std::vector<sw_ws_connection*> connections;
    connections.reserve(all.size());
    for (const auto* each : all)
        connections.push_back(static_cast<const RoomOutlet*>(each)->connection_->raw());
    http::send_to_all(connection_->table(), connections, rendered);
}

}  // namespace streamwall::hub
