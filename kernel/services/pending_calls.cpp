#include "services/pending_calls.hpp"

namespace streamwall::services {

void PendingCalls::add(PendingCall& call) {
    auto& shard = shard_of(call);
    std::lock_guard lock(shard.mutex);
    call.retain();
    shard.calls.emplace(call.id, &call);
}

void PendingCalls::forget(PendingCall& call) {
    auto& shard = shard_of(call);
    std::size_t erased = 0;
    {
        std::lock_guard lock(shard.mutex);
        erased = shard.calls.erase(call.id);
    }
    if (erased) call.release();
}

std::size_t PendingCalls::size() const {
    std::size_t total = 0;
    for (const auto& shard : shards_) {
        std::lock_guard lock(shard.mutex);
        total += shard.calls.size();
    }
    return total;
}

}  // namespace streamwall::services
