// The tables and indexes of collections, as SQL.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "storage-sql/collection.hpp"

namespace streamwall::storage {

std::string create_table_sql(const Dialect& dialect, const Collection& collection);

// What makes the table of `stored` one of `collection`.
std::vector<Statement> alter_table_statements(const Dialect& dialect, const Collection& stored,
                                              const Collection& collection);

struct IndexDefinition {
    std::string name;  // not quoted
    std::string sql;
    const UniqueKey* unique = nullptr;  // of the collection; null for an ordinary index
};
std::vector<IndexDefinition> index_definitions(const Dialect& dialect,
                                               const Collection& collection);

}  // namespace streamwall::storage
