#include "search_table.hpp"

#include "storage-sql/dialect.hpp"

namespace streamwall::postgres {
namespace {

// Kilobytes of changes that the index puts off. Whoever brings the last of them waits until all are
// sorted in, and every search reads them from one end to the other: with the server's 4 MB changes
// waited for 100 ms now and then.
constexpr const char* kPending = " WITH (gin_pending_list_limit = 256)";

struct Trigger {
    const char* kind;
    const char* rows;  // that it is told of
};
constexpr Trigger kTriggers[] = {{"insert", "NEW TABLE AS made"},
                                 {"update", "OLD TABLE AS gone NEW TABLE AS made"},
                                 {"delete", "OLD TABLE AS gone"}};

// What belongs to the table, named after it.
std::string named(const storage::Collection& collection, std::string_view suffix) {
    return storage::quoted_identifier(storage::postgres_dialect().identifier(
        collection.search_table() + "_" + std::string(suffix)));
}

std::string joined(const storage::SearchIndex& search, std::string_view row) {
    std::string out;
    for (const auto& field : search.fields)
        out.append(out.empty() ? "" : ", ").append(row).append(storage::quoted_identifier(field));
    return out;
}

std::string words_of(const storage::SearchIndex& search, std::string_view row) {
    return "streamwall_search_words(concat_ws(' ', " + joined(search, row) + "))";
}

// Runs once for each statement, whatever the number of its rows: a call for each of them cost more
// than the row itself. The server plans these statements once a session, for as many rows as the
// first had; so they are such that any number finds its rows by their ids.
std::string keeper(const storage::Collection& collection) {
    const auto& search = *collection.search();
    const std::string table = storage::quoted_identifier(collection.search_table());
    const std::string records = storage::quoted_identifier(collection.table());
    const std::string searched = "SELECT \"id\", " + joined(search, "") + " FROM ";
    return "CREATE FUNCTION " + named(collection, "keep") +
           "() RETURNS trigger LANGUAGE plpgsql AS $keep$ BEGIN"
           " IF TG_OP = 'INSERT' THEN INSERT INTO " +
           table + " SELECT \"id\", " + words_of(search, "") +
           " FROM made; ELSIF TG_OP = 'UPDATE' THEN UPDATE " + table +
           " AS kept SET \"words\" = (SELECT " + words_of(search, "record.") + " FROM " + records +
           " AS record WHERE record.\"id\" = kept.\"id\") WHERE \"id\" = ANY (ARRAY(SELECT \"id\""
           " FROM (" +
           searched + "made EXCEPT " + searched +
           "gone) AS changed));"
           " ELSE DELETE FROM " +
           table +
           " WHERE \"id\" = ANY (ARRAY(SELECT \"id\" FROM gone)); END IF; RETURN NULL; END $keep$";
}

}  // namespace

bool has_search_of(const storage::Collection* before, const storage::Collection& after) {
    if (!after.search()) return true;
    return before != nullptr && before->search() &&
           before->search()->fields == after.search()->fields;
}

Task<> build_search(Connection& connection, const storage::Collection& collection) {
    if (!collection.search()) co_return;
    const auto& search = *collection.search();
    const std::string table = storage::quoted_identifier(collection.search_table());
    const std::string on = " ON " + storage::quoted_identifier(collection.table());
    const std::string keep = named(collection, "keep");
    Pipeline pipeline;
    for (const auto& [kind, rows] : kTriggers)
        pipeline.add_once("DROP TRIGGER IF EXISTS " + named(collection, kind) + on);
    pipeline.add_once("DROP FUNCTION IF EXISTS " + keep + "()");
    pipeline.add_once("DROP TABLE IF EXISTS " + table);
    pipeline.add_once("CREATE TABLE " + table +
                      " (\"id\" bigint PRIMARY KEY, \"words\" tsvector NOT NULL)");
    pipeline.add_once("INSERT INTO " + table + " SELECT \"id\", " + words_of(search, "") +
                      " FROM " + storage::quoted_identifier(collection.table()));
    pipeline.add_once("CREATE INDEX " + named(collection, "index") + " ON " + table +
                      " USING gin (\"words\")" + kPending);
    pipeline.add_once(keeper(collection));
    for (const auto& [kind, rows] : kTriggers) {
        pipeline.add_once("CREATE TRIGGER " + named(collection, kind) + " AFTER " + kind + on +
                          " REFERENCING " + rows + " EXECUTE FUNCTION " + keep + "()");
    }
    (co_await connection.run(pipeline)).check();
}

}  // namespace streamwall::postgres
