// Finds out which unique key refused a change, and which record holds it.
#pragma once

#include "sqlite-store/connection.hpp"
#include "storage-sql/change.hpp"

namespace streamwall::sqlite {

// `message` is SQLite's, "UNIQUE constraint failed: record_streams.url".
storage::Error unique_conflict(Connection& database, const storage::RecordChange& change,
                               std::string_view message);

}  // namespace streamwall::sqlite
