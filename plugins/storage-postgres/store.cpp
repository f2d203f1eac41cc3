#include "store.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>

#include <signal.h>

#include <future>

#include "leases.hpp"
#include "reads.hpp"
#include "storage-sql/replies.hpp"

namespace streamwall::postgres {
namespace {

using storage::Code;
using storage::Document;
using storage::Method;

constexpr std::chrono::milliseconds kTryAgain{200};
constexpr std::chrono::seconds kLookForIdle{5};
// A session that was closed while nobody looked fails at once, and reading twice does no harm.
constexpr std::chrono::milliseconds kStaleSession{500};

WriterOptions writer_options(const Options& options) {
    WriterOptions out = options.writer;
    out.max_queued = options.max_queued;
    return out;
}

// A coroutine that ends by an exception has a fault of its own, which must not go unnoticed.
void no_exception(std::exception_ptr thrown) {
    if (thrown) std::rethrow_exception(thrown);
}

void run_quietly(asio::io_context& context) {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    context.run();
}

}  // namespace

storage::Result<std::unique_ptr<Store>> Store::open(Options options, storage::Hooks hooks) {
    if (const auto complaint = complaint_about(options.connection.url); !complaint.empty()) {
        return storage::invalid("url", complaint);
    }
    std::unique_ptr<Store> store(new Store(std::move(options), std::move(hooks)));
    std::promise<storage::Result<void>> opened;
    auto result = opened.get_future();
    store->thread_ = std::thread([context = &store->context_] { run_quietly(*context); });
    asio::co_spawn(store->context_.get_executor(), store->open_database(),
                   [&](std::exception_ptr thrown) {
                       try {
                           no_exception(thrown);
                           store->start();
                           opened.set_value({});
                       } catch (const Failure& failure) {
                           auto error = to_error(failure);
                           error.message = failure.what();
                           opened.set_value(std::unexpected(std::move(error)));
                       }
                   });
    if (auto done = result.get(); !done) return std::unexpected(std::move(done).error());
    return store;
}

Store::Store(Options options, storage::Hooks hooks)
    : options_(std::move(options)),
      hooks_(std::move(hooks)),
      channel_("streamwall_" + options_.connection.schema),
      busy_(context_.get_executor()),
      condition_(hooks_),
      housekeeper_(context_.get_executor()) {}

Store::~Store() {
    asio::post(context_, [this] { stop(); });
    thread_.join();
}

Task<> Store::open_database() {
    ConnectionOptions patient = options_.connection;
    patient.statement_timeout = std::chrono::milliseconds(0);  // an upgrade may take its time
    const auto until = Clock::now() + options_.start_within;
    while (true) {
        std::optional<Failure> failure;
        try {
            const auto connection = co_await Connection::open(context_.get_executor(), patient);
            co_await migrate(*connection, patient.schema);
            head_ = co_await read_head(*connection);
            learn(co_await load_declarations(*connection));
        } catch (const Failure& thrown) {
            failure = thrown;
        }
        if (!failure) co_return;
        const bool may_pass =
            failure->kind() == Failure::Kind::kAway || failure->kind() == Failure::Kind::kRetry;
        if (!may_pass || Clock::now() >= until) throw *failure;
        housekeeper_.expires_after(kTryAgain);
        co_await housekeeper_.async_wait(kAwait);
    }
}

void Store::start() {
    const auto executor = context_.get_executor();
    pool_ = std::make_unique<Pool>(executor, options_.pool, options_.connection);
    tail_ = std::make_unique<Tail>(
        executor, options_.tail, options_.connection, channel_, head_, hooks_, condition_,
        TailCallbacks{[this](Declarations found) { learn(std::move(found)); },
                      [this] {
                          writer_->refuse_queued();
                          pool_->close_free();
                      }});
    writer_ = std::make_unique<Writer>(executor, writer_options(options_), options_.connection,
                                       channel_, head_, hooks_, condition_, *tail_,
                                       [this]() -> std::unique_ptr<SmallJob> {
                                           return std::make_unique<TrimJob>(storage::TrimBounds{
                                               options_.keep_events, options_.keep_days});
                                       });
    condition_.set_connection({});
    asio::co_spawn(executor, tail_->run(), no_exception);
    // What the writer commits is announced by the tail, which therefore ends after it.
    asio::co_spawn(executor, writer_->run(), [this](std::exception_ptr thrown) {
        no_exception(thrown);
        tail_->stop();
        housekeeper_.cancel();
        busy_.reset();
    });
    asio::co_spawn(
        executor,
        [](Store* self) -> Task<> {
            boost::system::error_code cancelled;
            while (!cancelled) {
                self->housekeeper_.expires_after(kLookForIdle);
                co_await self->housekeeper_.async_wait(asio::redirect_error(kAwait, cancelled));
                self->pool_->close_idle();
            }
        }(this),
        no_exception);
}

void Store::stop() {
    if (writer_ != nullptr) return writer_->stop();
    busy_.reset();
}

void Store::learn(Declarations declarations) {
    const std::lock_guard lock(mutex_);
    if (declarations.revision <= revision_) return;
    revision_ = declarations.revision;
    schema_ = std::make_shared<const storage::Schema>(std::move(declarations.collections));
}

std::shared_ptr<const storage::Schema> Store::schema() const {
    const std::lock_guard lock(mutex_);
    return schema_;
}

std::optional<storage::Answer> Store::call(Method method, std::string_view body,
                                           storage::Origin origin, const storage::Defer& defer) {
    auto parsed = Document::parse(std::string(body));
    if (!parsed) return std::unexpected(std::move(parsed).error());
    DocumentPtr document = std::move(*parsed);
    const auto& dialect = storage::postgres_dialect();
    switch (method) {
        case Method::kDeclare:
            return declare(*document, defer);
        case Method::kGet:
            return get(std::move(document), defer);
        case Method::kQuery:
            return query(std::move(document), defer);
        case Method::kApply: {
            auto list = storage::parse_changes(dialect, *schema(), *document);
            return apply(std::move(list), std::move(document), std::move(origin), defer);
        }
        case Method::kAppend: {
            auto list = storage::parse_events(dialect, *document);
            return apply(std::move(list), std::move(document), std::move(origin), defer);
        }
        case Method::kRead:
            return read(*document, defer);
        case Method::kPosition:
            return position(*document, defer);
        case Method::kSavePositions:
            return save_positions(*document, defer);
        case Method::kStoreLease:
            return lease("store", *document, defer);
        case Method::kJournalLease:
            return lease("journal", *document, defer);
        case Method::kDeadLetterAdd:
        case Method::kDeadLetters:
        case Method::kDeadLetterTake:
            return dead_letter(method, *document, defer);
        case Method::kTrim:
            return trim(*document, defer);
    }
    return std::unexpected(storage::Error{Code::kUnimplemented, "unknown method", {}, {}});
}

Store::Inline Store::declare(const Document& document, const storage::Defer& defer) {
    auto collections = storage::parse_declarations(storage::postgres_dialect(), document);
    if (!collections) return std::unexpected(std::move(collections).error());
    return write(
        std::make_unique<DeclareJob>(std::move(*collections),
                                     [this](Declarations known) { learn(std::move(known)); }),
        defer);
}

Store::Inline Store::get(DocumentPtr document, const storage::Defer& defer) {
    auto lookup = storage::parse_lookup(storage::postgres_dialect(), *schema(), *document);
    if (!lookup) return std::unexpected(std::move(lookup).error());
    // The document holds the texts of the statement.
    return read_later([document = std::move(document), lookup = std::move(*lookup)](
                          Connection& connection) { return run_lookup(connection, lookup); },
                      defer);
}

Store::Inline Store::query(DocumentPtr document, const storage::Defer& defer) {
    auto query = storage::parse_query(storage::postgres_dialect(), *schema(), *document);
    if (!query) return std::unexpected(std::move(query).error());
    return read_later([document = std::move(document), query = std::move(*query)](
                          Connection& connection) { return run_query(connection, query); },
                      defer);
}

Store::Inline Store::apply(storage::Result<storage::ChangeList> list, DocumentPtr document,
                           storage::Origin origin, const storage::Defer& defer) {
    if (!list) return std::unexpected(std::move(list).error());
    WriteJob job;
    job.apply =
        std::make_unique<ApplyRequest>(std::move(document), std::move(*list), std::move(origin));
    return write(std::move(job), defer);
}

Store::Inline Store::read(const Document& document, const storage::Defer& defer) {
    auto read = storage::parse_journal_read(document);
    if (!read) return std::unexpected(std::move(read).error());
    return read_later([read = std::move(*read)](
                          Connection& connection) { return read_journal(connection, read); },
                      defer);
}

Store::Inline Store::position(const Document& document, const storage::Defer& defer) {
    auto name = storage::parse_position(document);
    if (!name) return std::unexpected(std::move(name).error());
    if (const auto pending = writer_->pending_position(*name)) {
        return storage::position_reply(pending->epoch, pending->sequence, pending->parked);
    }
    return read_later([name = std::move(*name)](
                          Connection& connection) { return read_position(connection, name); },
                      defer);
}

Store::Inline Store::save_positions(const Document& document, const storage::Defer& defer) {
    auto positions = storage::parse_positions(document);
    if (!positions) return std::unexpected(std::move(positions).error());
    const auto proof = storage::parse_lease_proof(document);
    if (!proof) return std::unexpected(proof.error());
    if (*proof) {
        std::map<std::string, storage::Position> by_name;
        for (auto& [name, position] : *positions)
            by_name[std::move(name)] = std::move(position);
        return read_later(
            [proof = **proof, by_name = std::move(by_name)](Connection& connection) {
                return save_leased_positions(connection, proof, by_name);
            },
            defer);
    }
    for (auto& [name, position] : *positions) {
        writer_->save_position(std::move(name), std::move(position));
    }
    return "{}";
}

Store::Inline Store::lease(std::string_view service, const Document& document,
                           const storage::Defer& defer) {
    auto request = storage::parse_lease(document);
    if (!request) return std::unexpected(std::move(request).error());
    return read_later(
        [service, request = std::move(*request)](Connection& connection) {
            return run_lease(connection, service, request);
        },
        defer);
}

Store::Inline Store::dead_letter(Method method, const Document& document,
                                 const storage::Defer& defer) {
    if (method == Method::kDeadLetterAdd) {
        auto letter = storage::parse_dead_letter(document);
        if (!letter) return std::unexpected(std::move(letter).error());
        return write(std::make_unique<DeadLetterAddJob>(std::move(*letter)), defer);
    }
    if (method == Method::kDeadLetterTake) {
        const auto id = storage::parse_dead_letter_id(document);
        if (!id) return std::unexpected(id.error());
        return write(std::make_unique<DeadLetterTakeJob>(*id), defer);
    }
    const auto page = storage::parse_dead_letter_page(document);
    if (!page) return std::unexpected(page.error());
    return read_later(
        [page = *page](Connection& connection) { return list_dead_letters(connection, page); },
        defer);
}

Store::Inline Store::trim(const Document& document, const storage::Defer& defer) {
    const auto bounds = storage::parse_trim(document);
    if (!bounds) return std::unexpected(bounds.error());
    return write(std::make_unique<TrimJob>(*bounds), defer);
}

Store::Inline Store::write(std::unique_ptr<SmallJob> small, const storage::Defer& defer) {
    WriteJob job;
    job.small = std::move(small);
    return write(std::move(job), defer);
}

Store::Inline Store::write(WriteJob job, const storage::Defer& defer) {
    job.call = defer();
    if (auto refusal = writer_->submit(job)) {
        job.call->answer(std::unexpected(std::move(*refusal)));
    }
    return std::nullopt;
}

Store::Inline Store::read_later(Work work, const storage::Defer& defer) {
    if (!condition_.reachable()) {
        return std::unexpected(
            storage::busy_error(Code::kUnavailable, "the database can't be reached", 1));
    }
    if (reads_.fetch_add(1) >= options_.max_queued) {
        reads_.fetch_sub(1);
        return std::unexpected(storage::too_much());
    }
    asio::co_spawn(context_.get_executor(), serve(defer(), std::move(work)), no_exception);
    return std::nullopt;
}

Task<> Store::serve(std::unique_ptr<storage::Call> call, Work work) {
    if (call->abandoned()) {
        call->answer(std::unexpected(storage::abandoned()));
    } else {
        call->answer(co_await try_to_read(work));
    }
    reads_.fetch_sub(1);
}

Task<storage::Answer> Store::try_to_read(Work& work) {
    const auto began = Clock::now();
    while (true) {
        std::optional<Failure> failure;
        try {
            const auto lease = co_await pool_->acquire();
            co_return co_await work(*lease);
        } catch (const Failure& thrown) {
            failure = thrown;
        }
        const bool may_pass =
            failure->kind() == Failure::Kind::kAway || failure->kind() == Failure::Kind::kRetry;
        if (!may_pass || !condition_.reachable() || Clock::now() - began > kStaleSession) {
            co_return std::unexpected(to_error(*failure));
        }
    }
}

}  // namespace streamwall::postgres
