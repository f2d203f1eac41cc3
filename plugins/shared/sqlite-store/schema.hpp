// The tables of the file: what a database must be to be ours, and how declarations become tables.
//
//   record_<collection>   one for each declared collection
//   search_<collection>   its full-text index, where it declares one
//   collections           their declarations
//   events                the journal
//   inbox                 which consumer has seen which event
//   positions, dead_letters   of durable subscriptions
//   leases               the last owner and token of each
//   meta                  epoch of the journal, last sequence trimmed away, rules of searching
#pragma once

#include <string>

#include "sqlite-store/connection.hpp"
#include "storage-sql/collection.hpp"

namespace streamwall::sqlite {

// Stands in the file's header and tells our databases from others'.
inline constexpr std::int64_t kApplicationId = 0x53574C4C;  // "SWLL"
inline constexpr std::int64_t kSchemaVersion = 2;

// Makes or upgrades the tables. Throws Failure where the file is damaged, belongs to another
// program, or was written by a newer version.
void migrate(Connection& writer, const std::string& path);

storage::Schema load_collections(Connection& connection);

// Inside a transaction: makes the table and indexes match `collection`, and keeps its declaration.
// `stored` is what was known before, or null.
storage::Result<void> store_collection(Connection& writer, const storage::Collection* stored,
                                       const storage::Collection& collection);

std::string meta_text(Connection& connection, std::string_view key);
void set_meta(Connection& writer, std::string_view key, std::string_view value);

}  // namespace streamwall::sqlite
