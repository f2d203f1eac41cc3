#include "small_jobs.hpp"

#include <algorithm>

#include "storage-sql/replies.hpp"

namespace streamwall::postgres {
namespace {

constexpr std::int64_t kRowsATime = 5000;
constexpr std::int64_t kWriterDays = 7;

}  // namespace

Task<Answer> DeclareJob::run(JobContext context) {
    auto& connection = context.connection;
    co_await connection.query(kTakeLock, lock_values(Lock::kSchema, context.schema));
    // Other instances may have declared something since this one has looked.
    const auto before = co_await load_declarations(connection);
    const auto changes =
        storage::plan_changes(storage::postgres_dialect(), before.collections, collections_);
    if (!changes) co_return std::unexpected(changes.error());
    // An index over many records takes its time.
    const Connection::Patience patience(connection);
    if (!changes->empty()) co_await connection.query("SET LOCAL statement_timeout = 0");
    for (const auto& change : *changes) {
        const auto stored = co_await store_collection(connection, change);
        if (!stored) co_return std::unexpected(stored.error());
    }
    known_ = co_await load_declarations(connection);
    if (!changes->empty()) {
        co_await connection.query("SELECT pg_notify($1, 'schema')",
                                  {std::string_view(context.channel)});
    }
    co_return std::string("{}");
}

Task<Answer> DeadLetterAddJob::run(JobContext context) {
    Pipeline pipeline;
    pipeline.add_values(
        "INSERT INTO dead_letters (name, event_id, event, error, attempts, created_at)"
        " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (name, event_id) DO NOTHING",
        {std::string_view(letter_.name), std::string_view(letter_.event_id),
         std::string_view(letter_.event), std::string_view(letter_.error), letter_.attempts,
         context.now_ms});
    pipeline.add_values("SELECT id FROM dead_letters WHERE name = $1 AND event_id = $2",
                        {std::string_view(letter_.name), std::string_view(letter_.event_id)});
    auto replies = co_await context.connection.run(pipeline);
    auto& found = replies.check().rows.back();
    found.step();
    std::string reply = R"({"id":)";
    storage::append_integer(reply, found.integer(0));
    co_return reply + "}";
}

Task<Answer> DeadLetterTakeJob::run(JobContext context) {
    static const std::string sql = "DELETE FROM dead_letters WHERE id = $1 RETURNING " +
                                   std::string(storage::kDeadLetterColumns);
    auto rows = co_await context.connection.query(sql, {id_});
    if (!rows.step()) co_return std::unexpected(storage::no_dead_letter(id_));
    std::string reply;
    storage::append_dead_letter(reply, rows);
    co_return reply;
}

// The highest sequence that is to go.
Task<std::int64_t> TrimJob::cut(JobContext context, const JournalHead& head) const {
    std::int64_t cut = 0;
    if (bounds_.keep_events) cut = head.last - *bounds_.keep_events;
    if (bounds_.keep_days) {
        // Times don't go back along the journal, so the first young event ends the old ones.
        auto rows = co_await context.connection.query(
            "SELECT sequence FROM events WHERE timestamp >= $1 ORDER BY sequence LIMIT 1",
            {context.now_ms - *bounds_.keep_days * storage::kMsPerDay});
        const std::int64_t first_young = rows.step() ? rows.integer(0) : head.last + 1;
        cut = std::max(cut, first_young - 1);
    }
    co_return cut;
}

Task<Answer> TrimJob::run(JobContext context) {
    auto& connection = context.connection;
    // Entries are numbered as they come.
    co_await connection.query(
        "DELETE FROM inbox WHERE number IN"
        " (SELECT number FROM inbox ORDER BY number LIMIT $2) AND seen_at < $1",
        {context.now_ms - storage::kInboxDays * storage::kMsPerDay, kRowsATime});
    co_await connection.query("DELETE FROM writers WHERE written_at < $1",
                              {context.now_ms - kWriterDays * storage::kMsPerDay});
    co_await connection.query(kTakeLock, lock_values(Lock::kJournal, context.schema));
    const auto head = co_await read_head(connection);
    const std::int64_t wanted = co_await cut(context, head);
    if (!began_behind_) began_behind_ = head.trimmed;
    const std::int64_t through = std::clamp(wanted, head.trimmed, head.trimmed + kRowsATime);
    if (through > head.trimmed) {
        co_await connection.query("DELETE FROM events WHERE sequence <= $1", {through});
        co_await connection.query("UPDATE journal SET trimmed = $1", {through});
    }
    unfinished_ = through < wanted;
    // There are no gaps.
    co_return storage::trim_reply(through - *began_behind_, through + 1);
}

}  // namespace streamwall::postgres
