#include "sqlite-store/schema.hpp"

#include <Poco/Data/Statement.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <array>

#include "sqlite-store/search_index.hpp"
#include "storage-sql/replies.hpp"
#include "storage-sql/tables.hpp"

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

// An owner of "" has given the lease up.
constexpr const char* kVersion2 =
    "CREATE TABLE leases (service TEXT NOT NULL, name TEXT NOT NULL, owner TEXT NOT NULL,"
    " token INTEGER NOT NULL, ttl_ms INTEGER NOT NULL, PRIMARY KEY (service, name)) WITHOUT ROWID";

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

void ensure_index(Connection& writer, const storage::IndexDefinition& index) {
    std::string known;
    {
        auto cursor =
            writer.prepare("SELECT sql FROM sqlite_schema WHERE type = 'index' AND name = ?");
        cursor.bind(1, std::string_view(index.name));
        if (cursor.step()) known = cursor.text(0);
    }
    if (known == index.sql) return;
    if (!known.empty()) {
        std::string drop = "DROP INDEX ";
        storage::append_identifier(drop, index.name);
        writer.run(drop);
    }
    writer.run(index.sql);
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
        if (version < 1) {
            for (const char* statement : kVersion1)
                session << statement, now;
            set_meta(writer, "epoch", random_epoch());
            set_meta(writer, "trimmed", "0");
        }
        if (version < 2) session << kVersion2, now;
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
    const auto& dialect = storage::sqlite_dialect();
    if (stored == nullptr) {
        writer.run(storage::create_table_sql(dialect, collection));
    } else {
        for (const auto& statement :
             storage::alter_table_statements(dialect, *stored, collection)) {
            auto cursor = writer.prepare(statement.sql);
            cursor.bind_all(statement.values, 0).finish();
        }
    }
    for (const auto& index : storage::index_definitions(dialect, collection)) {
        try {
            ensure_index(writer, index);
        } catch (const Failure& failure) {
            if (failure.primary() != SQLITE_CONSTRAINT || index.unique == nullptr) throw;
            return std::unexpected(storage::key_not_unique(collection, *index.unique));
        }
    }
    ensure_search_index(writer, collection);
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
