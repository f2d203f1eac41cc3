// A database of storage-sqlite, read only, as what is copied from.
#pragma once

#include <sqlite3.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "storage-sql/collection.hpp"

namespace streamwall::postgres {

// The file can't be copied from; the message says what to do.
class SourceError : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

using Cell = std::variant<std::monostate, std::int64_t, double, std::string>;

class SqliteSource {
  public:
    // Keeps hosts off the file while it lives. Throws SourceError, also where one runs on it.
    explicit SqliteSource(const std::string& path);
    ~SqliteSource();
    SqliteSource(const SqliteSource&) = delete;
    SqliteSource& operator=(const SqliteSource&) = delete;

    const std::string& epoch() const { return epoch_; }
    std::int64_t trimmed() const { return trimmed_; }
    std::vector<storage::CollectionPtr> collections(const storage::Dialect& dialect) const;
    std::int64_t number(const std::string& sql) const;  // first column of the first row, else 0
    // The greatest id that was ever given in a table.
    std::int64_t last_id(const std::string& table) const;

    // The next rows behind `key` (monostate: the first) by the first column.
    std::vector<std::vector<Cell>> rows_behind(const std::string& table,
                                               const std::vector<std::string>& columns,
                                               const Cell& key, std::size_t most) const;

  private:
    struct Close {
        void operator()(sqlite3* database) const { sqlite3_close(database); }
    };
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
    };
    using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

    Statement prepare(const std::string& sql) const;
    bool step(sqlite3_stmt* statement) const;
    std::string text(const std::string& sql) const;

    int lock_ = -1;
    std::unique_ptr<sqlite3, Close> database_;
    std::string epoch_;
    std::int64_t trimmed_ = 0;
};

}  // namespace streamwall::postgres
