// The filter grammar of store.md, as SQL.
//
// A filter is true or false, never unknown: a field that is null differs from every value and lies
// in no range, also under `not`.
#pragma once

#include <boost/json.hpp>

#include "storage-sql/collection.hpp"
#include "storage-sql/sql_builder.hpp"

namespace streamwall::storage {

inline constexpr int kMaxFilterDepth = 8;
inline constexpr std::size_t kMaxListValues = 200;

// Appends the condition, in parentheses where it needs them. Texts live in `filter` or `kept`. A
// builder that inlines values (for an index's condition) refuses contains, prefix, words and
// search. `depth`: how deep the filter stands in another one.
Result<void> append_filter(SqlBuilder& sql, const Collection& collection,
                           const boost::json::value& filter, Kept& kept, int depth = 1);

}  // namespace streamwall::storage
