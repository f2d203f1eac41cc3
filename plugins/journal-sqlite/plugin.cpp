// journal-sqlite: wiring.
#include "sqlite-store/store.hpp"
#include "storage-sql/store_plugin.hpp"

namespace streamwall::sqlite {

struct JournalSettings {
    std::string path;
    std::size_t max_queued = 4096;
    std::int64_t keep_events = 0;
    std::int64_t keep_days = 0;
};

class JournalSqlite final : public storage::StorePlugin<JournalSettings, Store> {
  public:
    JournalSqlite(const sw_host_api* api, JournalSettings settings)
        : StorePlugin(api, std::move(settings), storage::Offers::journal) {}

  private:
    storage::StoreLabels labels() const override {
        return {"streamwall_journal_sqlite", "path", settings().path};
    }
    storage::Result<std::unique_ptr<Store>> open_store(Hooks hooks) const override {
        Options options;
        options.path = settings().path;
        options.readers = 1;
        options.max_queued = settings().max_queued;
        options.keep_events = settings().keep_events;
        options.keep_days = settings().keep_days;
        return Store::open(std::move(options), std::move(hooks));
    }
};

}  // namespace streamwall::sqlite

STREAMWALL_SETTINGS(streamwall::sqlite::JournalSettings, path, max_queued, keep_events, keep_days)

STREAMWALL_PLUGIN(streamwall::sqlite::JournalSqlite)
