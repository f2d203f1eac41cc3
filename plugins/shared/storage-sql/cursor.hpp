// Text form of a place in a sorted list.
#pragma once

#include "storage-sql/query.hpp"

namespace streamwall::storage {

// The values of the sort's keys, in order; texts live in `kept`. An error where the cursor belongs
// to another list or was tampered with.
Result<std::vector<Value>> read_cursor(const Query& query, std::string_view cursor, Kept& kept);

// Appends the condition "behind these values in the order of the sort".
void append_behind(class SqlBuilder& sql, const Query& query, const std::vector<Value>& values);

}  // namespace streamwall::storage
