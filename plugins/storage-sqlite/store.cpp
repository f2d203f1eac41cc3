#include "store.hpp"

#include <array>

#include "apply_job.hpp"
#include "reads.hpp"
#include "small_jobs.hpp"

namespace streamwall::sqlite {
namespace {

using storage::Code;
using storage::Document;
using storage::invalid;

constexpr std::array<MethodName, 12> kMethods{{
    {"store", "declare", Method::kDeclare},
    {"store", "get", Method::kGet},
    {"store", "query", Method::kQuery},
    {"store", "apply", Method::kApply},
    {"journal", "append", Method::kAppend},
    {"journal", "read", Method::kRead},
    {"journal", "position", Method::kPosition},
    {"journal", "save_positions", Method::kSavePositions},
    {"journal", "dead_letter_add", Method::kDeadLetterAdd},
    {"journal", "dead_letters", Method::kDeadLetters},
    {"journal", "dead_letter_take", Method::kDeadLetterTake},
    {"journal", "trim", Method::kTrim},
}};

storage::Error too_much() {
    return storage::busy_error(Code::kResourceExhausted, "too many requests wait for the database",
                               1);
}

storage::Error no_record(const storage::Lookup& lookup) {
    const std::string what =
        lookup.id ? "record " + std::to_string(*lookup.id) : std::string("such record");
    return {Code::kNotFound, "no " + what + " in \"" + lookup.collection->name() + "\"", "id", {}};
}

WriterOptions writer_options(const Options& options) {
    WriterOptions out = options.writer;
    out.path = options.path;
    out.max_queued = options.max_queued;
    return out;
}

}  // namespace

std::span<const MethodName> method_names() {
    return kMethods;
}

storage::Result<std::unique_ptr<Store>> Store::open(Options options, Hooks hooks) {
    try {
        return std::unique_ptr<Store>(new Store(std::move(options), std::move(hooks)));
    } catch (const Failure& failure) {
        auto error = to_error(failure);
        error.message = failure.what();
        // A newer schema is no fault of the file, and waiting doesn't help.
        if (failure.primary() == SQLITE_MISMATCH) error.code = Code::kFailedPrecondition;
        return std::unexpected(std::move(error));
    }
}

Store::Store(Options options, Hooks hooks)
    : options_(std::move(options)),
      hooks_(std::move(hooks)),
      cache_(options_.cache_bytes),
      lock_(options_.path),
      writer_(std::make_unique<Writer>(
          writer_options(options_), hooks_, cache_,
          [this] { return std::make_unique<TrimJob>(options_.keep_events, options_.keep_days); })),
      readers_(std::make_unique<Readers>(options_.path, options_.readers, options_.max_queued)) {}

Store::~Store() = default;

std::optional<Answer> Store::call(Method method, std::string_view body,
                                  const storage::Origin& origin, const Defer& defer) {
    auto parsed = Document::parse(std::string(body));
    if (!parsed) return std::unexpected(std::move(parsed).error());
    DocumentPtr document = std::move(*parsed);
    switch (method) {
        case Method::kDeclare:
            return declare(*document, defer);
        case Method::kGet:
            return get(std::move(document), defer);
        case Method::kQuery:
            return query(std::move(document), defer);
        case Method::kApply:
            return apply(std::move(document), origin, defer);
        case Method::kAppend:
            return append(std::move(document), origin, defer);
        case Method::kRead:
            return read(*document, defer);
        case Method::kPosition:
            return position(*document, defer);
        case Method::kSavePositions:
            return save_positions(*document);
        case Method::kDeadLetterAdd: {
            auto job = DeadLetterAddJob::parse(std::move(document));
            if (!job) return std::unexpected(std::move(job).error());
            return write(std::move(*job), defer);
        }
        case Method::kDeadLetters:
            return dead_letters(*document, defer);
        case Method::kDeadLetterTake:
            return dead_letter_take(*document, defer);
        case Method::kTrim:
            return trim(*document, defer);
    }
    return std::unexpected(storage::Error{Code::kUnimplemented, "unknown method", {}, {}});
}

Store::Inline Store::declare(const Document& document, const Defer& defer) {
    const auto* list = document.root().if_contains("collections");
    if (list == nullptr || !list->is_array()) {
        return invalid("collections", "\"collections\" is a list");
    }
    std::vector<storage::CollectionPtr> collections;
    for (std::size_t i = 0; i < list->get_array().size(); ++i) {
        const std::string at = "collections[" + std::to_string(i) + "]";
        const auto* declaration = list->get_array()[i].if_object();
        if (declaration == nullptr) return invalid(at, "a collection is an object");
        auto collection = storage::Collection::parse(storage::sqlite_dialect(), *declaration, at);
        if (!collection) return std::unexpected(std::move(collection).error());
        collections.push_back(std::move(*collection));
    }
    return write(std::make_unique<DeclareJob>(std::move(collections)), defer);
}

Store::Inline Store::get(DocumentPtr document, const Defer& defer) {
    auto lookup = storage::parse_lookup(storage::sqlite_dialect(), *writer_->schema(), *document);
    if (!lookup) return std::unexpected(std::move(lookup).error());
    const auto& name = lookup->collection->name();
    if (lookup->id) {
        if (const auto text = cache_.find(name, *lookup->id)) return *text;
    }
    // The document holds the texts of the statement.
    return read_later(
        [this, document = std::move(document),
         lookup = std::move(*lookup)](Connection& connection) -> Answer {
            const auto& collection = *lookup.collection;
            const std::int64_t id = lookup.id.value_or(0);
            const auto ticket = cache_.ticket(collection.name(), id);
            auto row =
                connection.prepare(lookup.id ? collection.select_by_id() : lookup.by_unique.sql);
            if (lookup.id) {
                row.bind(1, id);
            } else {
                row.bind_all(lookup.by_unique.values, 0);
            }
            if (!row.step()) return std::unexpected(no_record(lookup));
            std::string text;
            storage::append_record(text, collection, row);
            const bool current = storage::find_collection(*writer_->schema(), collection.name()) ==
                                 lookup.collection;
            if (lookup.id && current) {
                cache_.fill(collection.name(), id, ticket,
                            std::make_shared<const std::string>(text));
            }
            return text;
        },
        defer);
}

Store::Inline Store::query(DocumentPtr document, const Defer& defer) {
    auto query = storage::parse_query(storage::sqlite_dialect(), *writer_->schema(), *document);
    if (!query) return std::unexpected(std::move(query).error());
    return read_later([document = std::move(document), query = std::move(*query)](
                          Connection& connection) { return run_query(connection, query); },
                      defer);
}

Store::Inline Store::apply(DocumentPtr document, const storage::Origin& origin,
                           const Defer& defer) {
    auto list = storage::parse_changes(storage::sqlite_dialect(), *writer_->schema(), *document);
    if (!list) return std::unexpected(std::move(list).error());
    return write(std::make_unique<ApplyJob>(std::move(document), std::move(*list), origin), defer);
}

Store::Inline Store::append(DocumentPtr document, const storage::Origin& origin,
                            const Defer& defer) {
    auto list = storage::parse_events(storage::sqlite_dialect(), *document);
    if (!list) return std::unexpected(std::move(list).error());
    return write(std::make_unique<ApplyJob>(std::move(document), std::move(*list), origin), defer);
}

Store::Inline Store::read(const Document& document, const Defer& defer) {
    auto read = parse_journal_read(document);
    if (!read) return std::unexpected(std::move(read).error());
    return read_later(
        [this, read = std::move(*read)](Connection& connection) {
            return read_journal(connection, read, writer_->epoch());
        },
        defer);
}

Store::Inline Store::position(const Document& document, const Defer& defer) {
    std::string name(storage::text_member(document.root(), "name"));
    if (name.empty()) return invalid("name", "a position has a \"name\"");
    if (const auto pending = writer_->pending_position(name)) {
        return position_reply(pending->epoch, pending->sequence, pending->parked);
    }
    return read_later([name = std::move(name)](
                          Connection& connection) { return read_position(connection, name); },
                      defer);
}

Store::Inline Store::save_positions(const Document& document) {
    const auto* list = document.root().if_contains("positions");
    if (list == nullptr || !list->is_array()) {
        return invalid("positions", "\"positions\" is a list");
    }
    std::vector<std::pair<std::string, Position>> positions;
    storage::RawItems raw(storage::raw_member(document.text(), "positions"));
    for (const auto& item : list->get_array()) {
        raw.next();
        const auto* object = item.if_object();
        if (object == nullptr) return invalid("positions", "a position is an object");
        std::string name(storage::text_member(*object, "name"));
        Position position;
        position.epoch = storage::text_member(*object, "epoch");
        if (name.empty()) return invalid("name", "a position has a \"name\"");
        if (position.epoch.empty()) return invalid("epoch", "a position has an \"epoch\"");
        const auto sequence = bounded(*object, "sequence", 0, INT64_MAX, -1);
        if (!sequence) return std::unexpected(sequence.error());
        if (*sequence < 0) return invalid("sequence", "a position has a \"sequence\"");
        position.sequence = *sequence;
        if (const auto* parked = object->if_contains("parked"); parked && !parked->is_null()) {
            if (!parked->is_array()) return invalid("parked", "\"parked\" is a list");
            position.parked = storage::compact(storage::raw_member(raw.value(), "parked"));
        }
        positions.emplace_back(std::move(name), std::move(position));
    }
    for (auto& [name, position] : positions) {
        writer_->save_position(std::move(name), std::move(position));
    }
    return "{}";
}

Store::Inline Store::dead_letters(const Document& document, const Defer& defer) {
    const auto after = bounded(document.root(), "after", 0, INT64_MAX, 0);
    if (!after) return std::unexpected(after.error());
    const auto limit = bounded(document.root(), "limit", 1, storage::kMaxLimit, 100);
    if (!limit) return std::unexpected(limit.error());
    return read_later(
        [after = *after, limit = *limit](Connection& connection) {
            return list_dead_letters(connection, after, limit);
        },
        defer);
}

Store::Inline Store::dead_letter_take(const Document& document, const Defer& defer) {
    const auto id = bounded(document.root(), "id", 1, INT64_MAX, 0);
    if (!id) return std::unexpected(id.error());
    if (*id == 0) return invalid("id", "a dead letter is named by its \"id\"");
    return write(std::make_unique<DeadLetterTakeJob>(*id), defer);
}

Store::Inline Store::trim(const Document& document, const Defer& defer) {
    const auto events = bounded(document.root(), "keep_events", 0, INT64_MAX, -1);
    if (!events) return std::unexpected(events.error());
    const auto days = bounded(document.root(), "keep_days", 0, 1'000'000, -1);
    if (!days) return std::unexpected(days.error());
    const auto given = [](std::int64_t value) {
        return value < 0 ? std::nullopt : std::optional(value);
    };
    return write(std::make_unique<TrimJob>(given(*events), given(*days)), defer);
}

Store::Inline Store::write(std::unique_ptr<Job> job, const Defer& defer) {
    job->call = defer();
    if (!writer_->submit(job)) job->call->answer(std::unexpected(too_much()));
    return std::nullopt;
}

Store::Inline Store::read_later(Readers::Work work, const Defer& defer) {
    auto call = defer();
    if (!readers_->submit(call, work)) call->answer(std::unexpected(too_much()));
    return std::nullopt;
}

Answer Store::explain(std::string_view text) const {
    auto document = Document::parse(std::string(text));
    if (!document) return std::unexpected(document.error());
    auto query = storage::parse_query(storage::sqlite_dialect(), *writer_->schema(), **document);
    if (!query) return std::unexpected(query.error());
    try {
        Connection connection(options_.path, Connection::Role::kReader);
        std::string reply = "{";
        for (const auto* statement : {&query->list, &query->count}) {
            if (statement->sql.empty()) continue;
            reply += statement == &query->list ? R"("list":[)" : R"(,"count":[)";
            auto row = connection.prepare("EXPLAIN QUERY PLAN " + statement->sql);
            row.bind_all(statement->values, 0);
            for (bool first = true; row.step(); first = false) {
                if (!first) reply += ',';
                storage::append_json_string(reply, row.text(3));
            }
            reply += ']';
        }
        return reply + "}";
    } catch (const Failure& failure) {
        return std::unexpected(to_error(failure));
    }
}

}  // namespace streamwall::sqlite
