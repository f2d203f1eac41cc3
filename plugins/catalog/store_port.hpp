// The store as the catalog's rules see it, so that tests can stand in for it.
#pragma once

#include <streamwall/sdk/buffer.hpp>

#include <functional>

namespace streamwall::catalog {

// Runs exactly once, inside the call or later on any thread.
using Reply = std::move_only_function<void(Result<Buffer>)>;

class StorePort {
  public:
    enum class Method { kGet, kQuery, kApply, kLease };
    virtual ~StorePort() = default;
    // [any thread]
    virtual void call(Method method, Buffer request, const sw_context& context, Reply reply) = 0;
};

}  // namespace streamwall::catalog
