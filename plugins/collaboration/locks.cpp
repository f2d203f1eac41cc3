#include "locks.hpp"

#include <streamwall/model/rfc3339.hpp>

#include <boost/json.hpp>

#include <chrono>
#include <utility>

namespace streamwall::collaboration {

namespace {

namespace bj = boost::json;
constexpr int kTries = 4;

bj::object to_record(const Lock& lock) {
    return {{"cell_id", lock.cell.id()},
            {"resource", lock.cell.place.resource},
            {"resource_id", lock.cell.place.resource_id},
            {"field", lock.cell.field},
            {"owner", lock.owner},
            {"user_type", lock.person.type},
            {"user_id", lock.person.id},
            {"user_name", lock.person.name},
            {"user_color", lock.person.color},
            {"expires_ms", lock.expires_ms}};
}

Lock from_record(const bj::object& record) {
    const auto text = [&](std::string_view name) {
        return std::string(records::text_at(record, name));
    };
    return {{{text("resource"), text("resource_id")}, text("field")},
            text("owner"),
            {text("user_type"), text("user_id"), text("user_name"), text("user_color"),
             Role::kCollaborator},
            records::number_at(record, "expires_ms"),
            records::number_at(record, "id"),
            records::number_at(record, "version")};
}

bj::object key_of(const Lock& lock) {
    return {{"id", lock.record_id}, {"version", lock.version}};
}

// Of a change that came too late: somebody else has changed the record.
bool is_beaten(const Error& error) {
    return error.code == SW_ABORTED || error.code == SW_NOT_FOUND ||
           error.code == SW_ALREADY_EXISTS;
}

}  // namespace

std::string render_time(std::int64_t wall_ms) {
    return model::format_time(model::UtcTime(std::chrono::milliseconds(wall_ms)));
}

bj::object describe(const Lock& lock, std::string_view action) {
    bj::object out{{"action", action}};
    describe(lock.person, out);
    describe(lock.cell, out);
    out["expires_at"] = render_time(lock.expires_ms);
    return out;
}

Task<Result<>> Locks::load() {
    bj::object request{{"collection", kCollection}, {"limit", 1'000}};
    for (;;) {
        auto page = co_await store_.query(request, plugin_.host().own_context());
        if (!page) co_return std::move(page).error();
        for (const auto& record : page->at("records").as_array()) {
            auto lock = from_record(record.as_object());
            locks_.insert_or_assign(lock.cell.id(), std::move(lock));
        }
        const auto& next = page->at("next_cursor");
        if (!next.is_string()) co_return ok();
        request["cursor"] = next;
    }
}

void Locks::keep(Lock lock, const bj::value& record) {
    lock.record_id = records::number_at(record.as_object(), "id");
    lock.version = records::number_at(record.as_object(), "version");
    locks_.insert_or_assign(lock.cell.id(), std::move(lock));
}

Task<Result<Locks::Outcome>> Locks::lock(Cell cell, std::string owner, Person person) {
    const auto id = cell.id();
    for (int tries = 0; tries < kTries; ++tries) {
        Lock wanted{cell, owner, person, plugin_.host().wall_ms() + kTtlMs};
        Result<> done;
        if (const auto known = locks_.find(id); known != locks_.end()) {
            const auto& lock = known->second;
            if (lock.owner != owner && !is_over(lock)) co_return Outcome{false, lock};
            done = co_await take_over(lock, wanted);
        } else {
            done = co_await insert(wanted);
        }
        if (done) {
            const auto mine = locks_.find(id);
            if (mine == locks_.end()) continue;  // it expired or was given back meanwhile
            co_return Outcome{mine->second.owner == owner, mine->second};
        }
        if (!is_beaten(done.error())) co_return std::move(done).error();
        auto learned = co_await learn(id);
        if (!learned) co_return std::move(learned).error();
    }
    co_return Error::unavailable("too many ask for this cell at the same time");
}

Task<Result<>> Locks::insert(Lock lock) {
    bj::array changes{records::change::insert(kCollection, to_record(lock))};
    auto results = co_await store_.apply(std::move(changes), plugin_.host().own_context());
    if (!results) co_return std::move(results).error();
    keep(std::move(lock), results->at(0));
    co_return ok();
}

Task<Result<>> Locks::take_over(Lock known, Lock lock) {
    bj::array changes{records::change::update(kCollection, key_of(known), to_record(lock))};
    auto results = co_await store_.apply(std::move(changes), plugin_.host().own_context());
    if (!results) co_return std::move(results).error();
    keep(std::move(lock), results->at(0));
    co_return ok();
}

// What the store says of a cell, where that is not what was known.
Task<Result<>> Locks::learn(std::string cell_id) {
    auto record =
        co_await store_.find(kCollection, "cell_id", cell_id, plugin_.host().own_context());
    if (!record) co_return std::move(record).error();
    if (*record)
        locks_.insert_or_assign(cell_id, from_record(**record));
    else
        locks_.erase(cell_id);
    co_return ok();
}

Task<Result<std::optional<Lock>>> Locks::unlock(std::string cell_id, std::string owner) {
    using Held = std::optional<Lock>;
    const auto known = locks_.find(cell_id);
    if (known == locks_.end()) co_return Held();
    if (!owner.empty() && known->second.owner != owner) co_return Held();
    auto lock = known->second;
    bj::array changes{records::change::erase(kCollection, key_of(lock))};
    auto results = co_await store_.apply(std::move(changes), plugin_.host().own_context());
    if (!results && !is_beaten(results.error())) co_return std::move(results).error();
    if (!results) {  // renewed meanwhile, or another instance has it now
        auto learned = co_await learn(cell_id);
        if (!learned) co_return std::move(learned).error();
        co_return Held();
    }
    const auto still = locks_.find(cell_id);
    if (still != locks_.end() && still->second.version == lock.version) locks_.erase(still);
    co_return Held(std::move(lock));
}

std::vector<std::string> Locks::held_by(std::string_view owner) const {
    std::vector<std::string> out;
    for (const auto& [id, lock] : locks_) {
        if (lock.owner == owner) out.push_back(id);
    }
    return out;
}

std::vector<std::string> Locks::expired() const {
    std::vector<std::string> out;
    for (const auto& [id, lock] : locks_) {
        if (is_over(lock)) out.push_back(id);
    }
    return out;
}

const Lock* Locks::find(const std::string& cell_id) const {
    const auto known = locks_.find(cell_id);
    return known == locks_.end() || is_over(known->second) ? nullptr : &known->second;
}

std::vector<const Lock*> Locks::within(const Place& place) const {
    std::vector<const Lock*> out;
    for (const auto& [id, lock] : locks_) {
        if (place.covers(lock.cell.place) && !is_over(lock)) out.push_back(&lock);
    }
    return out;
}

}  // namespace streamwall::collaboration
