#include "presence.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <utility>

namespace streamwall::collaboration {

namespace bj = boost::json;

bool Presence::sit(const std::string& member, const std::string& room, const Place& place,
                   const Person& person, std::int64_t now_ms) {
    auto& session = sessions_[room];
    session.place = place;
    auto& present = session.people[person.key()];
    const bool is_new = present.members.empty();
    present.person = person;
    present.members.insert(member);
    if (expected_.erase(member) == 0) {
        present.active_ms = std::max(present.active_ms, now_ms);
        present.is_stale = false;
    }
    changed_.insert(room);
    seats_.insert_or_assign(member, Seat{room, person, kBurst, now_ms});
    return is_new;
}

std::optional<Presence::Left> Presence::leave(const std::string& member) {
    auto seat = seats_.extract(member);
    if (!seat) return std::nullopt;
    Left out{std::move(seat.mapped()), false};
    expected_.erase(member);
    changed_.insert(out.seat.room);
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

bj::array Presence::list(const std::string& room) const {
    bj::array out;
    const auto session = sessions_.find(room);
    if (session == sessions_.end()) return out;
    for (const auto& [key, present] : session->second.people) {
        bj::object entry;
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

std::vector<std::string> Presence::rooms() const {
    std::vector<std::string> out;
    for (const auto& [room, session] : sessions_)
        out.push_back(room);
    return out;
}

bj::object Presence::save(const std::string& room) const {
    const auto& session = sessions_.at(room);
    bj::array people;
    for (const auto& [key, present] : session.people) {
        const auto& person = present.person;
        people.push_back(bj::object{{"type", person.type},
                                    {"id", person.id},
                                    {"name", person.name},
                                    {"color", person.color},
                                    {"role", name_of(person.role)},
                                    {"active_ms", present.active_ms},
                                    {"members", bj::value_from(present.members)}});
    }
    return {{"room", room},
            {"resource", session.place.resource},
            {"resource_id", session.place.resource_id},
            {"people", std::move(people)}};
}

void Presence::restore(const bj::object& saved) {
    const std::string room(saved.at("room").as_string());
    const Place place{std::string(saved.at("resource").as_string()),
                      std::string(saved.at("resource_id").as_string())};
    for (const auto& item : saved.at("people").as_array()) {
        const auto& from = item.as_object();
        const auto text = [&](const char* name) { return std::string(from.at(name).as_string()); };
        const Person person{text("type"), text("id"), text("name"), text("color"),
                            role_of(text("role"))};
        for (const auto& member : from.at("members").as_array()) {
            const std::string id(member.as_string());
            if (seats_.contains(id)) continue;
            sit(id, room, place, person, from.at("active_ms").as_int64());
            expected_.insert(id);
        }
    }
}

const Place* Presence::place_of(const std::string& room) const {
    const auto session = sessions_.find(room);
    return session == sessions_.end() ? nullptr : &session->second.place;
}

}  // namespace streamwall::collaboration
