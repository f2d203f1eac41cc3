// The conformance kit of storage back ends, on the core of this one.
#include <streamwall/testing/storage_conformance.hpp>

#include "sqlite-store/test_store.hpp"

namespace streamwall::testing {
namespace {

struct SqliteBackend {
    sqlite::TemporaryFolder folder;
    sqlite::Witness witness;
    std::unique_ptr<sqlite::Store> store;  // goes first
};

std::optional<sqlite::Method> find_method(std::string_view service, std::string_view name) {
    for (const auto& known : sqlite::method_names()) {
        if (known.service == service && known.name == name) return known.method;
    }
    return std::nullopt;
}

StorageBackend make_sqlite() {
    auto backend = std::make_shared<SqliteBackend>();
    sqlite::Options options;
    options.path = backend->folder.file();
    auto store = sqlite::Store::open(options, backend->witness.hooks());
    if (!store) throw std::runtime_error(store.error().message);
    backend->store = std::move(*store);
    const auto call = [backend = backend.get()](std::string_view service, std::string_view name,
                                                const std::string& request) -> StorageReply {
        const auto method = find_method(service, name);
        if (!method) return {12, {}, "no such method", {}};
        const auto answer = sqlite::call(*backend->store, *method, request);
        if (answer) return {0, *answer, {}, {}};
        const auto& error = answer.error();
        return {static_cast<std::int32_t>(error.code), {}, error.message, error.details};
    };
    const auto move_clock = [backend = backend.get()](std::int64_t ms) {
        backend->witness.now_ms += ms;
    };
    return {backend, call, move_clock};
}

}  // namespace

INSTANTIATE_TEST_SUITE_P(Sqlite, StorageConformance, ::testing::Values(make_sqlite));
INSTANTIATE_TEST_SUITE_P(Sqlite, StorageFilters, ::testing::Values(make_sqlite));
INSTANTIATE_TEST_SUITE_P(Sqlite, StorageJournal, ::testing::Values(make_sqlite));

}  // namespace streamwall::testing
