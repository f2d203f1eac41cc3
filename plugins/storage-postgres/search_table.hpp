// The full-text index of a collection: a table `search_<collection>` with each record's words as a
// tsvector and a GIN index over them.
//
// It is a table of its own because a row's new version is written into all indexes of its table: so
// a change of what isn't searched costs nothing here. Triggers keep it in the same transaction.
#pragma once

#include "connection.hpp"
#include "storage-sql/collection.hpp"

namespace streamwall::postgres {

// Whether `before`, which may be null, is searched as `after` is.
bool has_search_of(const storage::Collection* before, const storage::Collection& after);

// Inside a transaction: makes the index anew from all records, where one is declared.
Task<> build_search(Connection& connection, const storage::Collection& collection);

}  // namespace streamwall::postgres
