#include "small_jobs.hpp"

#include <algorithm>

#include "schema.hpp"
#include "storage-sql/time_text.hpp"

namespace streamwall::sqlite {
namespace {

constexpr std::int64_t kMsPerDay = 86'400'000;
constexpr std::int64_t kInboxDays = 7;
constexpr std::int64_t kRowsATime = 5000;

}  // namespace

Answer DeclareJob::run(Batch& batch) {
    storage::Schema schema = *batch.schema;
    bool changed = false;
    for (const auto& declared : collections_) {
        const auto known = std::ranges::find_if(
            schema, [&](const auto& one) { return one->name() == declared->name(); });
        storage::CollectionPtr result = declared;
        if (known != schema.end()) {
            auto merged = storage::Collection::merge(storage::sqlite_dialect(), **known, *declared);
            if (!merged) return std::unexpected(merged.error());
            if ((*merged)->declaration() == (*known)->declaration()) continue;
            result = std::move(*merged);
        }
        const auto* stored = known == schema.end() ? nullptr : known->get();
        if (auto done = store_collection(batch.database, stored, *result); !done) {
            return std::unexpected(done.error());
        }
        changed = true;
        if (known == schema.end()) {
            schema.push_back(std::move(result));
        } else {
            *known = std::move(result);
        }
    }
    if (changed) batch.schema = std::make_shared<const storage::Schema>(std::move(schema));
    return "{}";
}

storage::Result<std::unique_ptr<DeadLetterAddJob>> DeadLetterAddJob::parse(
    std::unique_ptr<storage::Document> document) {
    const auto& root = document->root();
    auto job = std::make_unique<DeadLetterAddJob>();
    job->name_ = storage::text_member(root, "name");
    if (job->name_.empty()) return storage::invalid("name", "a dead letter needs a \"name\"");
    const auto* event = root.if_contains("event");
    if (event != nullptr && event->is_object()) {
        job->event_id_ = storage::text_member(event->get_object(), "id");
    }
    if (job->event_id_.empty()) {
        return storage::invalid("event", "a dead letter needs an \"event\" with its \"id\"");
    }
    job->event_ = storage::compact(storage::raw_member(document->text(), "event"));
    const auto* error = root.if_contains("error");
    if (error == nullptr || !error->is_object()) {
        return storage::invalid("error", "a dead letter needs an \"error\", an object");
    }
    job->error_ = storage::compact(storage::raw_member(document->text(), "error"));
    const auto* attempts = root.if_contains("attempts");
    if (attempts == nullptr || !attempts->is_int64()) {
        return storage::invalid("attempts", "\"attempts\" is an integer");
    }
    job->attempts_ = attempts->get_int64();
    return job;
}

Answer DeadLetterAddJob::run(Batch& batch) {
    auto insert = batch.database.prepare(
        "INSERT INTO dead_letters (name, event_id, event, error, attempts, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (name, event_id) DO NOTHING");
    insert.bind(1, std::string_view(name_)).bind(2, std::string_view(event_id_));
    insert.bind(3, std::string_view(event_)).bind(4, std::string_view(error_));
    insert.bind(5, attempts_).bind(6, batch.now_ms).finish();
    auto select =
        batch.database.prepare("SELECT id FROM dead_letters WHERE name = ? AND event_id = ?");
    select.bind(1, std::string_view(name_)).bind(2, std::string_view(event_id_)).step();
    std::string reply = R"({"id":)";
    storage::append_integer(reply, select.integer(0));
    return reply + "}";
}

Answer DeadLetterTakeJob::run(Batch& batch) {
    auto cursor = batch.database.prepare("DELETE FROM dead_letters WHERE id = ? RETURNING " +
                                         std::string(kDeadLetterColumns));
    cursor.bind(1, id_);
    if (!cursor.step()) {
        return std::unexpected(storage::Error{
            storage::Code::kNotFound, "no dead letter " + std::to_string(id_), "id", {}});
    }
    std::string reply;
    append_dead_letter(reply, cursor);
    cursor.finish();
    return reply;
}

void append_dead_letter(std::string& out, const storage::Row& row) {
    out += R"({"id":)";
    storage::append_integer(out, row.integer(0));
    out += R"(,"name":)";
    storage::append_json_string(out, row.text(1));
    out += R"(,"event":)";
    out += row.text(2);
    out += R"(,"error":)";
    out += row.text(3);
    out += R"(,"attempts":)";
    storage::append_integer(out, row.integer(4));
    out += R"(,"created_at":")";
    storage::append_time(out, row.integer(5));
    out += "\"}";
}

// The highest sequence that is to go.
std::int64_t TrimJob::cut(Batch& batch) const {
    std::int64_t cut = 0;
    if (keep_events_) cut = batch.last_sequence - *keep_events_;
    if (keep_days_) {
        // Times don't go back along the journal, so the first young event ends the old ones.
        auto cursor = batch.database.prepare(
            "SELECT sequence FROM events WHERE timestamp >= ? ORDER BY sequence LIMIT 1");
        cursor.bind(1, batch.now_ms - *keep_days_ * kMsPerDay);
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
    std::string reply = R"({"removed":)";
    storage::append_integer(reply, through - *began_behind_);  // there are no gaps
    reply += R"(,"first":)";
    storage::append_integer(reply, through + 1);
    return reply + "}";
}

void TrimJob::trim_inbox(Batch& batch) {
    std::int64_t old = 0;
    {
        // Entries are numbered as they come; the oldest are looked at until a young one is met.
        auto cursor =
            batch.database.prepare("SELECT number, seen_at FROM inbox ORDER BY number LIMIT ?");
        cursor.bind(1, kRowsATime);
        while (cursor.step() && cursor.integer(1) < batch.now_ms - kInboxDays * kMsPerDay) {
            old = cursor.integer(0);
        }
    }
    if (old == 0) return;
    auto remove = batch.database.prepare("DELETE FROM inbox WHERE number <= ?");
    remove.bind(1, old).finish();
}

}  // namespace streamwall::sqlite
