#include "presence.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <utility>

namespace streamwall::collaboration {

bool Presence::sit(const std::string& member, const std::string& room, const Place& place,
                   const Person& person, std::int64_t now_ms) {
    auto& session = sessions_[room];
    session.place = place;
    auto& present = session.people[person.key()];
    const bool is_new = present.members.empty();
    present.person = person;
    present.members.insert(member);
    present.active_ms = now_ms;
    present.is_stale = false;
    seats_.insert_or_assign(member, Seat{room, person, kBurst, now_ms});
    return is_new;
}

std::optional<Presence::Left> Presence::leave(const std::string& member) {
    auto seat = seats_.extract(member);
    if (!seat) return std::nullopt;
    Left out{std::move(seat.mapped()), false};
    const auto session = sessions_.find(out.seat.room);
    if (session == sessions_.end()) return out;
    const auto present = session->second.people.find(out.seat.person.key());
    if (present == session->second.people.end()) return out;
    present->second.members.erase(member);
    if (!present->second.members.empty()) return out;
    out.was_last = true;
    session->second.people.erase(present);
    if (session->second.people.empty()) sessions_.erase(session);
    return out;
}

Seat* Presence::find(const std::string& member) {
    const auto found = seats_.find(member);
    return found == seats_.end() ? nullptr : &found->second;
}

bool Presence::count_action(const std::string& member, std::int64_t now_ms) {
    auto* seat = find(member);
    if (seat == nullptr) return false;
    const auto passed = static_cast<double>(std::max<std::int64_t>(0, now_ms - seat->credit_at_ms));
    seat->credit = std::min(kBurst, seat->credit + passed * kActionsPerSecond / 1'000);
    seat->credit_at_ms = now_ms;
    if (seat->credit < 1) return false;
    seat->credit -= 1;
    return true;
}

bool Presence::touch(const std::string& member, std::int64_t now_ms) {
    const auto* seat = find(member);
    if (seat == nullptr) return false;
    const auto session = sessions_.find(seat->room);
    if (session == sessions_.end()) return false;
    const auto present = session->second.people.find(seat->person.key());
    if (present == session->second.people.end()) return false;
    present->second.active_ms = now_ms;
    return std::exchange(present->second.is_stale, false);
}

std::vector<std::string> Presence::grow_stale(std::int64_t now_ms) {
    std::vector<std::string> out;
    for (auto& [room, session] : sessions_) {
        bool has_changed = false;
        for (auto& [key, present] : session.people) {
            if (present.is_stale || now_ms - present.active_ms < kStaleMs) continue;
            present.is_stale = has_changed = true;
        }
        if (has_changed) out.push_back(room);
    }
    return out;
}

boost::json::array Presence::list(const std::string& room) const {
    boost::json::array out;
    const auto session = sessions_.find(room);
    if (session == sessions_.end()) return out;
    for (const auto& [key, present] : session->second.people) {
        boost::json::object entry;
        describe(present.person, entry);
        entry["role"] = name_of(present.person.role);
        entry["inactive"] = present.is_stale;
        entry["connections"] = present.members.size();
        out.push_back(std::move(entry));
    }
    return out;
}

std::vector<std::string> Presence::rooms_about(const Place& place) const {
    std::vector<std::string> out;
    for (const auto& [room, session] : sessions_) {
        if (session.place.covers(place)) out.push_back(room);
    }
    return out;
}

std::size_t Presence::people(const std::string& room) const {
    const auto session = sessions_.find(room);
    return session == sessions_.end() ? 0 : session->second.people.size();
}

std::size_t Presence::connections(const std::string& room) const {
    std::size_t count = 0;
    const auto session = sessions_.find(room);
    if (session == sessions_.end()) return count;
    for (const auto& [key, present] : session->second.people)
        count += present.members.size();
    return count;
}

const Place* Presence::place_of(const std::string& room) const {
    const auto session = sessions_.find(room);
    return session == sessions_.end() ? nullptr : &session->second.place;
}

}  // namespace streamwall::collaboration
