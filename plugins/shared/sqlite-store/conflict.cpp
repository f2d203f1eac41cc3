#include "sqlite-store/conflict.hpp"

#include "storage-sql/replies.hpp"

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

std::int64_t find_holder(Connection& database, const RecordChange& change, const UniqueKey& key) {
    const auto statement = storage::holder_statement(storage::sqlite_dialect(), change, key);
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
        return storage::key_in_use(key, holder);
    }
    return {storage::Code::kAlreadyExists, "a unique key is in use", {}, {}};
}

}  // namespace streamwall::sqlite
