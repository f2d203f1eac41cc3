// storage-sqlite: wiring.
#include "sqlite-store/store_plugin.hpp"

namespace streamwall::sqlite {

struct Settings {
    std::string path;
    std::size_t readers = 2;
    std::size_t cache_mib = 8;
    std::size_t max_queued = 4096;
    std::int64_t keep_events = 0;
    std::int64_t keep_days = 0;
};

using StorageSqlite = StorePlugin<Settings, Offers::store_and_journal>;

}  // namespace streamwall::sqlite

STREAMWALL_SETTINGS(streamwall::sqlite::Settings, path, readers, cache_mib, max_queued, keep_events,
                    keep_days)

STREAMWALL_PLUGIN(streamwall::sqlite::StorageSqlite)
