// The conformance kit of storage back ends, on the core of this one and a real server.
#include <streamwall/testing/storage_conformance.hpp>

#include "test_store.hpp"

namespace streamwall::testing {
namespace {

struct PostgresBackend {
    postgres::Witness witness;
    std::unique_ptr<postgres::Store> store;  // goes first
};

std::optional<storage::Method> find_method(std::string_view service, std::string_view name) {
    for (const auto& known : storage::method_names()) {
        if (known.service == service && known.name == name) return known.method;
    }
    return std::nullopt;
}

StorageBackend make_postgres() {
    auto backend = std::make_shared<PostgresBackend>();
    auto store = postgres::Store::open(
        postgres::options_for(*postgres::shared_server(), postgres::fresh_schema()),
        backend->witness.hooks());
    if (!store) throw std::runtime_error(store.error().message);
    backend->store = std::move(*store);
    const auto call = [backend = backend.get()](std::string_view service, std::string_view name,
                                                const std::string& request) -> StorageReply {
        const auto method = find_method(service, name);
        if (!method) return {12, {}, "no such method", {}};
        const auto answer = postgres::call(*backend->store, *method, request);
        if (answer) return {0, *answer, {}, {}};
        const auto& error = answer.error();
        return {static_cast<std::int32_t>(error.code), {}, error.message, error.details};
    };
    const auto move_clock = [backend = backend.get()](std::int64_t ms) {
        backend->witness.now_ms += ms;
    };
    return {backend, call, move_clock};
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

}  // namespace streamwall::testing
