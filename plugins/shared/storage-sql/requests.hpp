// The services' methods, and their requests but `get`, `query`, `apply` and `append` (query.hpp,
// change.hpp): checked and turned into values.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage-sql/collection.hpp"
#include "storage-sql/json_text.hpp"
#include "storage-sql/positions.hpp"

namespace streamwall::storage {

enum class Method {
    kDeclare,
    kGet,
    kQuery,
    kApply,
    kStoreLease,
    kAppend,
    kRead,
    kPosition,
    kSavePositions,
    kJournalLease,
    kDeadLetterAdd,
    kDeadLetters,
    kDeadLetterTake,
    kTrim,
};

struct MethodName {
    std::string_view service;
    std::string_view name;
    Method method;
};
std::span<const MethodName> method_names();

// An optional integer member within bounds.
Result<std::int64_t> bounded(const boost::json::object& request, std::string_view name,
                             std::int64_t least, std::int64_t most, std::int64_t fallback);

Result<std::vector<CollectionPtr>> parse_declarations(const Dialect& dialect,
                                                      const Document& request);

// What `declared` makes of the collections that are known: those to be stored, in order.
struct SchemaChange {
    CollectionPtr before;  // null for a new one
    CollectionPtr after;
};
Result<std::vector<SchemaChange>> plan_changes(const Dialect& dialect, const Schema& known,
                                               std::span<const CollectionPtr> declared);
Schema with_changes(Schema known, std::span<const SchemaChange> changes);

struct JournalRead {
    std::int64_t after = 0;
    std::int64_t limit = 100;
    std::vector<std::string> types;  // patterns; empty: all
    std::string subject;             // empty: all
};
Result<JournalRead> parse_journal_read(const Document& request);

Result<std::string> parse_position(const Document& request);  // its name
Result<std::vector<std::pair<std::string, Position>>> parse_positions(const Document& request);

struct DeadLetter {
    std::string name;
    std::string event_id;
    std::string event;  // JSON objects
    std::string error;
    std::int64_t attempts = 0;
};
Result<DeadLetter> parse_dead_letter(const Document& request);

struct DeadLetterPage {
    std::int64_t after = 0;
    std::int64_t limit = 100;
    std::int64_t offset = 0;
};
Result<DeadLetterPage> parse_dead_letter_page(const Document& request);
Result<std::int64_t> parse_dead_letter_id(const Document& request);

struct TrimBounds {
    std::optional<std::int64_t> keep_events;
    std::optional<std::int64_t> keep_days;
};
Result<TrimBounds> parse_trim(const Document& request);

}  // namespace streamwall::storage
