#include "schema.hpp"

#include <Poco/Data/Statement.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <array>

#include "storage-sql/sql_builder.hpp"

namespace streamwall::sqlite {
namespace {

using Poco::Data::Keywords::now;

// Checking every page of a larger file would delay the start; there, damage shows when it is met.
constexpr std::int64_t kCheckedSize = 16 << 20;

constexpr std::array kVersion1{
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE collections (name TEXT PRIMARY KEY, declaration TEXT NOT NULL) WITHOUT ROWID",
    // Written once an event: no index but the sequence.
    "CREATE TABLE events (sequence INTEGER PRIMARY KEY, type TEXT NOT NULL, subject TEXT NOT NULL,"
    " id TEXT NOT NULL, version TEXT NOT NULL, timestamp INTEGER NOT NULL, producer TEXT NOT NULL,"
    " changes TEXT, metadata TEXT NOT NULL, data TEXT NOT NULL)",
    // The row id keeps the order of arrival, by which old rows are found.
    "CREATE TABLE inbox (number INTEGER PRIMARY KEY, consumer TEXT NOT NULL, event_id TEXT NOT "
    "NULL,"
    " seen_at INTEGER NOT NULL, UNIQUE (consumer, event_id))",
    "CREATE TABLE positions (name TEXT PRIMARY KEY, epoch TEXT NOT NULL, sequence INTEGER NOT NULL,"
    " parked TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE dead_letters (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL,"
    " event_id TEXT NOT NULL, event TEXT NOT NULL, error TEXT NOT NULL, attempts INTEGER NOT NULL,"
    " created_at INTEGER NOT NULL, UNIQUE (name, event_id))",
};

std::string random_epoch() {
    std::array<unsigned char, 8> bytes{};
    if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
        throw Failure(SQLITE_IOERR, "no random numbers for the journal's epoch");
    }
    static constexpr char kHex[] = "0123456789abcdef";
    std::string text;
    for (const unsigned char byte : bytes) {
        text += kHex[byte >> 4];
        text += kHex[byte & 15];
    }
    return text;
}

void check_pages(Connection& writer, const std::string& path) {
    struct stat info{};
    if (::stat(path.c_str(), &info) != 0 || info.st_size > kCheckedSize) return;
    auto cursor = writer.prepare("PRAGMA quick_check(1)");
    if (cursor.step() && cursor.text(0) != "ok") {
        throw Failure(SQLITE_CORRUPT, "\"" + path + "\" is damaged (" +
                                          std::string(cursor.text(0)) +
                                          "); restore a backup, or move the file away");
    }
}

std::string column_definition(const storage::Column& column) {
    std::string sql;
    storage::append_identifier(sql, column.name);
    sql += ' ';
    sql += storage::sqlite_dialect().column_type(column.type);
    if (column.nullable) return sql;
    sql += " DEFAULT ";
    storage::SqlBuilder value(storage::sqlite_dialect(), storage::SqlBuilder::Values::kInlined);
    value.value(column.default_as_value());
    return sql + value.take().sql;
}

void create_table(Connection& writer, const storage::Collection& collection) {
    std::string sql = "CREATE TABLE ";
    storage::append_identifier(sql, collection.table());
    sql += " (\"id\" ";
    sql += storage::sqlite_dialect().id_column_type();
    for (const auto& column : collection.columns()) {
        if (column.declared) sql += ", " + column_definition(column);
    }
    sql +=
        ", \"created_at\" INTEGER NOT NULL, \"updated_at\" INTEGER NOT NULL,"
        " \"version\" INTEGER NOT NULL)";
    writer.run(sql);
}

void alter_table(Connection& writer, const storage::Collection& stored,
                 const storage::Collection& collection) {
    for (const auto& column : collection.columns()) {
        if (!column.declared) continue;
        const auto before = stored.find(column.name);
        std::string table;
        storage::append_identifier(table, collection.table());
        if (!before) {
            writer.run("ALTER TABLE " + table + " ADD COLUMN " + column_definition(column));
        } else if (!column.nullable && stored.columns()[*before].nullable) {
            // A field with a default is never null.
            std::string name;
            storage::append_identifier(name, column.name);
            auto cursor = writer.prepare("UPDATE " + table + " SET " + name + " = ? WHERE " + name +
                                         " IS NULL");
            cursor.bind(1, column.default_as_value()).finish();
        }
    }
}

std::string index_name(const storage::Collection& collection, std::string_view kind,
                       std::string_view name) {
    std::string quoted;
    storage::append_identifier(quoted,
                               collection.name() + "_" + std::string(kind) + std::string(name));
    return quoted;
}

std::string unique_definition(const storage::Collection& collection,
                              const storage::UniqueKey& key) {
    std::string sql = "CREATE UNIQUE INDEX " + index_name(collection, "unique_", key.name) + " ON ";
    storage::append_identifier(sql, collection.table());
    sql += " (";
    for (std::size_t i = 0; i < key.fields.size(); ++i) {
        if (i > 0) sql += ", ";
        storage::append_identifier(sql, key.fields[i]);
    }
    sql += ')';
    if (!key.where_sql.empty()) sql += " WHERE " + key.where_sql;
    return sql;
}

// Behind the fields an index holds the row id, ascending. A list's id runs the way of its last sort
// key, so the last field is made ascending and the others follow: read backwards it is what was
// asked.
std::string index_definition(const storage::Collection& collection, const storage::Index& index) {
    std::string sql = "CREATE INDEX " + index_name(collection, "by_", index.name) + " ON ";
    storage::append_identifier(sql, collection.table());
    sql += " (";
    const bool flip = index.fields.back().starts_with('-');
    for (std::size_t i = 0; i < index.fields.size(); ++i) {
        std::string_view field = index.fields[i];
        const bool descending = field.starts_with('-');
        if (descending) field.remove_prefix(1);
        if (i > 0) sql += ", ";
        storage::append_identifier(sql, field);
        if (descending != flip) sql += " DESC";
    }
    return sql + ")";
}

void ensure_index(Connection& writer, const std::string& quoted_name, const std::string& sql) {
    std::string known;
    {
        auto cursor =
            writer.prepare("SELECT sql FROM sqlite_schema WHERE type = 'index' AND name = ?");
        const std::string name = quoted_name.substr(1, quoted_name.size() - 2);
        cursor.bind(1, std::string_view(name));
        if (cursor.step()) known = cursor.text(0);
    }
    if (known == sql) return;
    if (!known.empty()) writer.run("DROP INDEX " + quoted_name);
    writer.run(sql);
}

}  // namespace

void migrate(Connection& writer, const std::string& path) {
    try {
        const auto application = writer.number("PRAGMA application_id");
        const auto version = writer.number("PRAGMA user_version");
        const auto tables = writer.number("SELECT count(*) FROM sqlite_schema");
        if (tables > 0 && application != kApplicationId) {
            throw Failure(SQLITE_NOTADB, "\"" + path + "\" is a database of another program");
        }
        if (version > kSchemaVersion) {
            throw Failure(
                SQLITE_MISMATCH,
                "\"" + path + "\" has schema version " + std::to_string(version) +
                    ", this program knows " + std::to_string(kSchemaVersion) +
                    "; run the newer program, or restore a backup made before the upgrade");
        }
        check_pages(writer, path);
        if (version == kSchemaVersion) return;
        auto& session = writer.session();
        writer.run("BEGIN IMMEDIATE");
        for (const char* statement : kVersion1)
            session << statement, now;
        set_meta(writer, "epoch", random_epoch());
        set_meta(writer, "trimmed", "0");
        session << "PRAGMA application_id = " + std::to_string(kApplicationId), now;
        session << "PRAGMA user_version = " + std::to_string(kSchemaVersion), now;
        writer.run("COMMIT");
    } catch (const Poco::Exception&) {
        rethrow_as_failure("can't make the tables of \"" + path + "\"");
    }
}

storage::Schema load_collections(Connection& connection) {
    storage::Schema schema;
    auto cursor = connection.prepare("SELECT declaration FROM collections ORDER BY name");
    while (cursor.step()) {
        const auto declaration = boost::json::parse(std::string(cursor.text(0)));
        auto collection = storage::Collection::parse(storage::sqlite_dialect(),
                                                     declaration.as_object(), "collections");
        if (!collection) throw Failure(SQLITE_CORRUPT, collection.error().message);
        schema.push_back(std::move(*collection));
    }
    return schema;
}

storage::Result<void> store_collection(Connection& writer, const storage::Collection* stored,
                                       const storage::Collection& collection) {
    if (stored == nullptr) {
        create_table(writer, collection);
    } else {
        alter_table(writer, *stored, collection);
    }
    for (const auto& key : collection.uniques()) {
        try {
            ensure_index(writer, index_name(collection, "unique_", key.name),
                         unique_definition(collection, key));
        } catch (const Failure& failure) {
            if (failure.primary() != SQLITE_CONSTRAINT) throw;
            return std::unexpected(storage::field_error(
                storage::Code::kFailedPrecondition, key.name, "not_unique",
                "the unique key \"" + key.name + "\" of \"" + collection.name() +
                    "\" can't be added: records share its values"));
        }
    }
    for (const auto& index : collection.indexes()) {
        ensure_index(writer, index_name(collection, "by_", index.name),
                     index_definition(collection, index));
    }
    auto cursor = writer.prepare(
        "INSERT INTO collections (name, declaration) VALUES (?, ?)"
        " ON CONFLICT (name) DO UPDATE SET declaration = excluded.declaration");
    const std::string declaration = collection.declaration();
    cursor.bind(1, std::string_view(collection.name()));
    cursor.bind(2, std::string_view(declaration)).finish();
    return {};
}

std::string meta_text(Connection& connection, std::string_view key) {
    auto cursor = connection.prepare("SELECT value FROM meta WHERE key = ?");
    cursor.bind(1, key);
    return cursor.step() ? std::string(cursor.text(0)) : std::string();
}

void set_meta(Connection& writer, std::string_view key, std::string_view value) {
    auto cursor = writer.prepare(
        "INSERT INTO meta (key, value) VALUES (?, ?)"
        " ON CONFLICT (key) DO UPDATE SET value = excluded.value");
    cursor.bind(1, key).bind(2, value).finish();
}

}  // namespace streamwall::sqlite
