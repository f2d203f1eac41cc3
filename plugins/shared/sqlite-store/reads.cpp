#include "sqlite-store/reads.hpp"

#include <algorithm>

#include "sqlite-store/readers.hpp"
#include "sqlite-store/schema.hpp"
#include "storage-sql/event.hpp"
#include "storage-sql/replies.hpp"

namespace streamwall::sqlite {
namespace {

// Goes back to an earlier row; the transaction makes sure that it is still the same one.
std::string cursor_of_row(Cursor& row, const storage::Query& query, std::int64_t number) {
    row.restart();
    for (std::int64_t i = 0; i <= number; ++i)
        row.step();
    return storage::make_cursor(query, row);
}

std::int64_t trimmed_through(Connection& connection) {
    return std::stoll(meta_text(connection, "trimmed"));
}

std::int64_t last_sequence(Connection& connection) {
    const auto newest = connection.number("SELECT max(sequence) FROM events");
    return newest > 0 ? newest : trimmed_through(connection);
}

std::int64_t number_of(Connection& connection, const storage::Statement& statement) {
    auto row = connection.prepare(statement.sql);
    row.bind_all(statement.values, 0);
    return row.step() ? row.integer(0) : 0;
}

// The beginning of a reply of `query`.
struct RecordList {
    std::string records = R"({"records":[)";
    std::string next_cursor;
    std::int64_t count = 0;
    bool is_full = false;  // there are more records than the reply takes
};

RecordList list_of(Connection& connection, const storage::Query& query,
                   const storage::Statement& statement) {
    RecordList out;
    auto row = connection.prepare(statement.sql);
    row.bind_all(statement.values, 0);
    for (; row.step(); ++out.count) {
        const std::size_t before = out.records.size();
        if (out.count > 0) out.records += ',';
        if (out.count < query.limit) storage::append_record(out.records, *query.collection, row);
        out.is_full = out.count == query.limit ||
                      (out.count > 0 && out.records.size() > storage::kMaxReplyBytes);
        if (!out.is_full) continue;
        out.records.resize(before);
        out.next_cursor = cursor_of_row(row, query, out.count - 1);
        break;
    }
    out.records += ']';
    return out;
}

}  // namespace

Answer run_query(Connection& connection, const storage::Query& query) {
    const ReadTransaction transaction(connection);
    const bool may_be_few = !query.quick.sql.empty();
    RecordList list;
    if (may_be_few) list = list_of(connection, query, query.quick);
    const bool is_open = may_be_few && (!list.is_full || query.with_count);
    const bool are_few =
        is_open && number_of(connection, query.candidates) <= storage::kFewCandidates;
    if (!list.is_full && !are_few) list = list_of(connection, query, query.list);
    std::string reply = std::move(list.records);
    if (query.with_count) {
        reply += R"(,"count":)";
        const auto told = list.is_full ? std::nullopt : query.count_told_by(list.count);
        storage::append_integer(
            reply, told ? *told : number_of(connection, are_few ? query.quick_count : query.count));
    }
    reply += R"(,"next_cursor":)";
    reply += list.next_cursor.empty() ? "null" : "\"" + list.next_cursor + "\"";
    if (query.with_sequence) {
        reply += R"(,"sequence":)";
        storage::append_integer(reply, last_sequence(connection));
    }
    return reply + "}";
}

Answer read_journal(Connection& connection, const storage::JournalRead& read,
                    const std::string& epoch) {
    const ReadTransaction transaction(connection);
    const std::int64_t trimmed = trimmed_through(connection);
    const std::int64_t first = trimmed + 1;
    const std::int64_t last = last_sequence(connection);
    // Who has read nothing yet begins with what there is, and has missed nothing.
    if (read.after > 0 && read.after < trimmed) {
        return std::unexpected(storage::trimmed_away(read.after, first, last));
    }

    storage::JournalPage page(read);
    std::int64_t through = std::max(last, read.after);
    auto row = connection.prepare(
        "SELECT sequence, type, subject, id, version, timestamp, producer, changes, metadata, data"
        " FROM events WHERE sequence > ? ORDER BY sequence");
    row.bind(1, read.after);
    for (std::int64_t scanned = 0; row.step(); ++scanned) {
        const std::int64_t sequence = row.integer(0);
        const bool enough = scanned == storage::kMaxScanned;
        if (!enough && !page.full() && !page.wants(row.text(1), row.text(2))) continue;
        const storage::Event event{row.text(3),    row.text(1), row.text(4), row.text(2),
                                   row.integer(5), row.text(6), sequence,    epoch,
                                   row.text(9),    row.text(7), row.text(8)};
        if (enough || !page.add(event)) {
            through = sequence - 1;
            break;
        }
    }
    return page.finish(epoch, first, last, through);
}

Answer read_position(Connection& connection, const std::string& name) {
    auto row = connection.prepare("SELECT epoch, sequence, parked FROM positions WHERE name = ?");
    row.bind(1, std::string_view(name));
    if (!row.step()) return std::unexpected(storage::no_position(name));
    return storage::position_reply(row.text(0), row.integer(1), row.text(2));
}

Answer list_dead_letters(Connection& connection, const storage::DeadLetterPage& page) {
    auto row = connection.prepare("SELECT " + std::string(storage::kDeadLetterColumns) +
                                  " FROM dead_letters WHERE id > ? ORDER BY id LIMIT ? OFFSET ?");
    row.bind(1, page.after).bind(2, page.limit).bind(3, page.offset);
    storage::DeadLetterList list;
    while (row.step() && list.add(row)) {
    }
    auto count = connection.prepare("SELECT count(*) FROM dead_letters");
    count.step();
    return list.finish(count.integer(0));
}

}  // namespace streamwall::sqlite
