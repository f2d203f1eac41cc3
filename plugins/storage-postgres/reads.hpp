// What a connection of the pool does for `get`, `query`, `read` and the small lists.
#pragma once

#include <string>

#include "connection.hpp"
#include "storage-sql/call.hpp"
#include "storage-sql/query.hpp"
#include "storage-sql/requests.hpp"

namespace streamwall::postgres {

using storage::Answer;

// All throw Failure; what they refer to lives until they are done.
Task<Answer> run_lookup(Connection& connection, const storage::Lookup& lookup);
Task<Answer> run_query(Connection& connection, const storage::Query& query);
Task<Answer> read_journal(Connection& connection, const storage::JournalRead& read);
Task<Answer> read_position(Connection& connection, const std::string& name);
Task<Answer> list_dead_letters(Connection& connection, const storage::DeadLetterPage& page);

// The patterns of store.md as one regular expression of PostgreSQL.
std::string types_expression(const std::vector<std::string>& patterns);

}  // namespace streamwall::postgres
