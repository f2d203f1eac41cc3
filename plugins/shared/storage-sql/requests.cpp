#include "storage-sql/requests.hpp"

#include <algorithm>
#include <array>

#include "storage-sql/event.hpp"
#include "storage-sql/query.hpp"

namespace streamwall::storage {
namespace {

constexpr std::array<MethodName, 15> kMethods{{
    {"store", "declare", Method::kDeclare},
    {"store", "get", Method::kGet},
    {"store", "query", Method::kQuery},
    {"store", "apply", Method::kApply},
    {"store", "lease", Method::kStoreLease},
    {"store", "events", Method::kRead},
    {"journal", "append", Method::kAppend},
    {"journal", "read", Method::kRead},
    {"journal", "position", Method::kPosition},
    {"journal", "save_positions", Method::kSavePositions},
    {"journal", "lease", Method::kJournalLease},
    {"journal", "dead_letter_add", Method::kDeadLetterAdd},
    {"journal", "dead_letters", Method::kDeadLetters},
    {"journal", "dead_letter_take", Method::kDeadLetterTake},
    {"journal", "trim", Method::kTrim},
}};

Result<std::pair<std::string, Position>> read_saved(const boost::json::value& item,
                                                    std::string_view raw) {
    const auto* object = item.if_object();
    if (object == nullptr) return invalid("positions", "a position is an object");
    std::string name(text_member(*object, "name"));
    Position position;
    position.epoch = text_member(*object, "epoch");
    if (name.empty()) return invalid("name", "a position has a \"name\"");
    if (position.epoch.empty()) return invalid("epoch", "a position has an \"epoch\"");
    const auto sequence = bounded(*object, "sequence", 0, INT64_MAX, -1);
    if (!sequence) return std::unexpected(sequence.error());
    if (*sequence < 0) return invalid("sequence", "a position has a \"sequence\"");
    position.sequence = *sequence;
    if (const auto* parked = object->if_contains("parked"); parked && !parked->is_null()) {
        if (!parked->is_array()) return invalid("parked", "\"parked\" is a list");
        position.parked = compact(raw_member(raw, "parked"));
    }
    return std::pair(std::move(name), std::move(position));
}

}  // namespace

std::span<const MethodName> method_names() {
    return kMethods;
}

Result<std::int64_t> bounded(const boost::json::object& request, std::string_view name,
                             std::int64_t least, std::int64_t most, std::int64_t fallback) {
    const auto* value = request.if_contains(name);
    if (value == nullptr || value->is_null()) return fallback;
    if (!value->is_int64() || value->get_int64() < least || value->get_int64() > most) {
        return invalid(name, "\"" + std::string(name) + "\" is an integer from " +
                                 std::to_string(least) + " to " + std::to_string(most));
    }
    return value->get_int64();
}

Result<std::vector<CollectionPtr>> parse_declarations(const Dialect& dialect,
                                                      const Document& request) {
    const auto* list = request.root().if_contains("collections");
    if (list == nullptr || !list->is_array()) {
        return invalid("collections", "\"collections\" is a list");
    }
    std::vector<CollectionPtr> collections;
    for (std::size_t i = 0; i < list->get_array().size(); ++i) {
        const std::string at = "collections[" + std::to_string(i) + "]";
        const auto* declaration = list->get_array()[i].if_object();
        if (declaration == nullptr) return invalid(at, "a collection is an object");
        auto collection = Collection::parse(dialect, *declaration, at);
        if (!collection) return std::unexpected(std::move(collection).error());
        collections.push_back(std::move(*collection));
    }
    return collections;
}

Result<std::vector<SchemaChange>> plan_changes(const Dialect& dialect, const Schema& known,
                                               std::span<const CollectionPtr> declared) {
    std::vector<SchemaChange> changes;
    for (const auto& collection : declared) {
        CollectionPtr before = find_collection(with_changes(known, changes), collection->name());
        if (before == nullptr) {
            changes.push_back({nullptr, collection});
            continue;
        }
        auto merged = Collection::merge(dialect, *before, *collection);
        if (!merged) return std::unexpected(std::move(merged).error());
        if ((*merged)->declaration() == before->declaration()) continue;
        changes.push_back({std::move(before), std::move(*merged)});
    }
    return changes;
}

Schema with_changes(Schema known, std::span<const SchemaChange> changes) {
    for (const auto& change : changes) {
        const auto same = std::ranges::find_if(
            known, [&](const auto& one) { return one->name() == change.after->name(); });
        if (same == known.end()) {
            known.push_back(change.after);
        } else {
            *same = change.after;
        }
    }
    return known;
}

Result<JournalRead> parse_journal_read(const Document& request) {
    const auto& root = request.root();
    JournalRead read;
    const auto after = bounded(root, "after", 0, INT64_MAX, 0);
    if (!after) return std::unexpected(after.error());
    read.after = *after;
    const auto limit = bounded(root, "limit", 1, kMaxLimit, 100);
    if (!limit) return std::unexpected(limit.error());
    read.limit = *limit;
    read.subject = text_member(root, "subject");
    const auto* types = root.if_contains("types");
    if (types == nullptr || types->is_null()) return read;
    if (!types->is_array()) return invalid("types", "\"types\" is a list of patterns");
    for (const auto& type : types->get_array()) {
        const std::string pattern = type.is_string() ? type.get_string().c_str() : "";
        if (!is_type_pattern(pattern)) {
            return invalid("types", "\"" + pattern + "\" is no pattern of types");
        }
        read.types.push_back(pattern);
    }
    return read;
}

Result<std::string> parse_position(const Document& request) {
    std::string name(text_member(request.root(), "name"));
    if (name.empty()) return invalid("name", "a position has a \"name\"");
    return name;
}

Result<std::vector<std::pair<std::string, Position>>> parse_positions(const Document& request) {
    const auto* list = request.root().if_contains("positions");
    if (list == nullptr || !list->is_array()) {
        return invalid("positions", "\"positions\" is a list");
    }
    std::vector<std::pair<std::string, Position>> positions;
    RawItems raw(raw_member(request.text(), "positions"));
    for (const auto& item : list->get_array()) {
        raw.next();
        auto saved = read_saved(item, raw.value());
        if (!saved) return std::unexpected(std::move(saved).error());
        positions.push_back(std::move(*saved));
    }
    return positions;
}

Result<DeadLetter> parse_dead_letter(const Document& request) {
    const auto& root = request.root();
    DeadLetter letter;
    letter.name = text_member(root, "name");
    if (letter.name.empty()) return invalid("name", "a dead letter needs a \"name\"");
    const auto* event = root.if_contains("event");
    if (event != nullptr && event->is_object()) {
        letter.event_id = text_member(event->get_object(), "id");
    }
    if (letter.event_id.empty()) {
        return invalid("event", "a dead letter needs an \"event\" with its \"id\"");
    }
    letter.event = compact(raw_member(request.text(), "event"));
    const auto* error = root.if_contains("error");
    if (error == nullptr || !error->is_object()) {
        return invalid("error", "a dead letter needs an \"error\", an object");
    }
    letter.error = compact(raw_member(request.text(), "error"));
    const auto* attempts = root.if_contains("attempts");
    if (attempts == nullptr || !attempts->is_int64()) {
        return invalid("attempts", "\"attempts\" is an integer");
    }
    letter.attempts = attempts->get_int64();
    return letter;
}

Result<DeadLetterPage> parse_dead_letter_page(const Document& request) {
    const auto after = bounded(request.root(), "after", 0, INT64_MAX, 0);
    if (!after) return std::unexpected(after.error());
    const auto limit = bounded(request.root(), "limit", 1, kMaxLimit, 100);
    if (!limit) return std::unexpected(limit.error());
    const auto offset = bounded(request.root(), "offset", 0, INT64_MAX, 0);
    if (!offset) return std::unexpected(offset.error());
    return DeadLetterPage{*after, *limit, *offset};
}

Result<std::int64_t> parse_dead_letter_id(const Document& request) {
    const auto id = bounded(request.root(), "id", 1, INT64_MAX, 0);
    if (!id) return std::unexpected(id.error());
    if (*id == 0) return invalid("id", "a dead letter is named by its \"id\"");
    return *id;
}

Result<TrimBounds> parse_trim(const Document& request) {
    const auto events = bounded(request.root(), "keep_events", 0, INT64_MAX, -1);
    if (!events) return std::unexpected(events.error());
    const auto days = bounded(request.root(), "keep_days", 0, 1'000'000, -1);
    if (!days) return std::unexpected(days.error());
    const auto given = [](std::int64_t value) {
        return value < 0 ? std::nullopt : std::optional(value);
    };
    return TrimBounds{given(*events), given(*days)};
}

}  // namespace streamwall::storage
