#include "copy.hpp"

#include <algorithm>
#include <streamwall/sdk/fault.hpp>

#include "array_column.hpp"
#include "schema.hpp"
#include "storage-sql/json_text.hpp"

namespace streamwall::postgres {
namespace {

using storage::FieldType;

constexpr std::size_t kRowsAtOnce = 500;

struct Column {
    std::string name;
    FieldType type;
};

// One table of both sides; the first column is the key.
struct Table {
    std::string source;
    std::string target;
    std::vector<Column> columns;
    bool gives_ids = false;  // by itself, from a counter that is copied, too

    std::vector<std::string> names() const {
        std::vector<std::string> names;
        for (const auto& column : columns)
            names.push_back(column.name);
        return names;
    }
};

std::vector<Table> own_tables() {
    constexpr auto kInteger = FieldType::kInteger;
    constexpr auto kText = FieldType::kText;
    return {
        {"events",
         "events",
         {{"sequence", kInteger},
          {"type", kText},
          {"subject", kText},
          {"version", kText},
          {"timestamp", kInteger},
          {"producer", kText},
          {"changes", kText},
          {"metadata", kText},
          {"data", kText}}},
        {"inbox",
         "inbox",
         {{"number", kInteger}, {"consumer", kText}, {"event_id", kText}, {"seen_at", kInteger}}},
        {"positions",
         "positions",
         {{"name", kText}, {"epoch", kText}, {"sequence", kInteger}, {"parked", kText}}},
        {"dead_letters",
         "dead_letters",
         {{"id", kInteger},
          {"name", kText},
          {"event_id", kText},
          {"event", kText},
          {"error", kText},
          {"attempts", kInteger},
          {"created_at", kInteger}},
         true},
    };
}

// FNV-1a over type and text of each value.
std::uint64_t checksum(const std::vector<Cell>& row) {
    std::uint64_t hash = 14695981039346656037ULL;
    const auto mix = [&hash](std::string_view text) {
        for (const char c : text)
            hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
        hash = (hash ^ 0xFF) * 1099511628211ULL;
    };
    for (const auto& cell : row) {
        std::string text;
        if (const auto* integer = std::get_if<std::int64_t>(&cell)) {
            storage::append_integer(text, *integer);
        } else if (const auto* real = std::get_if<double>(&cell)) {
            storage::append_real(text, *real);
        } else if (const auto* given = std::get_if<std::string>(&cell)) {
            text = "'" + *given;
        }
        mix(text);
    }
    return hash;
}

ArrayValue column_of(const std::vector<std::vector<Cell>>& rows, std::size_t at, FieldType type) {
    ArrayColumn values(type);
    for (const auto& row : rows)
        values.add(row[at]);
    return values.take();
}

std::string insert_sql(const Table& table) {
    std::string names;
    std::string picked;
    std::string arrays;
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
        const auto type = table.columns[i].type;
        const std::string comma = i > 0 ? ", " : "";
        const std::string number = std::to_string(i + 1);
        names += comma + storage::quoted_identifier(table.columns[i].name);
        picked += comma + ArrayColumn::element("c" + number, type);
        arrays += comma + "$" + number + std::string(ArrayColumn::cast(type));
    }
    std::string sql = "INSERT INTO " + storage::quoted_identifier(table.target) + " (" + names +
                      ") OVERRIDING SYSTEM VALUE SELECT " + picked + " FROM unnest(" + arrays +
                      ") AS added (";
    for (std::size_t i = 1; i <= table.columns.size(); ++i)
        sql += (i > 1 ? ", c" : "c") + std::to_string(i);
    return sql + ")";
}

std::string text_of(const Cell& key) {
    if (const auto* number = std::get_if<std::int64_t>(&key)) return std::to_string(*number);
    const auto* name = std::get_if<std::string>(&key);
    return name == nullptr ? "" : *name;
}

class Copier {
  public:
    Copier(const SqliteSource& source, Connection& target, const std::string& schema, Progress told)
        : source_(source), target_(target), schema_(schema), told_(std::move(told)) {}

    Task<CopyReport> run() {
        co_await begin();
        std::vector<Table> tables = own_tables();
        for (const auto& collection : co_await declare())
            tables.push_back(table_of(*collection));
        for (const auto& table : tables) {
            all_ +=
                source_.number("SELECT count(*) FROM " + storage::quoted_identifier(table.source));
        }
        for (const auto& table : tables)
            co_await copy(table);
        done_ = 0;
        for (const auto& table : tables)
            report_.tables.push_back(co_await compare(table));
        co_await finish(tables);
        co_await measure_tables();
        co_return std::move(report_);
    }

  private:
    static Table table_of(const storage::Collection& collection) {
        Table table{"record_" + collection.name(), collection.table(), {}, true};
        for (const auto& column : collection.columns())
            table.columns.push_back({column.name, column.type});
        return table;
    }

    // Makes sure that the target is empty, or what an earlier copy of the same file has left.
    Task<> begin() {
        co_await target_.query("BEGIN");
        co_await target_.query(kTakeLock, lock_values(Lock::kSchema, schema_));
        auto known = co_await target_.query(
            "SELECT (SELECT value FROM meta WHERE key = 'copying'),"
            " (SELECT last = 0 FROM journal) AND NOT EXISTS (SELECT 1 FROM collections)");
        known.step();
        report_.resumed = known.text(0) == source_.epoch();
        if (!report_.resumed && known.integer(1) == 0) {
            throw Failure::refused("the schema \"" + schema_ +
                                   "\" holds data already; name an empty one with --schema");
        }
        co_await target_.query(
            "INSERT INTO meta (key, value) VALUES ('copying', $1)"
            " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            {std::string_view(source_.epoch())});
        co_await target_.query(
            "CREATE TABLE IF NOT EXISTS copied (name text PRIMARY KEY, last text NOT NULL)");
        co_await target_.query("COMMIT");
    }

    Task<storage::Schema> declare() {
        const auto& dialect = storage::postgres_dialect();
        co_await target_.query("BEGIN");
        const auto known = co_await load_declarations(target_);
        const auto changes =
            storage::plan_changes(dialect, known.collections, source_.collections(dialect));
        if (!changes) throw Failure::refused(changes.error().message);
        for (const auto& change : *changes) {
            const auto stored = co_await store_collection(target_, change);
            if (!stored) throw Failure::refused(stored.error().message);
        }
        co_await target_.query("COMMIT");
        co_return storage::with_changes(known.collections, *changes);
    }

    Task<Cell> copied_through(const Table& table) {
        auto rows = co_await target_.query("SELECT last FROM copied WHERE name = $1",
                                           {std::string_view(table.target)});
        if (!rows.step()) co_return std::monostate{};
        const std::string last(rows.text(0));
        if (table.columns.front().type == FieldType::kInteger) co_return std::stoll(last);
        co_return last;
    }

    Task<> copy(const Table& table) {
        const std::string insert = insert_sql(table);
        Cell key = co_await copied_through(table);
        if (key.index() != 0) {
            done_ +=
                source_.number("SELECT count(*) FROM " + storage::quoted_identifier(table.source)) -
                remaining(table, key);
        }
        while (true) {
            const auto rows = source_.rows_behind(table.source, table.names(), key, kRowsAtOnce);
            if (rows.empty()) break;
            key = rows.back().front();
            const std::string last = text_of(key);
            Pipeline pipeline;
            pipeline.add("BEGIN");
            std::vector<storage::Value> values;
            for (std::size_t i = 0; i < table.columns.size(); ++i)
                values.emplace_back(pipeline.keep(column_of(rows, i, table.columns[i].type)));
            pipeline.add_values(insert, std::move(values));
            pipeline.add_values(
                "INSERT INTO copied (name, last) VALUES ($1, $2)"
                " ON CONFLICT (name) DO UPDATE SET last = excluded.last",
                {std::string_view(table.target), std::string_view(last)});
            pipeline.add("COMMIT");
            (co_await target_.run(pipeline)).check();
            SW_FAULT_POINT("in_copy");
            report_.copied += static_cast<std::int64_t>(rows.size());
            done_ += static_cast<std::int64_t>(rows.size());
            told_("copying", done_, all_);
        }
    }

    std::int64_t remaining(const Table& table, const Cell& key) const {
        std::string bound = text_of(key);
        if (std::holds_alternative<std::string>(key)) {
            std::string literal;
            storage::append_literal(literal, bound);
            bound = literal;
        }
        return source_.number("SELECT count(*) FROM " + storage::quoted_identifier(table.source) +
                              " WHERE " + storage::quoted_identifier(table.columns.front().name) +
                              " > " + bound);
    }

    Task<CopiedTable> compare(const Table& table) {
        CopiedTable there{table.target};
        Cell key;
        while (true) {
            const auto rows = source_.rows_behind(table.source, table.names(), key, kRowsAtOnce);
            if (rows.empty()) break;
            key = rows.back().front();
            for (const auto& row : rows)
                there.checksum += checksum(normalised(table, row));
            there.rows += static_cast<std::int64_t>(rows.size());
            done_ += static_cast<std::int64_t>(rows.size());
            told_("comparing", done_, all_);
        }
        const CopiedTable here = co_await count(table);
        if (here.rows != there.rows || here.checksum != there.checksum) {
            throw Failure::refused("the table \"" + table.target +
                                   "\" differs from the file; drop the schema and copy again");
        }
        co_return there;
    }

    // A whole number in a column of reals is one of the reals.
    static std::vector<Cell> normalised(const Table& table, std::vector<Cell> row) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            if (table.columns[i].type != FieldType::kReal) continue;
            if (const auto* whole = std::get_if<std::int64_t>(&row[i])) {
                row[i] = static_cast<double>(*whole);
            }
        }
        return row;
    }

    Task<CopiedTable> count(const Table& table) {
        std::string select;
        for (const auto& name : table.names())
            select += (select.empty() ? "DECLARE compared CURSOR FOR SELECT " : ", ") +
                      storage::quoted_identifier(name);
        Pipeline pipeline;
        pipeline.add("BEGIN").add_once(select + " FROM " +
                                       storage::quoted_identifier(table.target));
        (co_await target_.run(pipeline)).check();
        CopiedTable here{table.target};
        while (true) {
            auto rows = co_await target_.query("FETCH 500 FROM compared");
            if (rows.count() == 0) break;
            here.rows += rows.count();
            while (rows.step())
                here.checksum += checksum(cells_of(table, rows));
        }
        co_await target_.query("COMMIT");
        co_return here;
    }

    static std::vector<Cell> cells_of(const Table& table, const Rows& rows) {
        std::vector<Cell> cells;
        for (std::size_t i = 0; i < table.columns.size(); ++i) {
            const auto type = table.columns[i].type;
            if (rows.is_null(i)) {
                cells.emplace_back(std::monostate{});
            } else if (type == FieldType::kText || type == FieldType::kJson) {
                cells.emplace_back(std::string(rows.text(i)));
            } else if (type == FieldType::kReal) {
                cells.emplace_back(rows.real(i));
            } else {
                cells.emplace_back(rows.integer(i));
            }
        }
        return cells;
    }

    Task<> finish(const std::vector<Table>& tables) {
        co_await target_.query("BEGIN");
        for (const auto& table : tables) {
            const bool inbox = table.target == "inbox";
            if (!table.gives_ids && !inbox) continue;
            const std::int64_t last = inbox ? source_.number("SELECT max(number) FROM inbox")
                                            : source_.last_id(table.source);
            if (last == 0) continue;
            const std::string name = storage::quoted_identifier(table.target);
            co_await target_.query(
                "SELECT setval(pg_get_serial_sequence($1, $2), $3)",
                {std::string_view(name), std::string_view(table.columns.front().name), last});
        }
        co_await target_.query(
            "UPDATE journal SET epoch = $1, trimmed = $2,"
            " last = greatest($2, (SELECT max(sequence) FROM events)),"
            " last_time = coalesce((SELECT max(timestamp) FROM events), 0)",
            {std::string_view(source_.epoch()), source_.trimmed()});
        co_await target_.query("DROP TABLE copied");
        co_await target_.query("DELETE FROM meta WHERE key = 'copying'");
        co_await target_.query("COMMIT");
    }

    // So that the first lists and searches are planned for what is there, and read from indexes
    // alone; by itself the server would come to it minutes later. Not within a transaction.
    Task<> measure_tables() {
        auto tables = co_await target_.query(
            "SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r'"
            " AND relnamespace = to_regnamespace($1)",
            {std::string_view(schema_)});
        while (tables.step()) {
            Pipeline pipeline;
            pipeline.add_once("VACUUM (ANALYZE) " + std::string(tables.text(0)));
            (co_await target_.run(pipeline)).check();
        }
    }

    const SqliteSource& source_;
    Connection& target_;
    const std::string& schema_;
    const Progress told_;
    CopyReport report_;
    std::int64_t done_ = 0;
    std::int64_t all_ = 0;
};

}  // namespace

Task<CopyReport> copy_store(const SqliteSource& source, Connection& target,
                            const std::string& schema, Progress told) {
    Copier copier(source, target, schema, std::move(told));
    co_return co_await copier.run();
}

}  // namespace streamwall::postgres
