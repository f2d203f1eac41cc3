#include "sqlite-store/small_jobs.hpp"

#include <algorithm>

#include "sqlite-store/schema.hpp"
#include "storage-sql/replies.hpp"

namespace streamwall::sqlite {
namespace {

constexpr std::int64_t kRowsATime = 5000;

}  // namespace

Answer DeclareJob::run(Batch& batch) {
    const auto changes =
        storage::plan_changes(storage::sqlite_dialect(), *batch.schema, collections_);
    if (!changes) return std::unexpected(changes.error());
    for (const auto& change : *changes) {
        const auto done = store_collection(batch.database, change.before.get(), *change.after);
        if (!done) return std::unexpected(done.error());
    }
    if (!changes->empty()) {
        batch.schema =
            std::make_shared<const storage::Schema>(storage::with_changes(*batch.schema, *changes));
    }
    return "{}";
}

Answer DeadLetterAddJob::run(Batch& batch) {
    auto insert = batch.database.prepare(
        "INSERT INTO dead_letters (name, event_id, event, error, attempts, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (name, event_id) DO NOTHING");
    insert.bind(1, std::string_view(letter_.name)).bind(2, std::string_view(letter_.event_id));
    insert.bind(3, std::string_view(letter_.event)).bind(4, std::string_view(letter_.error));
    insert.bind(5, letter_.attempts).bind(6, batch.now_ms).finish();
    auto select =
        batch.database.prepare("SELECT id FROM dead_letters WHERE name = ? AND event_id = ?");
    select.bind(1, std::string_view(letter_.name))
        .bind(2, std::string_view(letter_.event_id))
        .step();
    std::string reply = R"({"id":)";
    storage::append_integer(reply, select.integer(0));
    return reply + "}";
}

Answer DeadLetterTakeJob::run(Batch& batch) {
    auto cursor = batch.database.prepare("DELETE FROM dead_letters WHERE id = ? RETURNING " +
                                         std::string(storage::kDeadLetterColumns));
    cursor.bind(1, id_);
    if (!cursor.step()) {
        return std::unexpected(storage::no_dead_letter(id_));
    }
    std::string reply;
    storage::append_dead_letter(reply, cursor);
    cursor.finish();
    return reply;
}

// The highest sequence that is to go.
std::int64_t TrimJob::cut(Batch& batch) const {
    std::int64_t cut = 0;
    if (bounds_.keep_events) cut = batch.last_sequence - *bounds_.keep_events;
    if (bounds_.keep_days) {
        // Times don't go back along the journal, so the first young event ends the old ones.
        auto cursor = batch.database.prepare(
            "SELECT sequence FROM events WHERE timestamp >= ? ORDER BY sequence LIMIT 1");
        cursor.bind(1, batch.now_ms - *bounds_.keep_days * storage::kMsPerDay);
        const std::int64_t first_young =
            cursor.step() ? cursor.integer(0) : batch.last_sequence + 1;
        cut = std::max(cut, first_young - 1);
    }
    return cut;
}

Answer TrimJob::run(Batch& batch) {
    trim_inbox(batch);
    const std::int64_t wanted = cut(batch);
    const std::int64_t trimmed = std::stoll(meta_text(batch.database, "trimmed"));
    if (!began_behind_) began_behind_ = trimmed;
    const std::int64_t through = std::clamp(wanted, trimmed, trimmed + kRowsATime);
    if (through > trimmed) {
        auto remove = batch.database.prepare("DELETE FROM events WHERE sequence <= ?");
        remove.bind(1, through).finish();
        set_meta(batch.database, "trimmed", std::to_string(through));
    }
    unfinished_ = through < wanted;
    // There are no gaps.
    return storage::trim_reply(through - *began_behind_, through + 1);
}

void TrimJob::trim_inbox(Batch& batch) {
    std::int64_t old = 0;
    {
        // Entries are numbered as they come; the oldest are looked at until a young one is met.
        auto cursor =
            batch.database.prepare("SELECT number, seen_at FROM inbox ORDER BY number LIMIT ?");
        cursor.bind(1, kRowsATime);
        while (cursor.step() &&
               cursor.integer(1) < batch.now_ms - storage::kInboxDays * storage::kMsPerDay) {
            old = cursor.integer(0);
        }
    }
    if (old == 0) return;
    auto remove = batch.database.prepare("DELETE FROM inbox WHERE number <= ?");
    remove.bind(1, old).finish();
}

}  // namespace streamwall::sqlite
