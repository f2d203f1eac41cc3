// What the readers do for `query`, `read` and the small lists.
#pragma once

#include "sqlite-store/call.hpp"
#include "sqlite-store/connection.hpp"
#include "storage-sql/query.hpp"
#include "storage-sql/requests.hpp"

namespace streamwall::sqlite {

Answer run_query(Connection& connection, const storage::Query& query);

Answer read_journal(Connection& connection, const storage::JournalRead& read,
                    const std::string& epoch);

Answer read_position(Connection& connection, const std::string& name);
Answer list_dead_letters(Connection& connection, const storage::DeadLetterPage& page);

}  // namespace streamwall::sqlite
