#include "room_outlet.hpp"

#include <streamwall/sdk/json.hpp>

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

}  // namespace streamwall::hub
