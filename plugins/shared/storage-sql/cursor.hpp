// The order of a list, and the text form of a place in it.
#pragma once

#include "storage-sql/query.hpp"
#include "storage-sql/sql_builder.hpp"

namespace streamwall::storage {

// The values of the sort's keys, in order; texts live in `kept`. An error where the cursor belongs
// to another list or was tampered with.
Result<std::vector<Value>> read_cursor(const Query& query, std::string_view cursor, Kept& kept);

// Appends the condition "behind these values in the order of the sort".
void append_behind(SqlBuilder& sql, const Query& query, const std::vector<Value>& values);

void append_order(SqlBuilder& sql, const Query& query);
// The order, and how many rows behind how many are asked for.
void append_page(SqlBuilder& sql, const Query& query);

}  // namespace streamwall::storage
