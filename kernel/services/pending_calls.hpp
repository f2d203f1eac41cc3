// PendingCalls: every call that waits for its answer, to be found when the answer comes, when its
// deadline passes, or when caller or provider end.
#pragma once

#include "services/pending.hpp"

#include <array>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace streamwall::services {

// Thread-safe. Holds a reference to each call.
class PendingCalls {
  public:
    void add(PendingCall& call);
    void forget(PendingCall& call);
    std::size_t size() const;
    // Answers those that match, and that nobody has answered meanwhile.
    template <class Predicate>
    void claim_where(Predicate predicate, sw_status code, const char* why) {
        for (auto& shard : shards_) {
            std::vector<PendingCall*> found;
            {
                std::lock_guard lock(shard.mutex);
                for (auto& [id, call] : shard.calls) {
                    if (!predicate(*call)) continue;
                    call->retain();
                    found.push_back(call);
                }
            }
            for (auto* call : found) {
                call->claim(code, why);
                call->release();
            }
        }
    }

  private:
    struct Shard {
        mutable std::mutex mutex;
        std::unordered_map<std::uint64_t, PendingCall*> calls;
    };
    static constexpr std::size_t kShards = 16;

    Shard& shard_of(const PendingCall& call) { return shards_[call.id % kShards]; }

    std::array<Shard, kShards> shards_;
};

}  // namespace streamwall::services
