// Cells: locks, and values that are written through the catalog.
#include "actions.hpp"

#include <streamwall/contracts/streams.hpp>

#include <boost/json.hpp>

#include <utility>

namespace streamwall::collaboration {

namespace {

namespace bj = boost::json;
constexpr std::size_t kMaxValue = 16 * 1024;  // bytes of JSON

bj::object holder_of(const Lock& lock) {
    bj::object out;
    describe(lock.person, out);
    out["expires_at"] = render_time(lock.expires_ms);
    return out;
}

bj::object unlocked(const Lock& lock) {
    auto out = describe(lock, "cell_unlocked");
    out.erase("expires_at");
    return out;
}

std::string_view reason_of(const Error& error) {
    switch (error.code) {
        case SW_FAILED_PRECONDITION:
        case SW_ABORTED:
            return "conflict";
        case SW_NOT_FOUND:
            return "not_found";
        case SW_PERMISSION_DENIED:
            return "not_allowed";
        case SW_INVALID_ARGUMENT:
        case SW_ALREADY_EXISTS:
            return "invalid";
        default:
            return "unavailable";
    }
}

}  // namespace

void CollaborationChannel::queue(const std::string& member, Work work) {
    auto& waiting = work_[member];
    waiting.push_back(std::move(work));
    if (waiting.size() == 1) tasks_.start(drain(member));
}

Task<> CollaborationChannel::drain(std::string member) {
    auto& waiting = work_[member];  // it stays while there is work
    while (!waiting.empty()) {
        co_await waiting.front()();
        waiting.pop_front();
    }
    work_.erase(member);
}

Result<> CollaborationChannel::lock_cell(const Asked& asked) {
    auto cell = read_cell(asked.data, asked.place);
    if (!cell) return std::move(cell).error();
    queue(asked.member, [this, member = asked.member, cell = *cell, person = asked.seat.person] {
        return lock_for(member, cell, person);
    });
    return ok();
}

Task<> CollaborationChannel::lock_for(std::string member, Cell cell, Person person) {
    auto outcome = co_await lock(cell, member, person);
    if (!outcome) co_return send_error(member, outcome.error());
    if (!outcome->granted) deny(member, outcome->lock);
}

Task<Result<Locks::Outcome>> CollaborationChannel::lock(Cell cell, std::string owner,
                                                        Person person) {
    auto outcome = co_await locks_.lock(cell, owner, person);
    if (outcome && outcome->granted) {
        tell_about(cell.place, describe(outcome->lock, "cell_locked"));
    }
    co_return outcome;
}

void CollaborationChannel::deny(const std::string& member, const Lock& lock) {
    bj::object denied{{"action", "lock_denied"}, {"reason", "held"}, {"holder", holder_of(lock)}};
    describe(lock.cell, denied);
    send(member, denied);
}

Result<> CollaborationChannel::unlock_cell(const Asked& asked) {
    auto cell = read_cell(asked.data, asked.place);
    if (!cell) return std::move(cell).error();
    const bool is_owner = asked.seat.person.role == Role::kOwner;
    queue(asked.member, [this, member = asked.member, cell = *cell, is_owner] {
        return unlock_for(member, cell, is_owner);
    });
    return ok();
}

// The session's owner may free what others hold, where `force` says so.
Task<> CollaborationChannel::unlock_for(std::string member, Cell cell, bool is_owner) {
    auto done = co_await unlock(cell, member);
    if (!done) co_return send_error(member, done.error());
    if (done->done || !done->held) co_return;
    if (!is_owner) co_return deny(member, *done->held);
    const auto freed = co_await unlock(cell, "");
    if (!freed) send_error(member, freed.error());
}

Task<Result<CollaborationChannel::Unlocked>> CollaborationChannel::unlock(Cell cell,
                                                                          std::string owner) {
    auto lock = co_await locks_.unlock(cell.id(), owner);
    if (!lock) co_return std::move(lock).error();
    if (*lock) {
        tell_about(cell.place, unlocked(**lock));
        co_return Unlocked{true, std::nullopt};
    }
    const auto* held = locks_.find(cell.id());
    co_return Unlocked{false, held ? std::optional(*held) : std::nullopt};
}

Task<> CollaborationChannel::release_all(std::string member) {
    for (const auto& id : locks_.held_by(member)) {
        auto lock = co_await locks_.unlock(id, member);
        if (lock && *lock) tell_about((*lock)->cell.place, unlocked(**lock));
        if (!lock) plugin_.log().warn("collaboration.lock_kept", lock.error().message);
    }
}

Task<> CollaborationChannel::expire(std::string cell_id) {
    auto lock = co_await locks_.unlock(cell_id, "");
    if (lock && *lock) tell_about((*lock)->cell.place, unlocked(**lock));
}

Result<> CollaborationChannel::update_cell(const Asked& asked) {
    auto cell = read_cell(asked.data, asked.place);
    if (!cell) return std::move(cell).error();
    const auto* value = asked.data.if_contains("value");
    if (value == nullptr || bj::serialize(*value).size() > kMaxValue) {
        return Error::invalid("value is missing or too long", "value");
    }
    const auto* version = asked.data.if_contains("version");
    if (version && !version->is_int64()) {
        return Error::invalid("version must be a whole number", "version");
    }
    queue(asked.member, [this, member = asked.member, cell = *cell, person = asked.seat.person,
                         data = asked.data, context = as_writer(asked.context, asked.seat.person)] {
        return update_for(member, cell, person, data, context);
    });
    return ok();
}

// Whoever holds the cell goes on holding it; one that nobody holds may be written at once.
Task<> CollaborationChannel::update_for(std::string member, Cell cell, Person person, Object data,
                                        Context context) {
    const auto* held = locks_.find(cell.id());
    if (held && held->owner != member) co_return deny(member, *held);
    if (held) co_await lock_for(member, cell, person);
    Object denied{{"action", "update_denied"}};
    describe(cell, denied);
    std::int64_t id = 0;
    const auto& text = cell.place.resource_id;
    std::from_chars(text.data(), text.data() + text.size(), id);
    if (cell.place.resource != "stream" || id <= 0) {
        denied["reason"] = "not_editable";
        co_return send(member, denied);
    }
    const auto body = bj::serialize(Object{{cell.field, data.at("value")}});
    contracts::streams::Update update{.id = id, .body = body};
    if (const auto* version = data.if_contains("version")) {
        update.versions = std::vector{version->as_int64()};
    }
    const auto deadline = plugin_.host().own_context().deadline_ns();
    const auto asked = context.with_deadline(deadline);
    const auto reply =
        co_await coro::call(plugin_.services(), update_stream_, update.request(), asked.raw());
    if (!reply) {
        denied["reason"] = reason_of(reply.error());
        denied["message"] = reply.error().message;
        const auto details = json::parse_object(reply.error().details);
        if (details && details->contains("version")) denied["version"] = details->at("version");
        if (details && details->contains("errors")) denied["errors"] = details->at("errors");
        co_return send(member, denied);
    }
    const auto record = json::parse_object(reply->view());
    Object updated{{"action", "cell_updated"}};
    describe(person, updated);
    describe(cell, updated);
    const auto* stored = record ? record->if_contains(cell.field) : nullptr;
    updated["value"] = stored ? *stored : data.at("value");
    if (record) updated["version"] = record->at("version");
    tell_about(cell.place, updated);
}

}  // namespace streamwall::collaboration
