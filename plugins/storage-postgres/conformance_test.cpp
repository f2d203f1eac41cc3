// The conformance kit of storage back ends, on the core of this one and a real server.
#include <streamwall/testing/storage_conformance.hpp>

#include "storage-sql/testing/conformance_backend.hpp"
#include "test_store.hpp"

namespace streamwall::testing {
namespace {

struct PostgresBackend {
    postgres::Witness witness;
    std::unique_ptr<postgres::Store> store;  // goes first
};

StorageBackend make_postgres() {
    auto backend = std::make_shared<PostgresBackend>();
    auto store = postgres::Store::open(
        postgres::options_for(*postgres::shared_server(), postgres::fresh_schema()),
        backend->witness.hooks());
    if (!store) throw std::runtime_error(store.error().message);
    backend->store = std::move(*store);
    return storage::testing::as_backend(std::move(backend));
}

// None where there is no server: the kit is left out then, and says so.
std::vector<StorageBackendFactory> back_ends() {
    const auto reason = PostgresServer::missing();
    if (reason.empty()) return {make_postgres};
    std::fprintf(stderr, "left out: %s\n", reason.c_str());
    return {};
}

}  // namespace

INSTANTIATE_TEST_SUITE_P(Postgres, StorageConformance, ::testing::ValuesIn(back_ends()));
INSTANTIATE_TEST_SUITE_P(Postgres, StorageFilters, ::testing::ValuesIn(back_ends()));
INSTANTIATE_TEST_SUITE_P(Postgres, StorageJournal, ::testing::ValuesIn(back_ends()));
INSTANTIATE_TEST_SUITE_P(Postgres, StorageSearch, ::testing::ValuesIn(back_ends()));

}  // namespace streamwall::testing
