// What is shared by the parts of Rooms: a channel with its members, and a message for them.
#pragma once

#include <streamwall/rooms/rooms.hpp>

#include <streamwall/sdk/json.hpp>
#include <streamwall/sdk/json_scan.hpp>

#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace streamwall::rooms {

// Under the mutex of Rooms, but for the name.
struct RoomChannel {
    std::string name;
    std::unordered_map<std::string_view, RoomMemberPtr> members;  // by their ids
    std::unordered_map<std::string, std::set<RoomMember*>> rooms;
    std::size_t waiting = 0;                         // admissions that are awaited
    bool is_known = false;                           // to be a plugin's
    std::vector<std::weak_ptr<RoomMember>> put_off;  // to be admitted once the plugin is there
    std::deque<std::string> recent;                  // messages that came meanwhile
    std::size_t recent_bytes = 0;
    std::string lost_owner;  // of the newest message that `recent` had no room for
    std::uint64_t lost_position = 0;
    std::string owner;          // the run that admitted last
    bool is_new_run = false;    // it admitted somebody first of all, and others are still another's
    std::uint64_t renewed = 0;  // the tick at which that was so last
    int mismatches = 0;         // in a row, of what the hub has with what the plugin knows
    bool is_asked = false;      // whether it is still there
    int unanswered = 0;         // ticks since then
};

// A member that holds text; empty where there is none. What our own side writes of these holds no
// escapes, but for room names.
std::string find_text(std::string_view object, std::string_view name);
std::set<std::string> find_texts(std::string_view object, std::string_view name);

void move_to_rooms(RoomMember& member, std::set<std::string> rooms);

// A message, looked at once for all its receivers.
struct Rooms::Sent {
    explicit Sent(std::string_view text)
        : owner(find_text(text, "owner")),
          position(json::to_integer(json::find_member(text, "position"))),
          room(find_text(text, "room")),
          to(find_text(text, "to")),
          except(find_text(text, "except")),
          message(json::find_member(text, "message")) {
        if (to.empty() || json::find_member(text, "rooms").empty()) return;
        rooms = find_texts(text, "rooms");
    }
    // Whether it came behind the member's admission and is meant for it.
    bool is_for(const RoomMember& member) const {
        if (!member.is_confirmed || !position) return false;
        const bool is_known = static_cast<std::uint64_t>(*position) <= member.position;
        if (is_known && owner == member.owner) return false;
        if (!to.empty()) return to == member.id;
        return except != member.id && member.rooms.contains(room);
    }

    const std::string owner;
    const std::optional<std::int64_t> position;
    const std::string room, to, except;
    const std::string_view message;              // empty: none
    std::optional<std::set<std::string>> rooms;  // that `to` is in from now on
};

}  // namespace streamwall::rooms
