// The requests `get` and `query`, as SQL.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "storage-sql/collection.hpp"
#include "storage-sql/record.hpp"

namespace streamwall::storage {

inline constexpr std::int64_t kDefaultLimit = 25;
inline constexpr std::int64_t kMaxLimit = 1000;
inline constexpr std::int64_t kFewCandidates = 500;

struct SortKey {
    std::size_t column = 0;
    bool descending = false;
};

// What `query` asks for. Texts of the statements live in the document or in `kept`.
struct Query {
    CollectionPtr collection;
    std::vector<SortKey> sort;  // ends with the id
    std::int64_t limit = kDefaultLimit;
    std::int64_t offset = 0;
    bool has_cursor = false;
    bool with_count = false;
    bool with_sequence = false;
    Statement list;  // selects the collection's columns, one row more than the limit
    // A shorter way, where there is one: `quick` holds if it selects as many rows as it may. Where
    // `candidates`, one number, is given and at most kFewCandidates, it holds always, and so does
    // `quick_count`.
    Statement quick;
    Statement candidates;
    Statement quick_count;
    Statement count;  // selects one number
    Kept kept;

    // What `count` selects, where a page of so many records, the last of the list among them or
    // none behind it, tells already.
    std::optional<std::int64_t> count_told_by(std::int64_t records) const;
};

Result<Query> parse_query(const Dialect& dialect, const Schema& schema, const Document& request);

// Names the place behind `row`. Opaque: the base64url text of a hash of collection and sort, and
// the values of the sort's keys.
std::string make_cursor(const Query& query, const Row& row);

// What `get` asks for: an id, or a statement that finds by a unique key.
struct Lookup {
    CollectionPtr collection;
    std::optional<std::int64_t> id;
    Statement by_unique;
    Kept kept;
};

Result<Lookup> parse_lookup(const Dialect& dialect, const Schema& schema, const Document& request);

// The member `collection` of a request.
Result<CollectionPtr> named_collection(const Schema& schema, const boost::json::object& request);

}  // namespace streamwall::storage
