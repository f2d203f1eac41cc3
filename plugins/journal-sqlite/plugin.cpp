// journal-sqlite: wiring.
#include "sqlite-store/store_plugin.hpp"

namespace streamwall::sqlite {

struct JournalSettings {
    std::string path;
    std::size_t max_queued = 4096;
    std::int64_t keep_events = 0;
    std::int64_t keep_days = 0;
};

using JournalSqlite = StorePlugin<JournalSettings, Offers::journal>;

}  // namespace streamwall::sqlite

STREAMWALL_SETTINGS(streamwall::sqlite::JournalSettings, path, max_queued, keep_events, keep_days)

STREAMWALL_PLUGIN(streamwall::sqlite::JournalSqlite)
