#include "db_command.hpp"

#include <algorithm>
#include <optional>

#include "blocking.hpp"
#include "connection.hpp"
#include "copy.hpp"
#include "schema.hpp"
#include "storage-sql/json_text.hpp"

namespace streamwall::postgres {
namespace {

using storage::Code;
using storage::Error;
using storage::Result;

constexpr std::chrono::seconds kConnectWithin{10};

// A bar that is drawn over itself, where somebody looks.
class Bar {
  public:
    explicit Bar(const CommandIo& io) : io_(io) {}
    ~Bar() { clear(); }
    Bar(const Bar&) = delete;
    Bar& operator=(const Bar&) = delete;

    void show(std::string_view doing, std::int64_t done, std::int64_t all) {
        constexpr std::chrono::milliseconds kPause{100};
        const auto now = Clock::now();
        if (!io_.on_terminal || (now < next_ && done < all)) return;
        next_ = now + kPause;
        constexpr std::int64_t kWidth = 30;
        const std::int64_t filled = all == 0 ? kWidth : done * kWidth / all;
        std::string line = "\r" + std::string(doing) + " [";
        line.append(static_cast<std::size_t>(filled), '#');
        line.append(static_cast<std::size_t>(kWidth - filled), '.');
        line += "] " + std::to_string(all == 0 ? 100 : done * 100 / all) + " %  " +
                std::to_string(done) + " of " + std::to_string(all) + "\x1b[K";
        io_.write_error(line);
        shown_ = true;
    }
    void clear() {
        if (std::exchange(shown_, false)) io_.write_error("\r\x1b[K");
    }

  private:
    const CommandIo& io_;
    Clock::time_point next_{};
    bool shown_ = false;
};

std::string argument(const boost::json::object& arguments, std::string_view name) {
    return std::string(storage::text_member(arguments, name));
}

bool as_json(const boost::json::object& arguments) {
    return argument(arguments, "output") == "json";
}

Result<ConnectionOptions> connection_options(std::string url, const boost::json::object& arguments,
                                             const CommandIo& io) {
    if (url.empty()) url = io.environment("DATABASE_URL");
    if (url.empty()) return storage::invalid("url", "give --url, or set DATABASE_URL");
    if (const auto complaint = complaint_about(url); !complaint.empty()) {
        return storage::invalid("url", complaint);
    }
    ConnectionOptions options;
    options.url = std::move(url);
    options.connect_timeout = kConnectWithin;
    options.statement_timeout = std::chrono::milliseconds(0);
    if (const auto schema = argument(arguments, "schema"); !schema.empty()) {
        options.schema = schema;
    }
    const auto valid = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    };
    if (options.schema.size() > 40 || !std::ranges::all_of(options.schema, valid)) {
        return storage::invalid("schema", "a schema's name is a-z, 0-9 and _, at most 40");
    }
    return options;
}

Task<> migrate_database(Executor executor, const ConnectionOptions& options, bool json,
                        const CommandIo& io) {
    const auto connection = co_await Connection::open(executor, options);
    const auto before = co_await read_version(*connection, options.schema);
    {
        Bar bar(io);
        co_await migrate(*connection, options.schema, [&](std::int64_t done, std::int64_t all) {
            bar.show("migrating", done, all);
        });
    }
    const std::string from = std::to_string(before.version);
    const std::string to = std::to_string(kSchemaVersion);
    if (json) {
        io.write(R"({"schema":")" + options.schema + R"(","from":)" + from + R"(,"to":)" + to +
                 "}\n");
    } else if (before.version == kSchemaVersion) {
        io.write("The schema \"" + options.schema + "\" has version " + to + " already.\n");
    } else {
        io.write("The schema \"" + options.schema + "\" has gone from version " + from + " to " +
                 to + ".\n");
    }
}

Task<boost::json::object> read_status(Connection& connection, const std::string& schema) {
    boost::json::object status{{"schema", schema}, {"program", kSchemaVersion}};
    const auto found = co_await read_version(connection, schema);
    status["version"] = found.version;
    status["server"] = connection.server_version();
    if (!found.exists) co_return status;
    const auto head = co_await read_head(connection);
    status["journal"] = {{"epoch", head.epoch}, {"first", head.trimmed + 1}, {"last", head.last}};
    boost::json::object collections;
    for (const auto& collection : (co_await load_declarations(connection)).collections) {
        auto rows = co_await connection.query("SELECT count(*) FROM " +
                                              storage::quoted_identifier(collection->table()));
        rows.step();
        collections[collection->name()] = rows.integer(0);
    }
    status["collections"] = std::move(collections);
    auto size = co_await connection.query(
        "SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::bigint FROM pg_class"
        " WHERE relkind = 'r' AND relnamespace = to_regnamespace($1)",
        {std::string_view(schema)});
    size.step();
    status["bytes"] = size.integer(0);
    co_return status;
}

std::string describe(const boost::json::object& status) {
    const auto number = [](const boost::json::value& value) {
        return std::to_string(value.as_int64());
    };
    std::string out = "schema       " + std::string(status.at("schema").as_string()) + "\n";
    const std::int64_t version = status.at("version").as_int64();
    out += "version      " + std::to_string(version);
    if (version < kSchemaVersion) {
        out += "; this program brings it to " + std::to_string(kSchemaVersion) +
               " (streamwall db migrate)";
    }
    if (version > kSchemaVersion) {
        out += "; this program knows only " + std::to_string(kSchemaVersion);
    }
    out += "\n";
    if (const auto* journal = status.if_contains("journal")) {
        out += "journal      " + number(journal->at("first")) + " to " +
               number(journal->at("last")) + ", epoch " +
               std::string(journal->at("epoch").as_string()) + "\n";
        for (const auto& [name, count] : status.at("collections").as_object()) {
            out += "records      " + number(count) + " in " + std::string(name) + "\n";
        }
        out += "size         " + std::to_string(status.at("bytes").as_int64() >> 10) + " KiB\n";
    }
    return out;
}

Task<> show_status(Executor executor, const ConnectionOptions& options, bool json,
                   const CommandIo& io) {
    const auto connection = co_await Connection::open(executor, options);
    const auto status = co_await read_status(*connection, options.schema);
    io.write(json ? boost::json::serialize(status) + "\n" : describe(status));
}

std::string describe(const CopyReport& report, bool json) {
    std::string out;
    std::int64_t rows = 0;
    for (const auto& table : report.tables) {
        rows += table.rows;
        if (json) {
            out += out.empty() ? "" : ",";
            out += R"({"table":")" + table.name + R"(","rows":)" + std::to_string(table.rows) +
                   R"(,"checksum":")" + std::to_string(table.checksum) + "\"}";
        } else {
            out += std::to_string(table.rows) + " rows in " + table.name + ", checksum " +
                   std::to_string(table.checksum) + "\n";
        }
    }
    if (json) {
        return R"({"copied":)" + std::to_string(report.copied) + R"(,"resumed":)" +
               (report.resumed ? "true" : "false") + R"(,"tables":[)" + out + "]}\n";
    }
    return out + std::to_string(rows) + " rows are the same on both sides" +
           (report.resumed ? ", " + std::to_string(report.copied) + " of them copied now" : "") +
           ".\n";
}

Task<> copy_database(Executor executor, const SqliteSource& source,
                     const ConnectionOptions& options, bool json, const CommandIo& io) {
    const auto connection = co_await Connection::open(executor, options);
    co_await migrate(*connection, options.schema);
    CopyReport report;
    {
        Bar bar(io);
        report = co_await copy_store(source, *connection, options.schema,
                                     [&](std::string_view doing, std::int64_t done,
                                         std::int64_t all) { bar.show(doing, done, all); });
    }
    io.write(describe(report, json));
}

// "sqlite" or "sqlite:FILE".
Result<std::string> source_path(const boost::json::object& arguments, const CommandIo& io) {
    const std::string from = argument(arguments, "from");
    constexpr std::string_view kSqlite = "sqlite";
    if (!from.starts_with(kSqlite) ||
        (from.size() > kSqlite.size() && from[kSqlite.size()] != ':')) {
        return storage::invalid("from", "--from is sqlite, or sqlite:FILE");
    }
    if (from.size() > kSqlite.size() + 1) return from.substr(kSqlite.size() + 1);
    std::string folder = io.environment("STREAMWALL_DATA_DIR");
    if (folder.empty()) folder = "./var";
    return folder + "/streamwall.db";
}

// "postgres" or a url.
Result<ConnectionOptions> copy_target(const boost::json::object& arguments, const CommandIo& io) {
    const std::string to = argument(arguments, "to");
    if (to == "postgres") return connection_options({}, arguments, io);
    if (!to.starts_with("postgres://") && !to.starts_with("postgresql://")) {
        return storage::invalid("to", "--to is postgres, or postgres://…");
    }
    return connection_options(to, arguments, io);
}

Result<void> copy(const boost::json::object& arguments, const CommandIo& io) {
    const auto path = source_path(arguments, io);
    if (!path) return std::unexpected(path.error());
    const auto target = copy_target(arguments, io);
    if (!target) return std::unexpected(target.error());
    const SqliteSource source(*path);
    run_blocking([&](Executor executor) {
        return copy_database(executor, source, *target, as_json(arguments), io);
    });
    return {};
}

}  // namespace

Result<void> run_db_command(std::string_view name, const boost::json::object& arguments,
                            const CommandIo& io) {
    try {
        if (name == "db copy") return copy(arguments, io);
        const auto options = connection_options(argument(arguments, "url"), arguments, io);
        if (!options) return std::unexpected(options.error());
        const bool json = as_json(arguments);
        run_blocking([&](Executor executor) {
            return name == "db migrate" ? migrate_database(executor, *options, json, io)
                                        : show_status(executor, *options, json, io);
        });
        return {};
    } catch (const Failure& failure) {
        return std::unexpected(Error{Code::kUnavailable, failure.what(), {}, {}});
    } catch (const SourceError& failure) {
        return std::unexpected(Error{Code::kFailedPrecondition, failure.what(), {}, {}});
    }
}

}  // namespace streamwall::postgres
