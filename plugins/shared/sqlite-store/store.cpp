#include "sqlite-store/store.hpp"

#include "sqlite-store/apply_job.hpp"
#include "sqlite-store/reads.hpp"
#include "sqlite-store/small_jobs.hpp"
#include "storage-sql/replies.hpp"

namespace streamwall::sqlite {
namespace {

using storage::Code;
using storage::Document;

WriterOptions writer_options(const Options& options) {
    WriterOptions out = options.writer;
    out.path = options.path;
    out.max_queued = options.max_queued;
    return out;
}

}  // namespace

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
      leases_(hooks_.monotonic_ms),
      writer_(std::make_unique<Writer>(writer_options(options_), hooks_, cache_,
                                       [this] {
                                           return std::make_unique<TrimJob>(storage::TrimBounds{
                                               options_.keep_events, options_.keep_days});
                                       })),
      readers_(std::make_unique<Readers>(options_.path, options_.readers, options_.max_queued)) {
    Connection connection(options_.path, Connection::Role::kReader);
    leases_.restore(read_leases(connection));
}

Store::~Store() = default;

std::optional<Answer> Store::call(Method method, std::string_view body, storage::Origin origin,
                                  const Defer& defer) {
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
            return apply(std::move(document), std::move(origin), defer);
        case Method::kAppend:
            return append(std::move(document), std::move(origin), defer);
        case Method::kRead:
            return read(*document, defer);
        case Method::kPosition:
            return position(*document, defer);
        case Method::kSavePositions:
            return save_positions(*document);
        case Method::kStoreLease:
            return lease("store", *document, defer);
        case Method::kJournalLease:
            return lease("journal", *document, defer);
        case Method::kDeadLetterAdd: {
            auto letter = storage::parse_dead_letter(*document);
            if (!letter) return std::unexpected(std::move(letter).error());
            return write(std::make_unique<DeadLetterAddJob>(std::move(*letter)), defer);
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
    auto collections = storage::parse_declarations(storage::sqlite_dialect(), document);
    if (!collections) return std::unexpected(std::move(collections).error());
    return write(std::make_unique<DeclareJob>(std::move(*collections)), defer);
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
            if (!row.step()) return std::unexpected(storage::no_record(lookup));
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

Store::Inline Store::apply(DocumentPtr document, storage::Origin origin, const Defer& defer) {
    auto list = storage::parse_changes(storage::sqlite_dialect(), *writer_->schema(), *document);
    if (!list) return std::unexpected(std::move(list).error());
    return write(
        std::make_unique<ApplyJob>(std::move(document), std::move(*list), std::move(origin)),
        defer);
}

Store::Inline Store::append(DocumentPtr document, storage::Origin origin, const Defer& defer) {
    auto list = storage::parse_events(storage::sqlite_dialect(), *document);
    if (!list) return std::unexpected(std::move(list).error());
    return write(
        std::make_unique<ApplyJob>(std::move(document), std::move(*list), std::move(origin)),
        defer);
}

Store::Inline Store::read(const Document& document, const Defer& defer) {
    auto read = storage::parse_journal_read(document);
    if (!read) return std::unexpected(std::move(read).error());
    return read_later(
        [this, read = std::move(*read)](Connection& connection) {
            return read_journal(connection, read, writer_->epoch());
        },
        defer);
}

Store::Inline Store::position(const Document& document, const Defer& defer) {
    auto name = storage::parse_position(document);
    if (!name) return std::unexpected(std::move(name).error());
    if (const auto pending = writer_->pending_position(*name)) {
        return storage::position_reply(pending->epoch, pending->sequence, pending->parked);
    }
    return read_later([name = std::move(*name)](
                          Connection& connection) { return read_position(connection, name); },
                      defer);
}

Store::Inline Store::save_positions(const Document& document) {
    auto positions = storage::parse_positions(document);
    if (!positions) return std::unexpected(std::move(positions).error());
    const auto proof = storage::parse_lease_proof(document);
    if (!proof) return std::unexpected(proof.error());
    if (*proof && !leases_.proves("journal", **proof)) {
        return std::unexpected(storage::lease_lost((*proof)->name));
    }
    for (auto& [name, position] : *positions) {
        writer_->save_position(std::move(name), std::move(position));
    }
    return "{}";
}

Store::Inline Store::lease(std::string_view service, const Document& document, const Defer& defer) {
    const auto request = storage::parse_lease(document);
    if (!request) return std::unexpected(request.error());
    if (request->release) {
        if (auto freed = leases_.release(service, *request)) {
            // Lost with a crash, it costs the next owner one ttl; nobody waits for it.
            std::unique_ptr<Job> job = std::make_unique<LeaseJob>(std::move(*freed), "{}");
            static_cast<void>(writer_->submit(job));
        }
        return "{}";
    }
    auto outcome = leases_.ask(service, *request);
    auto reply = storage::render(outcome.reply);
    if (!outcome.store) return reply;
    return write(std::make_unique<LeaseJob>(std::move(*outcome.store), std::move(reply)), defer);
}

Store::Inline Store::dead_letters(const Document& document, const Defer& defer) {
    const auto page = storage::parse_dead_letter_page(document);
    if (!page) return std::unexpected(page.error());
    return read_later(
        [page = *page](Connection& connection) { return list_dead_letters(connection, page); },
        defer);
}

Store::Inline Store::dead_letter_take(const Document& document, const Defer& defer) {
    const auto id = storage::parse_dead_letter_id(document);
    if (!id) return std::unexpected(id.error());
    return write(std::make_unique<DeadLetterTakeJob>(*id), defer);
}

Store::Inline Store::trim(const Document& document, const Defer& defer) {
    const auto bounds = storage::parse_trim(document);
    if (!bounds) return std::unexpected(bounds.error());
    return write(std::make_unique<TrimJob>(*bounds), defer);
}

Store::Inline Store::write(std::unique_ptr<Job> job, const Defer& defer) {
    job->call = defer();
    if (!writer_->submit(job)) job->call->answer(std::unexpected(storage::too_much()));
    return std::nullopt;
}

Store::Inline Store::read_later(Readers::Work work, const Defer& defer) {
    auto call = defer();
    if (!readers_->submit(call, work)) call->answer(std::unexpected(storage::too_much()));
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
