#include "sqlite-store/apply_job.hpp"

#include "sqlite-store/conflict.hpp"
#include "storage-sql/replies.hpp"

namespace streamwall::sqlite {
namespace {

using storage::RecordChange;

constexpr std::size_t kUsualRecordSize = 1000;
constexpr std::size_t kEventResultSize = 120;

// Nothing matched: either the record is gone, or it has another version.
storage::Error missed(Connection& database, const RecordChange& change) {
    auto cursor = database.prepare(change.collection->select_by_id());
    cursor.bind(1, change.id);
    if (!cursor.step()) return storage::no_record(change);
    const auto version = cursor.integer(change.collection->columns().size() - 1);
    return storage::other_version(change, version);
}

}  // namespace

Answer ApplyJob::run(Batch& batch) {
    std::vector<Outcome> outcomes(list_.changes.size());
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
        storage::Result<void> done;
        if (const auto* record = std::get_if<RecordChange>(&list_.changes[i])) {
            done = change_record(batch, *record, outcomes[i]);
        } else if (const auto* inbox = std::get_if<storage::InboxChange>(&list_.changes[i])) {
            done = pass_inbox(batch, *inbox);
        }
        if (!done) {
            return std::unexpected(storage::at_change(std::move(done).error(), i, outcomes.size()));
        }
    }
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
        if (const auto* event = std::get_if<storage::EventChange>(&list_.changes[i])) {
            write_event(batch, *event, outcomes, outcomes[i]);
        }
    }
    return render(batch, outcomes);
}

// The record of the row that `cursor` is on.
void ApplyJob::take_record(const RecordChange& change, const Cursor& cursor, Outcome& outcome) {
    std::string text;
    text.reserve(kUsualRecordSize);
    storage::append_record(text, *change.collection, cursor);
    outcome.id = cursor.integer(0);
    outcome.record = std::make_shared<const std::string>(std::move(text));
}

storage::Result<void> ApplyJob::change_record(Batch& batch, const RecordChange& change,
                                              Outcome& outcome) {
    try {
        auto cursor = batch.database.prepare(change.statement.sql);
        cursor.bind_all(change.statement.values, batch.now_ms);
        if (change.kind == RecordChange::Kind::kUpdate) {
            cursor.finish();
            if (batch.database.changes() == 0) {
                return std::unexpected(missed(batch.database, change));
            }
            read_updated(batch, change, outcome);
        } else {
            if (!cursor.step()) return std::unexpected(missed(batch.database, change));
            take_record(change, cursor, outcome);
            cursor.finish();
        }
    } catch (const Failure& failure) {
        if (!failure.is_unique_conflict()) throw;
        return std::unexpected(unique_conflict(batch.database, change, failure.what()));
    }
    const bool deleted = change.kind == RecordChange::Kind::kDelete;
    batch.records.push_back({change.collection, outcome.id, deleted ? nullptr : outcome.record});
    return {};
}

// The row had the version that the change names, so what the cache holds of that version was its
// record: reading the row again costs as much as changing it.
void ApplyJob::read_updated(Batch& batch, const RecordChange& change, Outcome& outcome) {
    if (change.version) {
        const auto before = batch.cache.find(change.collection->name(), change.id);
        auto after = before ? storage::updated_record(*before, *change.collection, *change.version,
                                                      change.fields, batch.now_ms)
                            : std::nullopt;
        if (after) {
            outcome.id = change.id;
            outcome.record = std::make_shared<const std::string>(std::move(*after));
            return;
        }
    }
    auto row = batch.database.prepare(change.collection->select_by_id());
    row.bind(1, change.id).step();
    take_record(change, row, outcome);
}

storage::Result<void> ApplyJob::pass_inbox(Batch& batch, const storage::InboxChange& change) {
    auto cursor = batch.database.prepare(
        "INSERT INTO inbox (consumer, event_id, seen_at) VALUES (?, ?, ?)"
        " ON CONFLICT (consumer, event_id) DO NOTHING");
    cursor.bind(1, change.consumer).bind(2, change.event_id).bind(3, batch.now_ms).finish();
    if (batch.database.changes() > 0) return {};
    return std::unexpected(storage::inbox_seen(change));
}

void ApplyJob::write_event(Batch& batch, const storage::EventChange& change,
                           const std::vector<Outcome>& outcomes, Outcome& outcome) {
    WrittenEvent event;
    event.sequence = ++batch.last_sequence;
    event.id = storage::event_id(batch.epoch, event.sequence);
    event.type = change.type;
    event.version = change.version;
    event.changes = change.changes;
    event.metadata = metadata_;
    event.origin = &origin_;
    if (change.record) {
        event.record = outcomes[*change.record].record;
        event.data = *event.record;
        event.subject = storage::fill_subject(change.subject, outcomes[*change.record].id);
    } else {
        event.data = change.data;
        event.subject = change.subject;
    }
    auto cursor = batch.database.prepare(
        "INSERT INTO events (sequence, type, subject, id, version, timestamp, producer, changes,"
        " metadata, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    cursor.bind(1, event.sequence).bind(2, event.type).bind(3, std::string_view(event.subject));
    cursor.bind(4, std::string_view(event.id)).bind(5, event.version).bind(6, batch.now_ms);
    cursor.bind(7, std::string_view(origin_.producer));
    if (!event.changes.empty()) cursor.bind(8, event.changes);
    cursor.bind(9, event.metadata).bind(10, event.data).finish();
    outcome.event = batch.events.size();
    batch.events.push_back(std::move(event));
}

std::string ApplyJob::render(const Batch& batch, const std::vector<Outcome>& outcomes) const {
    std::size_t size = 16;
    for (const auto& outcome : outcomes)
        size += outcome.record ? outcome.record->size() + 1 : kEventResultSize;
    std::string reply;
    reply.reserve(size);
    reply += R"({"results":[)";
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
        if (i > 0) reply += ',';
        if (outcomes[i].record) {
            reply += *outcomes[i].record;
        } else if (std::holds_alternative<storage::EventChange>(list_.changes[i])) {
            storage::append_event_result(reply, batch.epoch,
                                         batch.events[outcomes[i].event].sequence);
        } else {
            reply += "{}";
        }
    }
    reply += "]}";
    return reply;
}

}  // namespace streamwall::sqlite
