// The change lists of `apply` and `append`: checked, and turned into statements as far as that is
// possible without the database.
#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "storage-sql/collection.hpp"

namespace streamwall::storage {

inline constexpr std::size_t kMaxChanges = 10'000;

struct RecordChange {
    enum class Kind { kInsert, kUpdate, kDelete };
    Kind kind = Kind::kInsert;
    CollectionPtr collection;
    std::int64_t id = 0;                  // update, delete
    std::optional<std::int64_t> version;  // the one that is expected
    // Returns the collection's columns, but for an update where the dialect has no
    // updates_return(): SQLite fills a temporary table for RETURNING, which costs twice what
    // reading the row again does.
    Statement statement;
    std::vector<std::pair<std::size_t, Value>> fields;  // what is set: column, value
};

struct EventChange {
    std::string_view type;
    std::string_view version;
    std::string_view subject;           // may hold {id} where `record` is given
    std::optional<std::size_t> record;  // position of the change whose record is the data
    std::string_view data;              // else its text
    std::string_view changes;           // or empty
};

struct InboxChange {
    std::string_view consumer;
    std::string_view event_id;
};

using Change = std::variant<RecordChange, EventChange, InboxChange>;

struct ChangeList {
    std::vector<Change> changes;
    Kept kept;
    // How many of them can fail on what the database holds. One alone undoes itself.
    std::size_t fallible = 0;
};

Result<ChangeList> parse_changes(const Dialect& dialect, const Schema& schema,
                                 const Document& request);

// `append`: events without record.
Result<ChangeList> parse_events(const Dialect& dialect, const Document& request);

}  // namespace streamwall::storage
