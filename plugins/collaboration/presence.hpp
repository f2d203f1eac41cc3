// Who is where: the sessions that somebody takes part in, and everybody's connections.
#pragma once

#include "person.hpp"
#include "place.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace streamwall::collaboration {

// One connection's part in a session.
struct Seat {
    std::string room;  // names the session
    Person person;
    double credit = 0;  // actions that it may send at once
    std::int64_t credit_at_ms = 0;
};

// Not thread-safe. Times are milliseconds of any one clock.
class Presence {
  public:
    static constexpr std::int64_t kStaleMs = 600'000;
    static constexpr double kActionsPerSecond = 40;
    static constexpr double kBurst = 80;

    // True where the person was not in the session before. Whoever was expected to come again is as
    // active as before.
    bool sit(const std::string& member, const std::string& room, const Place& place,
             const Person& person, std::int64_t now_ms);
    // The seat it had, and whether that was the person's last one in the session.
    struct Left {
        Seat seat;
        bool was_last = false;
    };
    std::optional<Left> leave(const std::string& member);
    Seat* find(const std::string& member);
    // False where the member sends too much.
    bool count_action(const std::string& member, std::int64_t now_ms);

    // Somebody has done something; true where that ends its staleness.
    bool touch(const std::string& member, std::int64_t now_ms);
    // The sessions in which somebody has become stale since this was asked last.
    std::vector<std::string> grow_stale(std::int64_t now_ms);

    // [{"user_id","user_name","user_color","role","inactive","connections"}] by id.
    boost::json::array list(const std::string& room) const;
    // The sessions that hear of what happens at a place.
    std::vector<std::string> rooms_about(const Place& place) const;
    const Place* place_of(const std::string& room) const;
    std::size_t people(const std::string& room) const;
    std::size_t connections(const std::string& room) const;

    // What an earlier run knew of one session, as JSON, see kept_presence.hpp. Its members are
    // there and expected to sit down again; those that have are left as they are.
    boost::json::object save(const std::string& room) const;
    void restore(const boost::json::object& saved);
    // Members that have not sat down since they were restored.
    std::vector<std::string> expected() const { return {expected_.begin(), expected_.end()}; }
    std::vector<std::string> rooms() const;
    // Those that somebody has come to or gone from since this was asked last.
    std::set<std::string> take_changed() { return std::exchange(changed_, {}); }

  private:
    struct Present {
        Person person;
        std::set<std::string> members;
        std::int64_t active_ms = 0;
        bool is_stale = false;
    };
    struct Session {
        Place place;
        std::map<std::string, Present> people;  // by key
    };
    std::map<std::string, Session> sessions_;  // by room
    std::map<std::string, Seat> seats_;        // by member
    std::set<std::string> expected_;
    std::set<std::string> changed_;
};

}  // namespace streamwall::collaboration
