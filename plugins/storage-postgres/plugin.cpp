// storage-postgres: wiring. Hands calls of the services `store` and `journal` to the Store, what
// was committed to the host, and the command `db` to its parts.
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <streamwall/sdk/plugin.hpp>
#include <thread>

#include "db_command.hpp"
#include "storage-sql/boundary.hpp"
#include "store.hpp"

namespace streamwall::postgres {

struct Settings {
    std::string url;
    std::string schema;
    std::size_t pool_min = 0;
    std::size_t pool_max = 0;
    std::chrono::milliseconds pool_idle{};
    std::chrono::milliseconds pool_acquire{};
    std::chrono::milliseconds connect_timeout{};
    std::chrono::milliseconds statement_timeout{};
    std::chrono::milliseconds start_timeout{};
    std::size_t max_queued = 0;
    std::int64_t keep_events = 0;
    std::int64_t keep_days = 0;
};

}  // namespace streamwall::postgres

STREAMWALL_SETTINGS(streamwall::postgres::Settings, url, schema, pool_min, pool_max, pool_idle,
                    pool_acquire, connect_timeout, statement_timeout, start_timeout, max_queued,
                    keep_events, keep_days)

namespace streamwall::postgres {

using storage::to_sdk;

class StoragePostgres final : public Plugin<Settings> {
  public:
    using Plugin::Plugin;

    ~StoragePostgres() override {
        if (closer_.joinable()) closer_.join();
    }

    Step start() override {
        journal_ = host().find<sw_journal_api>(SW_JOURNAL);
        if (journal_ == nullptr) {
            return Error{SW_PERMISSION_DENIED, "the permission \"journal\" is missing", {}, {}};
        }
        if (!offered_) {
            if (auto done = offer_methods(); !done) return done;
            offered_ = true;
        }
        // Opening waits for the server.
        opening_ = true;
        host().post_blocking(
            [this] { host().post([this, opened = open()] { end_opening(opened); }); });
        return pending;
    }

    Step stop() override {
        stopping_ = true;
        if (opening_) return pending;  // it was told to stop while it starts
        if (store_ == nullptr) return ok();
        close();
        return pending;
    }

    const void* extension(std::string_view name) override {
        return name == SW_COMMAND ? &kCommands : nullptr;
    }

  private:
    static sw_status run_command(void* /*self*/, sw_str name, sw_str arguments,
                                 const sw_command_io* io, int32_t* exit_code,
                                 sw_error* error) noexcept {
        try {
            auto given = json::parse_object(to_view(arguments));
            if (!given) return fill_error(error, given.error());
            const CommandIo console{
                .write = [io](std::string_view text) { io->write_out(io->self, to_str(text)); },
                .write_error =
                    [io](std::string_view text) { io->write_error(io->self, to_str(text)); },
                .on_terminal = isatty(STDERR_FILENO) == 1,
                .environment =
                    [](const char* variable) {
                        const char* value = std::getenv(variable);
                        return std::string(value == nullptr ? "" : value);
                    }};
            const auto done = run_db_command(to_view(name), *given, console);
            if (!done) return fill_error(error, to_sdk(done.error()));
            *exit_code = 0;
            return SW_OK;
        } catch (const std::exception& problem) {
            return fill_error(error, Error::internal(problem.what()));
        }
    }
    static constexpr sw_command_api kCommands = {sizeof(sw_command_api), 0, &run_command};

    void end_opening(const Result<>& opened) {
        opening_ = false;
        if (!stopping_) return host().complete(SW_STEP_START, opened);
        if (store_ == nullptr) return host().complete(SW_STEP_STOP);
        close();
    }

    // Finishing what is queued takes a commit; the strand must not wait for it.
    void close() {
        live_ = nullptr;
        closer_ = std::thread([this] {
            store_.reset();
            host().complete(SW_STEP_STOP);
        });
    }

    Result<> offer_methods() {
        for (const auto& known : storage::method_names()) {
            const auto method = known.method;
            auto done = services().offer(
                known.service, known.name,
                [this, method](const Request& request) { return serve(method, request); });
            if (!done) return done;
        }
        return ok();
    }

    // On the caller's thread; see Store::call.
    streamwall::Answer serve(storage::Method method, const Request& request) {
        Store* store = live_.load();
        if (store == nullptr) return Error::unavailable("the store is not open");
        const bool makes_events =
            method == storage::Method::kApply || method == storage::Method::kAppend;
        auto origin = makes_events ? storage::origin_of(request.context()) : storage::Origin();
        auto answer = store->call(method, request.body(), std::move(origin), [&request] {
            return std::make_unique<storage::HostCall>(request.defer());
        });
        if (!answer) return pending;
        return storage::to_reply(std::move(*answer));
    }

    Options options() const {
        const Settings& given = settings();
        Options options;
        options.connection.url = given.url;
        options.connection.schema = given.schema;
        options.connection.connect_timeout = given.connect_timeout;
        options.connection.statement_timeout = given.statement_timeout;
        options.pool = {std::min(given.pool_min, given.pool_max), given.pool_max, given.pool_idle,
                        given.pool_acquire};
        options.start_within = given.start_timeout;
        options.max_queued = given.max_queued;
        options.keep_events = given.keep_events;
        options.keep_days = given.keep_days;
        return options;
    }

    Result<> open() {
        storage::Hooks hooks;
        hooks.wall_ms = [this] { return host().wall_ms(); };
        const auto commits = host().counter("streamwall_storage_postgres_announcements_total",
                                            "Groups of committed events that were announced.");
        const auto events_kept = host().counter("streamwall_storage_postgres_events_total",
                                                "Events of all nodes that were announced.");
        hooks.committed = [this, commits,
                           events_kept](std::span<const storage::CommittedEvent> events) {
            commits.add();
            events_kept.add(static_cast<double>(events.size()));
            announce_(host().raw(), journal_, events);
        };
        hooks.health = [this](storage::Health health, std::string_view reason) {
            report(health, reason);
        };
        auto store = Store::open(options(), std::move(hooks));
        if (!store) return to_sdk(std::move(store).error());
        store_ = std::move(*store);
        live_ = store_.get();
        log().info("store.opened", "the database is open",
                   {{"schema", settings().schema}, {"epoch", store_->epoch()}});
        return ok();
    }

    void report(storage::Health health, std::string_view reason) {
        host().health(to_sdk(health), reason);
        host().health(to_sdk(health), reason, "database");
        if (health == storage::Health::kOk) return;
        log().error("store.degraded", "the database can't be used",
                    {{"schema", settings().schema}, {"reason", std::string(reason)}});
    }

    const sw_journal_api* journal_ = nullptr;
    bool offered_ = false;
    bool opening_ = false;  // the blocking pool is in open(), which owns store_ meanwhile
    bool stopping_ = false;
    storage::Announcer announce_;
    std::unique_ptr<Store> store_;
    std::atomic<Store*> live_{nullptr};
    std::thread closer_;
};

}  // namespace streamwall::postgres

STREAMWALL_PLUGIN(streamwall::postgres::StoragePostgres)
