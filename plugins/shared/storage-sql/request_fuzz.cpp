// Any bytes as a request: refused or turned into SQL with a value for each placeholder, never a
// crash.
#include <algorithm>
#include <cstdlib>

#include "storage-sql/change.hpp"
#include "storage-sql/query.hpp"

namespace {

using namespace streamwall::storage;

const Schema& schema() {
    static const Schema made{
        *Collection::parse(sqlite_dialect(),
                           boost::json::parse(R"({"name":"s","fields":[{"name":"t","type":"text"},
            {"name":"n","type":"integer"},{"name":"r","type":"real"},
            {"name":"b","type":"boolean","default":false},{"name":"j","type":"json"},
            {"name":"at","type":"time"}],"unique":[{"name":"u","fields":["t"]}]})")
                               .as_object(),
                           "fuzz")};
    return made;
}

void check(const Statement& statement) {
    const auto placeholders = std::ranges::count(statement.sql, '?');
    if (static_cast<std::size_t>(placeholders) != statement.values.size()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    auto document = Document::parse({reinterpret_cast<const char*>(data), size});
    if (!document) return 0;
    if (const auto query = parse_query(sqlite_dialect(), schema(), **document)) {
        check(query->list);
        check(query->count);
    }
    if (const auto lookup = parse_lookup(sqlite_dialect(), schema(), **document)) {
        check(lookup->by_unique);
    }
    if (const auto list = parse_changes(sqlite_dialect(), schema(), **document)) {
        for (const auto& change : list->changes) {
            if (const auto* record = std::get_if<RecordChange>(&change)) check(record->statement);
        }
    }
    static_cast<void>(parse_events(sqlite_dialect(), **document));
    return 0;
}
