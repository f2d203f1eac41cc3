// storage-postgres: wiring; hands the command `db` to its parts.
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "db_command.hpp"
#include "storage-sql/store_plugin.hpp"
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

class StoragePostgres final : public storage::StorePlugin<Settings, Store> {
  public:
    using StorePlugin::StorePlugin;

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

    storage::StoreLabels labels() const override {
        return {"streamwall_storage_postgres", "schema", settings().schema};
    }
    storage::Result<std::unique_ptr<Store>> open_store(storage::Hooks hooks) const override {
        return Store::open(options(), std::move(hooks));
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
};

}  // namespace streamwall::postgres

STREAMWALL_PLUGIN(streamwall::postgres::StoragePostgres)
