#include "reads.hpp"

#include <algorithm>

#include "schema.hpp"
#include "storage-sql/replies.hpp"

namespace streamwall::postgres {
namespace {

// Longer lists are fetched in pieces, so that one of big records doesn't fill the memory.
constexpr std::int64_t kRowsAtOnce = 100;
constexpr std::string_view kBeginSnapshot = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
constexpr std::string_view kFetch = "FETCH 100 FROM page";

// The reply of `query`, row by row.
class RecordPage {
  public:
    explicit RecordPage(const storage::Query& query) : query_(query) {}

    // Takes what it can; false once the reply is full.
    bool add(Rows rows) {
        while (rows.step()) {
            const std::size_t before = reply_.size();
            if (count_ > 0) reply_ += ',';
            if (count_ < query_.limit) storage::append_record(reply_, *query_.collection, rows);
            if (count_ == query_.limit || (count_ > 0 && reply_.size() > storage::kMaxReplyBytes)) {
                reply_.resize(before);
                end_before(rows);
                return false;
            }
            ++count_;
        }
        last_ = std::move(rows);
        return true;
    }

    // How many records the list has, where the page tells.
    std::optional<std::int64_t> count() const {
        return next_cursor_.empty() ? query_.count_told_by(count_) : std::nullopt;
    }

    std::string finish(std::optional<std::int64_t> counted, std::optional<std::int64_t> head) {
        reply_ += ']';
        if (counted) {
            reply_ += R"(,"count":)";
            storage::append_integer(reply_, *counted);
        }
        reply_ += R"(,"next_cursor":)";
        reply_ += next_cursor_.empty() ? "null" : "\"" + next_cursor_ + "\"";
        if (head) {
            reply_ += R"(,"sequence":)";
            storage::append_integer(reply_, *head);
        }
        return reply_ += "}";
    }

  private:
    void end_before(Rows& rows) {
        Rows& holder = rows.step_back() ? rows : last_;
        if (&holder == &last_) holder.step_back();
        next_cursor_ = storage::make_cursor(query_, holder);
    }

    const storage::Query& query_;
    std::string reply_ = R"({"records":[)";
    std::string next_cursor_;
    std::int64_t count_ = 0;
    Rows last_;  // the piece before
};

// Ends the transaction, if there is one, before it throws.
Task<Replies> run_step(Connection& connection, const Pipeline& pipeline, bool in_transaction) {
    auto replies = co_await connection.run(pipeline);
    if (replies.failure) {
        if (in_transaction) co_await connection.query("ROLLBACK");
        throw *replies.failure;
    }
    co_return replies;
}

std::int64_t number_in(Rows& rows) {
    rows.step();
    return rows.integer(0);
}

// A statement that finds events, and the values it takes.
struct EventSearch {
    std::string sql;
    std::vector<storage::Value> values;
    std::string types;
};

// Not more bytes than a reply takes, plus one event, ever leave the server.
EventSearch search_for(const storage::JournalRead& read) {
    EventSearch search;
    search.values = {read.after, read.limit + 1,
                     static_cast<std::int64_t>(storage::kMaxReplyBytes)};
    std::string where = "sequence > $1";
    const auto condition = [&](std::string_view text, std::string_view value) {
        search.values.emplace_back(value);
        where += text;
        storage::postgres_dialect().placeholder(where, search.values.size());
    };
    if (!read.types.empty()) {
        search.types = types_expression(read.types);
        condition(" AND type ~ ", search.types);
    }
    if (!read.subject.empty()) condition(" AND subject = ", read.subject);
    if (search.values.size() > 3) {
        search.values.emplace_back(storage::kMaxScanned);
        where += " AND sequence <= greatest($1, (SELECT trimmed FROM journal)) + ";
        storage::postgres_dialect().placeholder(where, search.values.size());
    }
    search.sql =
        "SELECT sequence, type, subject, version, timestamp, producer, changes, metadata, data,"
        " ahead + octet_length(data) FROM (SELECT *, sum(octet_length(data)) OVER"
        " (ORDER BY sequence) - octet_length(data) AS ahead FROM (SELECT * FROM events WHERE " +
        where + " ORDER BY sequence LIMIT $2) AS found) AS page WHERE ahead < $3 ORDER BY sequence";
    return search;
}

}  // namespace

std::string types_expression(const std::vector<std::string>& patterns) {
    std::string out = "^(?:";
    for (const auto& pattern : patterns) {
        if (&pattern != patterns.data()) out += '|';
        for (const char c : pattern) {
            if (c == '*') {
                out += "[^.]+";
            } else if (c == '>') {
                out += ".+";
            } else if (c == '.') {
                out += "\\.";
            } else {
                out += c;
            }
        }
    }
    return out + ")$";
}

Task<Answer> run_lookup(Connection& connection, const storage::Lookup& lookup) {
    Pipeline pipeline;
    if (lookup.id) {
        pipeline.add_values(lookup.collection->select_by_id(), {*lookup.id});
    } else {
        pipeline.add(lookup.by_unique);
    }
    auto replies = co_await connection.run(pipeline);
    auto& rows = replies.check().rows.front();
    if (!rows.step()) co_return std::unexpected(storage::no_record(lookup));
    std::string text;
    storage::append_record(text, *lookup.collection, rows);
    co_return text;
}

Task<Answer> run_query(Connection& connection, const storage::Query& query) {
    const bool at_once = query.limit <= kRowsAtOnce;
    const bool in_transaction = query.with_count || query.with_sequence || !at_once;
    const bool is_quick = at_once && !query.quick.sql.empty();
    const std::string declare = "DECLARE page NO SCROLL CURSOR FOR " + query.list.sql;
    Pipeline pipeline;
    if (in_transaction) pipeline.add(kBeginSnapshot);
    if (query.with_sequence) pipeline.add("SELECT last FROM journal");
    if (at_once) {
        pipeline.add(is_quick ? query.quick : query.list);
    } else {
        pipeline.add(declare, query.list.values).add(kFetch);
    }
    auto replies = co_await run_step(connection, pipeline, in_transaction);
    std::optional<Rows> head;
    if (query.with_sequence) head = std::move(replies.rows[1]);
    Rows rows = std::move(replies.rows.back());
    if (is_quick && rows.count() <= query.limit) {
        Pipeline list;
        list.add(query.list);
        rows = std::move((co_await run_step(connection, list, in_transaction)).rows.front());
    }
    RecordPage page(query);
    bool more = rows.count() == kRowsAtOnce && !at_once;
    more = page.add(std::move(rows)) && more;
    Pipeline fetch;
    fetch.add(kFetch);
    while (more) {
        rows = std::move((co_await run_step(connection, fetch, true)).rows.front());
        more = rows.count() == kRowsAtOnce;
        more = page.add(std::move(rows)) && more;
    }
    auto count = query.with_count ? page.count() : std::nullopt;
    if (in_transaction) {
        Pipeline end;
        if (query.with_count && !count) end.add(query.count);
        end.add("COMMIT");
        auto ended = co_await run_step(connection, end, true);
        if (query.with_count && !count) count = number_in(ended.rows.front());
    }
    co_return page.finish(count, head ? std::optional(number_in(*head)) : std::nullopt);
}

Task<Answer> read_journal(Connection& connection, const storage::JournalRead& read) {
    const auto search = search_for(read);
    Pipeline pipeline;
    pipeline.add(kBeginSnapshot).add("SELECT epoch, last, trimmed FROM journal");
    pipeline.add(search.sql, search.values).add("COMMIT");
    auto replies = co_await run_step(connection, pipeline, true);
    auto& head = replies.rows[1];
    auto& rows = replies.rows[2];
    head.step();
    const std::string epoch(head.text(0));
    const std::int64_t last = head.integer(1);
    const std::int64_t trimmed = head.integer(2);
    // Who has read nothing yet begins with what there is, and has missed nothing.
    if (read.after > 0 && read.after < trimmed) {
        co_return std::unexpected(storage::trimmed_away(read.after, trimmed + 1, last));
    }
    std::int64_t through = last;
    if (!read.types.empty() || !read.subject.empty()) {
        through = std::min(last, std::max(read.after, trimmed) + storage::kMaxScanned);
    }
    storage::JournalPage page(read);
    while (rows.step()) {
        const std::int64_t sequence = rows.integer(0);
        const std::string id = storage::event_id(epoch, sequence);
        if (!page.add({id, rows.text(1), rows.text(3), rows.text(2), rows.integer(4), rows.text(5),
                       sequence, epoch, rows.text(8), rows.text(6), rows.text(7)})) {
            through = sequence - 1;
            break;
        }
        // The server has left out what follows.
        if (rows.integer(9) >= static_cast<std::int64_t>(storage::kMaxReplyBytes)) {
            through = sequence;
        }
    }
    co_return page.finish(epoch, trimmed + 1, last, std::max(through, read.after));
}

Task<Answer> read_position(Connection& connection, const std::string& name) {
    auto rows = co_await connection.query(
        "SELECT epoch, sequence, parked FROM positions WHERE name = $1", {std::string_view(name)});
    if (!rows.step()) co_return std::unexpected(storage::no_position(name));
    co_return storage::position_reply(rows.text(0), rows.integer(1), rows.text(2));
}

Task<Answer> list_dead_letters(Connection& connection, const storage::DeadLetterPage& page) {
    static const std::string sql =
        "SELECT " + std::string(storage::kDeadLetterColumns) +
        " FROM (SELECT *, sum(octet_length(event)) OVER (ORDER BY id) - octet_length(event)"
        " AS ahead FROM (SELECT * FROM dead_letters WHERE id > $1 ORDER BY id LIMIT $2"
        " OFFSET $3) AS found)"
        " AS page WHERE ahead < $4 ORDER BY id";
    auto rows = co_await connection.query(
        sql,
        {page.after, page.limit, page.offset, static_cast<std::int64_t>(storage::kMaxReplyBytes)});
    storage::DeadLetterList list;
    while (rows.step() && list.add(rows)) {
    }
    auto count = co_await connection.query("SELECT count(*) FROM dead_letters", {});
    count.step();
    co_return list.finish(count.integer(0));
}

}  // namespace streamwall::postgres
