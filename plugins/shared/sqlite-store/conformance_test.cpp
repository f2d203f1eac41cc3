// The conformance kit of storage back ends, on the core of this one.
#include <streamwall/testing/storage_conformance.hpp>

#include "sqlite-store/test_store.hpp"
#include "storage-sql/testing/conformance_backend.hpp"

namespace streamwall::testing {
namespace {

struct SqliteBackend {
    sqlite::DatabaseFolder folder;
    sqlite::Witness witness;
    std::unique_ptr<sqlite::Store> store;  // goes first
};

StorageBackend make_sqlite() {
    auto backend = std::make_shared<SqliteBackend>();
    sqlite::Options options;
    options.path = backend->folder.file();
    auto store = sqlite::Store::open(options, backend->witness.hooks());
    if (!store) throw std::runtime_error(store.error().message);
    backend->store = std::move(*store);
    return storage::testing::as_backend(std::move(backend));
}

}  // namespace

INSTANTIATE_TEST_SUITE_P(Sqlite, StorageConformance, ::testing::Values(make_sqlite));
INSTANTIATE_TEST_SUITE_P(Sqlite, StorageFilters, ::testing::Values(make_sqlite));
INSTANTIATE_TEST_SUITE_P(Sqlite, StorageJournal, ::testing::Values(make_sqlite));
INSTANTIATE_TEST_SUITE_P(Sqlite, StorageSearch, ::testing::Values(make_sqlite));

}  // namespace streamwall::testing
