// One connection to the database file, with a cache of prepared statements.
//
// Poco opens the file and runs everything that is rare; statements on hot paths go to SQLite
// directly. Not thread-safe: each thread has its own.
#pragma once

#include <Poco/Data/Session.h>
#include <sqlite3.h>

#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "sqlite-store/failure.hpp"
#include "sqlite-store/search_index.hpp"
#include "storage-sql/record.hpp"
#include "storage-sql/value.hpp"

namespace streamwall::sqlite {

// A prepared statement in use. Ends (is reset) with the object; also a row of its own result.
class Cursor final : public storage::Row {
  public:
    Cursor(sqlite3* database, sqlite3_stmt* statement)
        : database_(database), statement_(statement) {}
    Cursor(Cursor&& other) noexcept
        : database_(other.database_), statement_(std::exchange(other.statement_, nullptr)) {}
    Cursor& operator=(Cursor&&) = delete;
    ~Cursor();

    // Parameters count from 1. Texts must outlive the cursor.
    Cursor& bind(int parameter, const storage::Value& value, std::int64_t now_ms = 0);
    Cursor& bind_all(const std::vector<storage::Value>& values, std::int64_t now_ms);

    bool step();                                   // true on a row; throws Failure
    void finish();                                 // steps to the end
    void restart() { sqlite3_reset(statement_); }  // the next step is the first again

    bool is_null(std::size_t column) const override;
    std::int64_t integer(std::size_t column) const override;
    double real(std::size_t column) const override;
    std::string_view text(std::size_t column) const override;

  private:
    sqlite3* database_;
    sqlite3_stmt* statement_;
};

class Connection {
  public:
    enum class Role { kWriter, kReader };

    // Throws Failure.
    Connection(const std::string& path, Role role);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    // The cached statement for this text, not bound to anything. At most 60 are in use at once.
    Cursor prepare(std::string_view sql);
    // Runs a text without values or rows.
    void run(std::string_view sql) { prepare(sql).finish(); }
    std::int64_t number(std::string_view sql);  // first column of the first row, 0 without one

    bool in_transaction() const { return sqlite3_get_autocommit(database_) == 0; }
    std::int64_t total_changes() const { return sqlite3_total_changes64(database_); }
    std::int64_t changes() const { return sqlite3_changes64(database_); }
    std::string last_message() const { return sqlite3_errmsg(database_); }

    SearchChanges& search_changes() { return search_changes_; }

    // Poco's view of the same connection, for schema work.
    Poco::Data::Session& session() { return *session_; }

  private:
    struct Cached {
        std::string sql;
        sqlite3_stmt* statement;
    };
    void apply_pragmas(Role role);
    void register_functions();
    void clear_cache();

    SearchChanges search_changes_;
    std::unique_ptr<Poco::Data::Session> session_;
    sqlite3* database_ = nullptr;
    std::list<Cached> by_age_;  // newest first
    std::unordered_map<std::string_view, std::list<Cached>::iterator> by_text_;
};

// Turns what Poco throws into a Failure.
[[noreturn]] void rethrow_as_failure(const std::string& doing);

}  // namespace streamwall::sqlite
