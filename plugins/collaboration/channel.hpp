// CollaborationChannel, and CollaborativeStreamsChannel for those who know it by its older name:
// sessions on a resource, or ones that were made for the purpose.
//
// All messages and actions: README.md. Everything is on the plugin's strand. What one connection
// asks for cells is done in the order in which it asks.
#pragma once

#include "kept_presence.hpp"
#include "locks.hpp"
#include "person.hpp"
#include "place.hpp"
#include "presence.hpp"
#include "texts.hpp"

#include <streamwall/records/store.hpp>
#include <streamwall/sdk/rooms.hpp>

#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>

namespace streamwall::collaboration {

inline constexpr std::string_view kSessions = "collaboration_sessions";
inline constexpr std::string_view kSessionsDeclaration =
    R"({"name":"collaboration_sessions","fields":[
{"name":"key","type":"text"},{"name":"resource","type":"text"},
{"name":"resource_id","type":"text"},{"name":"title","type":"text"},
{"name":"created_by","type":"text"}],
"unique":[{"name":"key","fields":["key"]}],"indexes":[]})";
// Begins the room of a session that was made for the purpose; its key follows.
inline constexpr std::string_view kOwnSession = "session/";

class CollaborationChannel {
  public:
    CollaborationChannel(PluginBase& plugin, records::Store& store, Tasks& tasks)
        : plugin_(plugin), store_(store), tasks_(tasks) {}

    // Once the store knows its collections.
    Task<Result<>> open();

    // For those who have no connection: `owner` stands for one.
    Task<Result<Locks::Outcome>> lock(Cell cell, std::string owner, Person person);
    // Whether it was the owner's; where it is somebody else's, that lock.
    struct Unlocked {
        bool done = false;
        std::optional<Lock> held;
    };
    Task<Result<Unlocked>> unlock(Cell cell, std::string owner);
    // To all connections at the place, or in one session where its `room` is given; those of `except`
    // are left out. How many they were.
    std::size_t announce(const Place& place, const boost::json::object& message,
                         std::string_view except, std::string_view room = {});

  private:
    using Object = boost::json::object;
    struct Asked;
    struct Action;
    static const Action* find_action(std::string_view name);

    Result<> open(rooms::Channel& channel);
    void enter(rooms::Channel& channel, rooms::Entry entry);
    Task<> enter_session(rooms::Entry entry, std::string key);
    void admit(rooms::Entry entry, std::string room, Place place, Person person);
    Result<> receive(rooms::Member& member, const Object& data, const sw_context& context);
    void leave(const std::string& member);
    void tick();

    Result<> ping(const Asked& asked);
    Result<> chat(const Asked& asked);
    Result<> set_status(const Asked& asked);
    Result<> move_cursor(const Asked& asked);
    Result<> announce_here(const Asked& asked);
    Result<> lock_cell(const Asked& asked);
    Result<> unlock_cell(const Asked& asked);
    Result<> update_cell(const Asked& asked);
    Result<> open_text(const Asked& asked);
    Result<> edit_text(const Asked& asked);

    // One piece of work after the other for each member.
    using Work = std::function<Task<>()>;
    void queue(const std::string& member, Work work);
    Task<> drain(std::string member);
    Task<> lock_for(std::string member, Cell cell, Person person);
    Task<> unlock_for(std::string member, Cell cell, bool is_owner);
    Task<> update_for(std::string member, Cell cell, Person person, Object data, Context context);
    Task<> release_all(std::string member);
    Task<> expire(std::string cell_id);
    Task<> send_text(std::string member, Cell cell, std::string name,
                     std::optional<std::int64_t> since);

    void deny(const std::string& member, const Lock& lock);
    void tell(const std::string& room, const Object& message, std::string_view except = {});
    // To all who are at the place, and as an event to the rest of the system.
    void tell_about(const Place& place, const Object& message);
    void publish(std::string_view type, const Place& place, Object message);
    void tell_text(const Seat& seat, const Cell& cell, const Object& message,
                   std::string_view except);
    void send(const std::string& member, const Object& message);
    void send_error(const std::string& member, const Error& error);
    Object list_people(const std::string& room) const;
    // The list to all of the session, at once where they are few, else with the next tick.
    void tell_people(const std::string& room, std::string_view except = {});
    std::string text_name(const Seat& seat, const Cell& cell) const;

    PluginBase& plugin_;
    records::Store& store_;
    Tasks& tasks_;
    Locks locks_{plugin_, store_};
    Texts texts_{plugin_, store_, tasks_};
    Presence presence_;
    KeptPresence kept_{plugin_, presence_, tasks_};
    Method update_stream_;
    std::map<std::string, std::deque<Work>> work_;  // by member
    std::set<std::string> stale_lists_;             // rooms whose people have not been told yet
    rooms::Channel channel_{plugin_, "CollaborationChannel"};
    rooms::Channel streams_{plugin_, "CollaborativeStreamsChannel"};
    Timer timer_;
};

}  // namespace streamwall::collaboration
