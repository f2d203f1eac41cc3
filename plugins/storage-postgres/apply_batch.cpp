#include "apply_batch.hpp"

#include <algorithm>
#include <tuple>

#include "merged_changes.hpp"
#include "storage-sql/replies.hpp"

namespace streamwall::postgres {
namespace {

using storage::EventChange;
using storage::InboxChange;
using storage::RecordChange;

// Numbers the events, and keeps note of the transaction; `head` takes the journal's row lock, which
// nobody waits for: who is here holds Lock::kJournal.
constexpr std::string_view kAddEvents =
    "WITH head AS (UPDATE journal SET last = last + $1, last_time = greatest(last_time, $2)"
    " RETURNING last - $1 AS base, last_time),"
    " mark AS (INSERT INTO writers (name, batch, written_at, base)"
    " SELECT $3::text, $4::bigint, $2, base FROM head ON CONFLICT (name) DO UPDATE"
    " SET batch = excluded.batch, written_at = excluded.written_at, base = excluded.base),"
    " added AS (INSERT INTO events"
    " (sequence, type, subject, version, timestamp, producer, changes, metadata, data)"
    " SELECT base + place, type, subject, version, last_time, producer, changes, metadata, data"
    " FROM head, unnest($6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[],"
    " $12::text[]) WITH ORDINALITY"
    " AS new (type, subject, version, producer, changes, metadata, data, place))"
    " SELECT base, last_time, pg_notify($5, (base + $1)::text) FROM head";

constexpr std::string_view kPassInbox =
    "INSERT INTO inbox (consumer, event_id, seen_at) VALUES ($1, $2, $3)"
    " ON CONFLICT (consumer, event_id) DO NOTHING";

}  // namespace

ApplyRequest::ApplyRequest(std::unique_ptr<storage::Document> document, storage::ChangeList list,
                           storage::Origin origin)
    : document_(std::move(document)),
      list_(std::move(list)),
      origin_(std::move(origin)),
      metadata_(storage::render_metadata(origin_)) {}

std::string ApplyRequest::reply(std::string_view epoch, std::int64_t base) const {
    std::size_t size = 16;
    for (const auto& outcome : outcomes)
        size += outcome.record.size() + 96;
    std::string reply;
    reply.reserve(size);
    reply += R"({"results":[)";
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
        if (i > 0) reply += ',';
        if (!outcomes[i].record.empty()) {
            reply += outcomes[i].record;
        } else if (std::holds_alternative<EventChange>(list_.changes[i])) {
            storage::append_event_result(reply, epoch,
                                         base + 1 + static_cast<std::int64_t>(outcomes[i].event));
        } else {
            reply += "{}";
        }
    }
    return reply += "]}";
}

ApplyBatch::ApplyBatch(std::vector<ApplyRequest*> requests, std::int64_t now_ms)
    : requests_(std::move(requests)), now_ms_(now_ms) {
    for (auto* request : requests_) {
        request->outcomes.assign(request->list().changes.size(), {});
        request->error.reset();
        has_rows_ = has_rows_ || request->list().fallible > 0;
    }
}

// Two instances that change the same records in opposite orders would wait for each other until the
// server ends one. So neighbours that change one record each are run by record; the order of the
// events stays that of the requests.
std::vector<std::size_t> ApplyBatch::order() const {
    std::vector<std::size_t> order(requests_.size());
    const auto key = [&](std::size_t index) {
        const auto& list = requests_[index]->list();
        for (const auto& change : list.changes) {
            const auto* record = std::get_if<RecordChange>(&change);
            if (record == nullptr || list.fallible != 1) continue;
            if (record->kind == RecordChange::Kind::kInsert) continue;
            return std::tuple(true, std::string_view(record->collection->name()), record->id);
        }
        return std::tuple(false, std::string_view(), std::int64_t{0});
    };
    for (std::size_t i = 0; i < order.size(); ++i)
        order[i] = i;
    for (auto begin = order.begin(); begin != order.end();) {
        const auto end = std::find_if(begin, order.end(),
                                      [&](std::size_t index) { return !std::get<0>(key(index)); });
        // By position last, so that changes of one record keep their order.
        std::ranges::sort(begin, end, {},
                          [&](std::size_t index) { return std::pair(key(index), index); });
        begin = end == order.end() ? end : end + 1;
    }
    return order;
}

void ApplyBatch::add_statements(Pipeline& pipeline, std::size_t request,
                                std::vector<Place>& places) const {
    const auto& changes = requests_[request]->list().changes;
    for (std::size_t i = 0; i < changes.size(); ++i) {
        if (const auto* record = std::get_if<RecordChange>(&changes[i])) {
            pipeline.add(record->statement, now_ms_);
        } else if (const auto* inbox = std::get_if<InboxChange>(&changes[i])) {
            pipeline.add_values(kPassInbox, {inbox->consumer, inbox->event_id, now_ms_});
        } else {
            continue;
        }
        places.push_back({request, i});
    }
}

std::vector<ApplyBatch::Step> ApplyBatch::add_all(Pipeline& pipeline) const {
    std::vector<Step> steps;
    std::vector<bool> is_merged(requests_.size());
    for (const auto& group : find_mergeable(requests_)) {
        std::vector<const RecordChange*> changes;
        Step& step = steps.emplace_back(Step{{}, true});
        for (const std::size_t request : group) {
            const auto place = sole_change(*requests_[request]);
            changes.push_back(place.change);
            step.places.push_back({request, place.index});
            is_merged[request] = true;
        }
        add_merged(pipeline, changes, now_ms_);
    }
    std::vector<Place> places;
    for (const std::size_t request : order()) {
        if (!is_merged[request]) add_statements(pipeline, request, places);
    }
    for (const auto& place : places)
        steps.push_back({{place}});
    return steps;
}

bool ApplyBatch::take(Rows& rows, const Place& place) {
    const auto& change = requests_[place.request]->list().changes[place.change];
    if (!std::holds_alternative<RecordChange>(change)) return rows.affected() > 0;
    if (!rows.step()) return false;
    keep_record(rows, place);
    return true;
}

std::vector<ApplyBatch::Place> ApplyBatch::take_merged(Rows& rows,
                                                       const std::vector<Place>& places) {
    std::vector<bool> has_row(places.size());
    while (rows.step()) {
        const auto& place = places.front();
        const auto& change = requests_[place.request]->list().changes[place.change];
        const auto columns = std::get<RecordChange>(change).collection->columns().size();
        const auto at = static_cast<std::size_t>(rows.integer(columns) - 1);
        keep_record(rows, places.at(at));
        has_row[at] = true;
    }
    std::vector<Place> idle;
    for (std::size_t i = 0; i < places.size(); ++i) {
        if (!has_row[i]) idle.push_back(places[i]);
    }
    return idle;
}

void ApplyBatch::keep_record(const Rows& row, const Place& place) {
    auto& request = *requests_[place.request];
    auto& outcome = request.outcomes[place.change];
    outcome.id = row.integer(0);
    outcome.record.reserve(1024);
    const auto& change = std::get<RecordChange>(request.list().changes[place.change]);
    storage::append_record(outcome.record, *change.collection, row);
}

Task<bool> ApplyBatch::run(Connection& connection, Pipeline begin) {
    const std::size_t ahead = begin.size();
    const auto steps = add_all(begin);
    auto replies = co_await connection.run(begin);
    if (replies.failure) {
        if (replies.failure->kind() != Failure::Kind::kStatement) throw *replies.failure;
        co_return false;
    }
    std::vector<Miss> misses;
    for (std::size_t i = 0; i < steps.size(); ++i) {
        auto& rows = replies.rows[ahead + i];
        if (steps[i].is_merged) {
            for (const auto& place : take_merged(rows, steps[i].places))
                misses.push_back({place});
            continue;
        }
        const auto& place = steps[i].places.front();
        if (take(rows, place)) continue;
        if (!requests_[place.request]->undoes_itself()) co_return false;
        misses.push_back({place});
    }
    if (!misses.empty()) co_await explain(connection, std::move(misses));
    co_return true;
}

Task<> ApplyBatch::run_with_care(Connection& connection, Pipeline begin) {
    Pipeline next = std::move(begin);
    for (std::size_t i = 0; i < requests_.size(); ++i) {
        if (requests_[i]->list().fallible == 0) continue;
        co_await run_one(connection, next, i);
        // Sent along with the next one's statements.
        next = Pipeline();
        if (requests_[i]->error) next.add("ROLLBACK TO request");
        next.add("RELEASE request");
    }
    (co_await connection.run(next)).check();
}

// `pipeline` begins with what is left to say about the request before.
Task<> ApplyBatch::run_one(Connection& connection, Pipeline& pipeline, std::size_t request) {
    pipeline.add("SAVEPOINT request");
    const std::size_t ahead = pipeline.size();
    std::vector<Place> places;
    add_statements(pipeline, request, places);
    auto replies = co_await connection.run(pipeline);
    for (std::size_t i = 0; i < places.size() && ahead + i < replies.rows.size(); ++i) {
        if (take(replies.rows[ahead + i], places[i])) continue;
        std::vector<Miss> misses{{places[i]}};
        if (replies.failure) {
            Pipeline back;
            back.add("ROLLBACK TO request");
            (co_await connection.run(back)).check();
        }
        co_await explain(connection, std::move(misses));
        co_return;
    }
    if (!replies.failure) co_return;
    const Failure failure = *replies.failure;
    if (failure.kind() != Failure::Kind::kStatement || replies.rows.size() < ahead) throw failure;
    const Place place = places[replies.rows.size() - ahead];
    Pipeline back;
    back.add("ROLLBACK TO request");
    (co_await connection.run(back)).check();
    if (failure.is_unique_conflict()) {
        std::vector<Miss> misses{{place}};
        co_await explain(connection, std::move(misses));
    } else {
        fail(place, to_error(failure));
    }
}

void ApplyBatch::fail(const Place& place, storage::Error error) {
    auto& request = *requests_[place.request];
    request.error =
        storage::at_change(std::move(error), place.change, request.list().changes.size());
}

Task<> ApplyBatch::explain(Connection& connection, std::vector<Miss> misses) {
    Pipeline pipeline;
    std::deque<storage::Statement> kept;
    for (auto& miss : misses) {
        miss.first_question = pipeline.size();
        ask(pipeline, requests_[miss.place.request]->list().changes[miss.place.change], kept);
        miss.questions = pipeline.size() - miss.first_question;
    }
    Replies replies;
    if (pipeline.size() > 0) replies = co_await connection.run(pipeline);
    replies.check();
    for (const auto& miss : misses) {
        const auto rows = std::span(replies.rows).subspan(miss.first_question, miss.questions);
        fail(miss.place,
             answer(requests_[miss.place.request]->list().changes[miss.place.change], rows));
    }
}

// Either the record is gone, or it has another version, or one of its keys is in use.
void ApplyBatch::ask(Pipeline& pipeline, const storage::Change& change,
                     std::deque<storage::Statement>& kept) const {
    const auto* record = std::get_if<RecordChange>(&change);
    if (record == nullptr) return;
    if (record->kind != RecordChange::Kind::kInsert) {
        pipeline.add_values(record->collection->select_by_id(), {record->id});
    }
    if (record->kind == RecordChange::Kind::kDelete) return;
    for (const auto& key : record->collection->uniques()) {
        pipeline.add(kept.emplace_back(
            storage::holder_statement(storage::postgres_dialect(), *record, key)));
    }
}

storage::Error ApplyBatch::answer(const storage::Change& change, std::span<Rows> rows) const {
    const auto* record = std::get_if<RecordChange>(&change);
    if (record == nullptr) return storage::inbox_seen(std::get<InboxChange>(change));
    if (record->kind != RecordChange::Kind::kInsert) {
        if (!rows.front().step()) return storage::no_record(*record);
        const auto version = rows.front().integer(record->collection->columns().size() - 1);
        if (record->version && *record->version != version) {
            return storage::other_version(*record, version);
        }
        rows = rows.subspan(1);
    }
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (rows[i].step()) {
            return storage::key_in_use(record->collection->uniques()[i], rows[i].integer(0));
        }
    }
    // Whoever it was has gone since.
    if (record->kind == RecordChange::Kind::kDelete) return storage::no_record(*record);
    return {storage::Code::kAlreadyExists, "a unique key was in use", {}, {}};
}

void ApplyBatch::collect_events() {
    drafts_.clear();
    for (auto* request : requests_) {
        if (request->error) continue;
        const auto& changes = request->list().changes;
        for (std::size_t i = 0; i < changes.size(); ++i) {
            const auto* event = std::get_if<EventChange>(&changes[i]);
            if (event == nullptr) continue;
            request->outcomes[i].event = drafts_.size();
            Draft draft{event, request, std::string(event->subject), event->data, {}};
            if (event->record) {
                const auto& outcome = request->outcomes[*event->record];
                draft.subject = storage::fill_subject(event->subject, outcome.id);
                draft.data = outcome.record;
            }
            drafts_.push_back(std::move(draft));
        }
    }
}

void ApplyBatch::add_events(Pipeline& pipeline, std::vector<storage::Value> head) {
    constexpr std::size_t kColumns = 7;
    std::vector<ArrayValue> columns(kColumns, ArrayValue(ArrayValue::Element::kText));
    for (const auto& draft : drafts_) {
        const auto& change = *draft.change;
        columns[0].add(change.type);
        columns[1].add(std::string_view(draft.subject));
        columns[2].add(change.version);
        columns[3].add(std::string_view(draft.request->origin().producer));
        if (change.changes.empty()) {
            columns[4].add_null();
        } else {
            columns[4].add(change.changes);
        }
        columns[5].add(draft.request->metadata());
        columns[6].add(draft.data);
    }
    for (auto& column : columns)
        head.emplace_back(pipeline.keep(std::move(column)));
    pipeline.add_values(kAddEvents, std::move(head));
}

std::vector<storage::CommittedEvent> ApplyBatch::events(std::string_view epoch, std::int64_t base,
                                                        std::int64_t time_ms) {
    std::vector<storage::CommittedEvent> events;
    events.reserve(drafts_.size());
    for (auto& draft : drafts_) {
        const std::int64_t sequence = ++base;
        draft.id = storage::event_id(epoch, sequence);
        const auto& change = *draft.change;
        events.push_back({{draft.id, change.type, change.version, draft.subject, time_ms,
                           draft.request->origin().producer, sequence, epoch, draft.data,
                           change.changes, draft.request->metadata()},
                          &draft.request->origin()});
    }
    return events;
}

}  // namespace streamwall::postgres
