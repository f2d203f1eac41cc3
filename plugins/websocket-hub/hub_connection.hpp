// What the hub keeps of a connection.
#pragma once

#include "hub.hpp"

#include <memory>
#include <vector>

namespace streamwall::hub {

// Small on purpose: most connections are idle. `topics` and `more` are touched on the connection's
// loop only, the links under the hub's mutex.
struct Hub::Connection {
    // What few have.
    struct More {
        Sessions::Id session;  // of the extended protocol
        std::vector<std::shared_ptr<Replay>> replays;
        std::vector<RoomMemberPtr> rooms;  // those that are over until the next command
    };

    http::WsConnection handle(const Hub& hub) const { return {hub.table_, raw}; }
    More& extras() {
        if (!more) more = std::make_unique<More>();
        return *more;
    }

    sw_ws_connection* raw;
    Connection* previous = nullptr;
    Connection* next = nullptr;
    const sw_executor* home;
    std::vector<StreamTopicPtr> topics = {};
    std::unique_ptr<More> more = {};
    std::shared_ptr<const Context> who = {};
    std::uint32_t paid_at_ms = 0;  // when its commands will have been paid for
    bool is_admin = false;
    bool sees_streams = false;
    bool is_extended = false;
    bool is_told = false;  // to come back; under the hub's mutex
};

}  // namespace streamwall::hub
