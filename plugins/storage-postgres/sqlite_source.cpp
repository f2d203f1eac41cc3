#include "sqlite_source.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace streamwall::postgres {
namespace {

// Of storage-sqlite's files; see its schema.
constexpr std::int64_t kApplicationId = 0x53574C4C;
constexpr std::int64_t kKnownVersion = 2;

Cell cell_of(sqlite3_stmt* statement, int column) {
    switch (sqlite3_column_type(statement, column)) {
        case SQLITE_INTEGER:
            return sqlite3_column_int64(statement, column);
        case SQLITE_FLOAT:
            return sqlite3_column_double(statement, column);
        case SQLITE_NULL:
            return std::monostate{};
        default:
            return std::string(
                reinterpret_cast<const char*>(sqlite3_column_text(statement, column)),
                static_cast<std::size_t>(sqlite3_column_bytes(statement, column)));
    }
}

}  // namespace

SqliteSource::SqliteSource(const std::string& path) {
    if (access(path.c_str(), R_OK) != 0) {
        throw SourceError("\"" + path + "\" can't be read; name the file with --from sqlite:FILE");
    }
    // The lock that a running host holds.
    lock_ = open((path + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock_ < 0 || flock(lock_, LOCK_EX | LOCK_NB) != 0) {
        if (lock_ >= 0) close(lock_);
        throw SourceError("\"" + path + "\" is in use; stop the host that runs on it first");
    }
    sqlite3* database = nullptr;
    // Writable, because a journal that was left behind has to be read into the file first.
    const int code = sqlite3_open_v2(path.c_str(), &database, SQLITE_OPEN_READWRITE, nullptr);
    database_.reset(database);
    if (code != SQLITE_OK) throw SourceError("\"" + path + "\": " + sqlite3_errmsg(database));
    if (number("PRAGMA application_id") != kApplicationId) {
        throw SourceError("\"" + path + "\" is no database of storage-sqlite");
    }
    if (number("PRAGMA user_version") > kKnownVersion) {
        throw SourceError("\"" + path + "\" was written by a newer program; use that one");
    }
    epoch_ = text("SELECT value FROM meta WHERE key = 'epoch'");
    trimmed_ = std::stoll(text("SELECT value FROM meta WHERE key = 'trimmed'"));
}

SqliteSource::~SqliteSource() {
    database_.reset();
    if (lock_ >= 0) close(lock_);
}

SqliteSource::Statement SqliteSource::prepare(const std::string& sql) const {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(database_.get(), sql.c_str(), -1, &statement, nullptr) != SQLITE_OK) {
        throw SourceError(sqlite3_errmsg(database_.get()));
    }
    return Statement(statement);
}

bool SqliteSource::step(sqlite3_stmt* statement) const {
    const int code = sqlite3_step(statement);
    if (code != SQLITE_ROW && code != SQLITE_DONE) {
        throw SourceError(sqlite3_errmsg(database_.get()));
    }
    return code == SQLITE_ROW;
}

std::int64_t SqliteSource::number(const std::string& sql) const {
    const auto statement = prepare(sql);
    return step(statement.get()) ? sqlite3_column_int64(statement.get(), 0) : 0;
}

std::string SqliteSource::text(const std::string& sql) const {
    const auto statement = prepare(sql);
    if (!step(statement.get())) throw SourceError("the file lacks what makes it a store");
    const Cell cell = cell_of(statement.get(), 0);
    const auto* found = std::get_if<std::string>(&cell);
    return found == nullptr ? std::string() : *found;
}

std::int64_t SqliteSource::last_id(const std::string& table) const {
    const auto statement = prepare("SELECT seq FROM sqlite_sequence WHERE name = ?");
    sqlite3_bind_text(statement.get(), 1, table.c_str(), -1, SQLITE_STATIC);
    return step(statement.get()) ? sqlite3_column_int64(statement.get(), 0) : 0;
}

std::vector<storage::CollectionPtr> SqliteSource::collections(
    const storage::Dialect& dialect) const {
    std::vector<storage::CollectionPtr> found;
    const auto statement = prepare("SELECT declaration FROM collections ORDER BY name");
    while (step(statement.get())) {
        const Cell cell = cell_of(statement.get(), 0);
        const auto declaration = boost::json::parse(std::get<std::string>(cell));
        auto collection =
            storage::Collection::parse(dialect, declaration.as_object(), "collections");
        if (!collection) throw SourceError(collection.error().message);
        found.push_back(std::move(*collection));
    }
    return found;
}

std::vector<std::vector<Cell>> SqliteSource::rows_behind(const std::string& table,
                                                         const std::vector<std::string>& columns,
                                                         const Cell& key, std::size_t most) const {
    std::string sql = "SELECT ";
    for (const auto& column : columns) {
        if (&column != columns.data()) sql += ", ";
        sql += storage::quoted_identifier(column);
    }
    sql += " FROM " + storage::quoted_identifier(table);
    const std::string first = storage::quoted_identifier(columns.front());
    if (key.index() != 0) sql += " WHERE " + first + " > ?";
    sql += " ORDER BY " + first + " LIMIT " + std::to_string(most);
    const auto statement = prepare(sql);
    if (const auto* number = std::get_if<std::int64_t>(&key)) {
        sqlite3_bind_int64(statement.get(), 1, *number);
    } else if (const auto* name = std::get_if<std::string>(&key)) {
        sqlite3_bind_text(statement.get(), 1, name->data(), static_cast<int>(name->size()),
                          SQLITE_STATIC);
    }
    std::vector<std::vector<Cell>> rows;
    while (step(statement.get())) {
        auto& row = rows.emplace_back();
        for (std::size_t i = 0; i < columns.size(); ++i)
            row.push_back(cell_of(statement.get(), static_cast<int>(i)));
    }
    return rows;
}

}  // namespace streamwall::postgres
