// A store as the conformance kit of storage back ends sees one.
#pragma once

#include "storage-sql/requests.hpp"
#include "storage-sql/testing/store_calls.hpp"

#include <streamwall/testing/storage_backend.hpp>

#include <memory>
#include <optional>

namespace streamwall::storage::testing {

inline std::optional<Method> find_method(std::string_view service, std::string_view name) {
    for (const auto& known : method_names()) {
        if (known.service == service && known.name == name) return known.method;
    }
    return std::nullopt;
}

// `Owner` has a `store` (a pointer), the `witness` that the store was opened with, and all else
// that must live as long.
template <class Owner>
streamwall::testing::StorageBackend as_backend(std::shared_ptr<Owner> owner) {
    using streamwall::testing::StorageReply;
    const auto ask = [owner = owner.get()](std::string_view service, std::string_view name,
                                           const std::string& request) -> StorageReply {
        const auto method = find_method(service, name);
        if (!method) return {12, {}, "no such method", {}};
        const auto answer = call(*owner->store, *method, request);
        if (answer) return {0, *answer, {}, {}};
        const auto& error = answer.error();
        return {static_cast<std::int32_t>(error.code), {}, error.message, error.details};
    };
    const auto move_clock = [owner = owner.get()](std::int64_t ms) { owner->witness.now_ms += ms; };
    return {owner, ask, move_clock};
}

}  // namespace streamwall::storage::testing
