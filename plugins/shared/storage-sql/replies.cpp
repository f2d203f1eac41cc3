#include "storage-sql/replies.hpp"

#include <algorithm>

#include "storage-sql/json_text.hpp"
#include "storage-sql/sql_builder.hpp"
#include "storage-sql/time_text.hpp"

namespace streamwall::storage {
namespace {

// What the change would have put into the field; for an update of other fields, what is there.
void append_wanted(SqlBuilder& sql, const RecordChange& change, std::size_t column) {
    const auto set =
        std::ranges::find(change.fields, column, &decltype(change.fields)::value_type::first);
    if (set != change.fields.end()) {
        sql.value(set->second);
        return;
    }
    sql.sql("(SELECT ").name(change.collection->columns()[column].name).sql(" FROM ");
    sql.name(change.collection->table()).sql(" WHERE \"id\" = ").value(change.id).sql(")");
}

}  // namespace

std::string position_reply(std::string_view epoch, std::int64_t sequence, std::string_view parked) {
    std::string reply = R"({"epoch":)";
    append_json_string(reply, epoch);
    reply += R"(,"sequence":)";
    append_integer(reply, sequence);
    reply += R"(,"parked":)";
    reply += parked;
    return reply + "}";
}

std::string trim_reply(std::int64_t removed, std::int64_t first) {
    std::string reply = R"({"removed":)";
    append_integer(reply, removed);
    reply += R"(,"first":)";
    append_integer(reply, first);
    return reply + "}";
}

void append_dead_letter(std::string& out, const Row& row) {
    out += R"({"id":)";
    append_integer(out, row.integer(0));
    out += R"(,"name":)";
    append_json_string(out, row.text(1));
    out += R"(,"event":)";
    out += row.text(2);
    out += R"(,"error":)";
    out += row.text(3);
    out += R"(,"attempts":)";
    append_integer(out, row.integer(4));
    out += R"(,"created_at":")";
    append_time(out, row.integer(5));
    out += "\"}";
}

bool DeadLetterList::add(const Row& row) {
    const std::size_t before = reply_.size();
    if (!first_) reply_ += ',';
    append_dead_letter(reply_, row);
    if (!first_ && reply_.size() > kMaxReplyBytes) {
        reply_.resize(before);
        return false;
    }
    first_ = false;
    return true;
}

std::string DeadLetterList::finish(std::int64_t count) const {
    std::string reply = reply_ + R"(],"count":)";
    append_integer(reply, count);
    return reply + "}";
}

bool JournalPage::wants(std::string_view type, std::string_view subject) const {
    if (!read_.subject.empty() && read_.subject != subject) return false;
    return read_.types.empty() || std::ranges::any_of(read_.types, [&](const auto& pattern) {
               return matches_type(pattern, type);
           });
}

bool JournalPage::add(const Event& event) {
    if (full()) return false;
    if (found_ > 0 && events_.size() + event.data.size() > kMaxReplyBytes) return false;
    if (found_++ > 0) events_ += ',';
    append_envelope(events_, event);
    return true;
}

std::string JournalPage::finish(std::string_view epoch, std::int64_t first, std::int64_t last,
                                std::int64_t through) const {
    std::string reply = R"({"epoch":)";
    append_json_string(reply, epoch);
    reply += R"(,"first":)";
    append_integer(reply, first);
    reply += R"(,"last":)";
    append_integer(reply, last);
    reply += R"(,"through":)";
    append_integer(reply, through);
    reply += R"(,"events":[)";
    reply += events_;
    return reply + "]}";
}

std::string fill_subject(std::string_view subject, std::int64_t id) {
    std::string out;
    out.reserve(subject.size() + 20);
    for (auto at = subject.find("{id}"); at != subject.npos; at = subject.find("{id}")) {
        out += subject.substr(0, at);
        append_integer(out, id);
        subject.remove_prefix(at + 4);
    }
    return out += subject;
}

std::string event_id(std::string_view epoch, std::int64_t sequence) {
    std::string id;
    id.reserve(epoch.size() + 32);
    id += "evt-";
    id += epoch;
    id += '-';
    append_integer(id, sequence);
    return id;
}

void append_event_result(std::string& out, std::string_view epoch, std::int64_t sequence) {
    out.append(R"({"id":")").append(event_id(epoch, sequence)).append(R"(","sequence":)");
    append_integer(out, sequence);
    out += R"(,"epoch":")";
    out += epoch;
    out += "\"}";
}

Error too_much() {
    return busy_error(Code::kResourceExhausted, "too many requests wait for the database", 1);
}

Error abandoned() {
    return {Code::kCancelled, "nobody waits for it", {}, {}};
}

Error no_record(const Lookup& lookup) {
    const std::string what =
        lookup.id ? "record " + std::to_string(*lookup.id) : std::string("such record");
    return {Code::kNotFound, "no " + what + " in \"" + lookup.collection->name() + "\"", "id", {}};
}

Error no_record(const RecordChange& change) {
    return {Code::kNotFound,
            "no record " + std::to_string(change.id) + " in \"" + change.collection->name() + "\"",
            "id",
            {}};
}

Error other_version(const RecordChange& change, std::int64_t version) {
    return {Code::kAborted,
            "the record has version " + std::to_string(version) + ", not " +
                std::to_string(change.version.value_or(0)),
            "version", R"({"version":)" + std::to_string(version) + "}"};
}

Error inbox_seen(const InboxChange& change) {
    return coded_error(Code::kAlreadyExists, "inbox_seen",
                       "\"" + std::string(change.consumer) + "\" has seen the event " +
                           std::string(change.event_id));
}

Error key_in_use(const UniqueKey& key, std::int64_t holder) {
    std::string details = R"({"errors":[)";
    for (const auto& field : key.fields) {
        details += &field == key.fields.data() ? R"({"field":)" : R"(,{"field":)";
        append_json_string(details, field);
        details += R"(,"code":"taken"})";
    }
    details += R"(],"id":)";
    append_integer(details, holder);
    details += '}';
    return {Code::kAlreadyExists,
            "the unique key \"" + key.name + "\" is held by record " + std::to_string(holder),
            key.fields.front(), std::move(details)};
}

Error key_not_unique(const Collection& collection, const UniqueKey& key) {
    return field_error(Code::kFailedPrecondition, key.name, "not_unique",
                       "the unique key \"" + key.name + "\" of \"" + collection.name() +
                           "\" can't be added: records share its values");
}

Error no_position(std::string_view name) {
    return {Code::kNotFound, "no position \"" + std::string(name) + "\"", "name", {}};
}

Error no_dead_letter(std::int64_t id) {
    return {Code::kNotFound, "no dead letter " + std::to_string(id), "id", {}};
}

Error trimmed_away(std::int64_t after, std::int64_t first, std::int64_t last) {
    std::string details = R"({"code":"trimmed","first":)";
    append_integer(details, first);
    details += R"(,"last":)";
    append_integer(details, last);
    details += '}';
    return {Code::kOutOfRange,
            "the journal begins at " + std::to_string(first) + ", events behind " +
                std::to_string(after) + " are gone",
            "after", std::move(details)};
}

Error at_change(Error error, std::size_t index, std::size_t count) {
    if (count > 1) {
        error.where = "changes[" + std::to_string(index) + "]" +
                      (error.where.empty() ? "" : "." + error.where);
    }
    return error;
}

Statement holder_statement(const Dialect& dialect, const RecordChange& change,
                           const UniqueKey& key) {
    SqlBuilder sql(dialect);
    sql.sql("SELECT \"id\" FROM ").name(change.collection->table()).sql(" WHERE \"id\" <> ");
    sql.value(change.id);
    for (const auto& field : key.fields) {
        sql.sql(" AND ").name(field).sql(" = ");
        append_wanted(sql, change, *change.collection->find(field));
    }
    if (!key.where_sql.empty()) sql.sql(" AND ").sql(key.where_sql);
    sql.sql(" LIMIT 1");
    return sql.take();
}

}  // namespace streamwall::storage
