// storage-sqlite: wiring.
#include "sqlite-store/store.hpp"
#include "storage-sql/store_plugin.hpp"

namespace streamwall::sqlite {

struct Settings {
    std::string path;
    std::size_t readers = 0;
    std::size_t cache_mib = 0;
    std::size_t max_queued = 4096;
    std::int64_t keep_events = 0;
    std::int64_t keep_days = 0;
};

class StorageSqlite final : public storage::StorePlugin<Settings, Store> {
  public:
    using StorePlugin::StorePlugin;

  private:
    storage::StoreLabels labels() const override {
        return {"streamwall_storage_sqlite", "path", settings().path};
    }
    storage::Result<std::unique_ptr<Store>> open_store(Hooks hooks) const override {
        Options options;
        options.path = settings().path;
        options.readers = settings().readers;
        options.cache_bytes = settings().cache_mib << 20;
        options.max_queued = settings().max_queued;
        options.keep_events = settings().keep_events;
        options.keep_days = settings().keep_days;
        return Store::open(std::move(options), std::move(hooks));
    }
};

}  // namespace streamwall::sqlite

STREAMWALL_SETTINGS(streamwall::sqlite::Settings, path, readers, cache_mib, max_queued, keep_events,
                    keep_days)

STREAMWALL_PLUGIN(streamwall::sqlite::StorageSqlite)
