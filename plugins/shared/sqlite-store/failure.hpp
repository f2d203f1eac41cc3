// A refusal of SQLite on its way through this plugin, and what it means to a caller.
#pragma once

#include <sqlite3.h>

#include <stdexcept>
#include <string>

#include "storage-sql/result.hpp"

namespace streamwall::sqlite {

// Thrown inside the plugin only. `code` is SQLite's extended result code.
class Failure : public std::runtime_error {
  public:
    Failure(int code, const std::string& message) : std::runtime_error(message), code_(code) {}

    int code() const { return code_; }
    int primary() const { return code_ & 0xFF; }
    bool is_unique_conflict() const { return code_ == SQLITE_CONSTRAINT_UNIQUE; }
    bool is_full() const { return primary() == SQLITE_FULL; }
    // The statement was refused for its values; the connection and the transaction are sound.
    bool concerns_statement_only() const {
        return primary() == SQLITE_CONSTRAINT || primary() == SQLITE_TOOBIG ||
               primary() == SQLITE_ERROR || primary() == SQLITE_MISMATCH;
    }

  private:
    int code_;
};

storage::Error to_error(const Failure& failure);

}  // namespace streamwall::sqlite
