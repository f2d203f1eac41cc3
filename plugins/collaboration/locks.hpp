// Who edits which cell. One connection holds a cell for 30 seconds, longer where it is used.
//
// A lock is a record of the store, under a unique key: however many instances and nodes ask at the
// same time, one gets it. What is in memory is what this instance knows of them.
#pragma once

#include "person.hpp"
#include "place.hpp"

#include <streamwall/records/store.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace streamwall::collaboration {

struct Lock {
    Cell cell;
    std::string owner;  // a connection's subscription
    Person person;
    std::int64_t expires_ms = 0;
    std::int64_t record_id = 0;
    std::int64_t version = 0;
};

// {"action",…} with cell, holder and expires_at.
boost::json::object describe(const Lock& lock, std::string_view action);

// All on the plugin's strand.
class Locks {
  public:
    static constexpr std::int64_t kTtlMs = 30'000;
    static constexpr std::string_view kCollection = "collaboration_locks";
    static constexpr std::string_view kDeclaration = R"({"name":"collaboration_locks","fields":[
{"name":"cell_id","type":"text"},{"name":"resource","type":"text"},
{"name":"resource_id","type":"text"},{"name":"field","type":"text"},
{"name":"owner","type":"text"},{"name":"user_type","type":"text"},
{"name":"user_id","type":"text"},{"name":"user_name","type":"text"},
{"name":"user_color","type":"text"},{"name":"expires_ms","type":"integer"}],
"unique":[{"name":"cell_id","fields":["cell_id"]}],"indexes":[]})";

    Locks(PluginBase& plugin, records::Store& store) : plugin_(plugin), store_(store) {}

    // Reads what an earlier run has left.
    Task<Result<>> load();

    struct Outcome {
        bool granted = false;
        Lock lock;  // where it is not granted: of who holds the cell
    };
    // Gets or renews.
    Task<Result<Outcome>> lock(Cell cell, std::string owner, Person person);
    // What was held; nothing where it is not this owner's. An empty owner is anybody.
    Task<Result<std::optional<Lock>>> unlock(std::string cell_id, std::string owner);
    // The ids of cells that `owner` holds, and of those whose time is over.
    std::vector<std::string> held_by(std::string_view owner) const;
    std::vector<std::string> expired() const;
    // Null where nobody holds it now.
    const Lock* find(const std::string& cell_id) const;
    std::vector<const Lock*> within(const Place& place) const;

  private:
    bool is_over(const Lock& lock) const { return lock.expires_ms <= plugin_.host().wall_ms(); }
    Task<Result<>> insert(Lock lock);
    Task<Result<>> take_over(Lock known, Lock lock);
    Task<Result<>> learn(std::string cell_id);
    void keep(Lock lock, const boost::json::value& record);

    PluginBase& plugin_;
    records::Store& store_;
    std::map<std::string, Lock> locks_;  // by cell id
};

// RFC 3339, UTC, milliseconds.
std::string render_time(std::int64_t wall_ms);

}  // namespace streamwall::collaboration
