#include "conflict.hpp"

#include <algorithm>

#include "storage-sql/json_text.hpp"
#include "storage-sql/sql_builder.hpp"

namespace streamwall::sqlite {
namespace {

using storage::Collection;
using storage::RecordChange;
using storage::UniqueKey;

// SQLite names the columns of the index in order.
bool names_key(std::string_view message, const Collection& collection, const UniqueKey& key) {
    std::string columns;
    for (const auto& field : key.fields) {
        if (!columns.empty()) columns += ", ";
        columns += collection.table() + "." + field;
    }
    return message.ends_with(": " + columns);
}

// What the change would have put into the field; for an update of other fields, what is there.
void append_wanted(storage::SqlBuilder& sql, const RecordChange& change, std::size_t column) {
    const auto set =
        std::ranges::find(change.fields, column, &decltype(change.fields)::value_type::first);
    if (set != change.fields.end()) {
        sql.value(set->second);
        return;
    }
    sql.sql("(SELECT ").name(change.collection->columns()[column].name).sql(" FROM ");
    sql.name(change.collection->table()).sql(" WHERE \"id\" = ").value(change.id).sql(")");
}

std::int64_t find_holder(Connection& database, const RecordChange& change, const UniqueKey& key) {
    storage::SqlBuilder sql(storage::sqlite_dialect());
    sql.sql("SELECT \"id\" FROM ").name(change.collection->table()).sql(" WHERE \"id\" <> ");
    sql.value(change.id);
    for (const auto& field : key.fields) {
        sql.sql(" AND ").name(field).sql(" = ");
        append_wanted(sql, change, *change.collection->find(field));
    }
    if (!key.where_sql.empty()) sql.sql(" AND ").sql(key.where_sql);
    sql.sql(" LIMIT 1");
    const auto statement = sql.take();
    auto cursor = database.prepare(statement.sql);
    cursor.bind_all(statement.values, 0);
    return cursor.step() ? cursor.integer(0) : 0;
}

}  // namespace

storage::Error unique_conflict(Connection& database, const RecordChange& change,
                               std::string_view message) {
    for (const auto& key : change.collection->uniques()) {
        if (!names_key(message, *change.collection, key)) continue;
        const std::int64_t holder = find_holder(database, change, key);
        if (holder == 0) continue;
        std::string details = R"({"errors":[)";
        for (const auto& field : key.fields) {
            details += &field == key.fields.data() ? R"({"field":)" : R"(,{"field":)";
            storage::append_json_string(details, field);
            details += R"(,"code":"taken"})";
        }
        details += R"(],"id":)";
        storage::append_integer(details, holder);
        details += '}';
        return {storage::Code::kAlreadyExists,
                "the unique key \"" + key.name + "\" is held by record " + std::to_string(holder),
                key.fields.front(), std::move(details)};
    }
    return {storage::Code::kAlreadyExists, "a unique key is in use", {}, {}};
}

}  // namespace streamwall::sqlite
