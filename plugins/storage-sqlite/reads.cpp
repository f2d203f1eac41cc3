#include "reads.hpp"

#include <algorithm>

#include "readers.hpp"
#include "schema.hpp"
#include "small_jobs.hpp"
#include "storage-sql/event.hpp"

namespace streamwall::sqlite {
namespace {

using storage::Code;

// How many events one call looks at in search of those asked for.
constexpr std::int64_t kMaxScanned = 20'000;

bool wanted(const JournalRead& read, std::string_view type, std::string_view subject) {
    if (!read.subject.empty() && read.subject != subject) return false;
    return read.types.empty() || std::ranges::any_of(read.types, [&](const auto& pattern) {
               return storage::matches_type(pattern, type);
           });
}

storage::Error trimmed_error(std::int64_t after, std::int64_t first, std::int64_t last) {
    std::string details = R"({"code":"trimmed","first":)";
    storage::append_integer(details, first);
    details += R"(,"last":)";
    storage::append_integer(details, last);
    details += '}';
    return {Code::kOutOfRange,
            "the journal begins at " + std::to_string(first) + ", events behind " +
                std::to_string(after) + " are gone",
            "after", std::move(details)};
}

// Goes back to an earlier row; the transaction makes sure that it is still the same one.
std::string cursor_of_row(Cursor& row, const storage::Query& query, std::int64_t number) {
    row.restart();
    for (std::int64_t i = 0; i <= number; ++i)
        row.step();
    return storage::make_cursor(query, row);
}

}  // namespace

Answer run_query(Connection& connection, const storage::Query& query) {
    const ReadTransaction transaction(connection);
    std::string reply = R"({"records":[)";
    std::string next_cursor;
    {
        auto row = connection.prepare(query.list.sql);
        row.bind_all(query.list.values, 0);
        for (std::int64_t count = 0; row.step(); ++count) {
            const std::size_t before = reply.size();
            if (count > 0) reply += ',';
            if (count < query.limit) storage::append_record(reply, *query.collection, row);
            if (count == query.limit || (count > 0 && reply.size() > kMaxReplyBytes)) {
                reply.resize(before);
                next_cursor = cursor_of_row(row, query, count - 1);
                break;
            }
        }
    }
    reply += ']';
    if (query.with_count) {
        auto counted = connection.prepare(query.count.sql);
        counted.bind_all(query.count.values, 0);
        reply += R"(,"count":)";
        storage::append_integer(reply, counted.step() ? counted.integer(0) : 0);
    }
    reply += R"(,"next_cursor":)";
    reply += next_cursor.empty() ? "null" : "\"" + next_cursor + "\"";
    return reply + "}";
}

storage::Result<std::int64_t> bounded(const boost::json::object& request, std::string_view name,
                                      std::int64_t least, std::int64_t most,
                                      std::int64_t fallback) {
    const auto* value = request.if_contains(name);
    if (value == nullptr || value->is_null()) return fallback;
    if (!value->is_int64() || value->get_int64() < least || value->get_int64() > most) {
        return storage::invalid(name, "\"" + std::string(name) + "\" is an integer from " +
                                          std::to_string(least) + " to " + std::to_string(most));
    }
    return value->get_int64();
}

storage::Result<JournalRead> parse_journal_read(const storage::Document& document) {
    const auto& root = document.root();
    JournalRead read;
    const auto after = bounded(root, "after", 0, INT64_MAX, 0);
    if (!after) return std::unexpected(after.error());
    read.after = *after;
    const auto limit = bounded(root, "limit", 1, storage::kMaxLimit, 100);
    if (!limit) return std::unexpected(limit.error());
    read.limit = *limit;
    read.subject = storage::text_member(root, "subject");
    const auto* types = root.if_contains("types");
    if (types == nullptr || types->is_null()) return read;
    if (!types->is_array()) return storage::invalid("types", "\"types\" is a list of patterns");
    for (const auto& type : types->get_array()) {
        const std::string pattern = type.is_string() ? type.get_string().c_str() : "";
        if (!storage::is_type_pattern(pattern)) {
            return storage::invalid("types", "\"" + pattern + "\" is no pattern of types");
        }
        read.types.push_back(pattern);
    }
    return read;
}

Answer read_journal(Connection& connection, const JournalRead& read, const std::string& epoch) {
    const ReadTransaction transaction(connection);
    const std::int64_t trimmed = std::stoll(meta_text(connection, "trimmed"));
    const std::int64_t first = trimmed + 1;
    const std::int64_t last =
        std::max(connection.number("SELECT max(sequence) FROM events"), trimmed);
    // Who has read nothing yet begins with what there is, and has missed nothing.
    if (read.after > 0 && read.after < trimmed) {
        return std::unexpected(trimmed_error(read.after, first, last));
    }

    std::string events;
    std::int64_t through = std::max(last, read.after);
    std::int64_t found = 0;
    auto row = connection.prepare(
        "SELECT sequence, type, subject, id, version, timestamp, producer, changes, metadata, data"
        " FROM events WHERE sequence > ? ORDER BY sequence");
    row.bind(1, read.after);
    for (std::int64_t scanned = 0; row.step(); ++scanned) {
        const std::int64_t sequence = row.integer(0);
        const bool enough = scanned == kMaxScanned || found == read.limit;
        if (!enough && !wanted(read, row.text(1), row.text(2))) continue;
        if (enough || (found > 0 && events.size() + row.text(9).size() > kMaxReplyBytes)) {
            through = sequence - 1;
            break;
        }
        if (found++ > 0) events += ',';
        storage::append_envelope(
            events, {row.text(3), row.text(1), row.text(4), row.text(2), row.integer(5),
                     row.text(6), sequence, epoch, row.text(9), row.text(7), row.text(8)});
    }
    std::string reply = R"({"epoch":")" + epoch + R"(","first":)";
    storage::append_integer(reply, first);
    reply += R"(,"last":)";
    storage::append_integer(reply, last);
    reply += R"(,"through":)";
    storage::append_integer(reply, through);
    reply += R"(,"events":[)";
    reply += events;
    return reply + "]}";
}

std::string position_reply(std::string_view epoch, std::int64_t sequence, std::string_view parked) {
    std::string reply = R"({"epoch":)";
    storage::append_json_string(reply, epoch);
    reply += R"(,"sequence":)";
    storage::append_integer(reply, sequence);
    reply += R"(,"parked":)";
    reply += parked;
    return reply + "}";
}

Answer read_position(Connection& connection, const std::string& name) {
    auto row = connection.prepare("SELECT epoch, sequence, parked FROM positions WHERE name = ?");
    row.bind(1, std::string_view(name));
    if (!row.step()) {
        return std::unexpected(
            storage::Error{Code::kNotFound, "no position \"" + name + "\"", "name", {}});
    }
    return position_reply(row.text(0), row.integer(1), row.text(2));
}

Answer list_dead_letters(Connection& connection, std::int64_t after, std::int64_t limit) {
    auto row = connection.prepare("SELECT " + std::string(kDeadLetterColumns) +
                                  " FROM dead_letters WHERE id > ? ORDER BY id LIMIT ?");
    row.bind(1, after).bind(2, limit);
    std::string reply = R"({"dead_letters":[)";
    bool first = true;
    while (row.step()) {
        const std::size_t before = reply.size();
        if (!first) reply += ',';
        append_dead_letter(reply, row);
        if (!first && reply.size() > kMaxReplyBytes) {
            reply.resize(before);
            break;
        }
        first = false;
    }
    return reply + "]}";
}

}  // namespace streamwall::sqlite
