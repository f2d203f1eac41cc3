// For tests of stores: calls as if they would block, and what a store tells its surroundings.
#pragma once

#include "storage-sql/call.hpp"

#include <atomic>
#include <condition_variable>
#include <future>
#include <mutex>
#include <string>
#include <vector>

namespace streamwall::storage::testing {

class PromisedCall final : public Call {
  public:
    explicit PromisedCall(std::promise<Answer> promise) : promise_(std::move(promise)) {}
    bool abandoned() const override { return false; }
    void answer(Answer answer) override { promise_.set_value(std::move(answer)); }

  private:
    std::promise<Answer> promise_;
};

// The identity that the conformance kit expects.
inline Origin test_origin() {
    Origin origin;
    origin.principal_type = "user";
    origin.principal_id = "u1";
    origin.principal_name = "Ada";
    origin.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    origin.correlation_id = "c1";
    origin.causation_id = "evt-0";
    origin.producer = "tester@main";
    return origin;
}

// What a committed event looked like.
struct SeenEvent {
    std::int64_t sequence;
    std::string type;
    std::string data;
    std::string causation_id;
};

// What a store told its surroundings.
class Witness {
  public:
    Hooks hooks() {
        Hooks hooks;
        hooks.wall_ms = [this] { return now_ms.load(); };
        hooks.committed = [this](std::span<const CommittedEvent> events) {
            const std::lock_guard lock(mutex_);
            for (const auto& [event, origin] : events) {
                seen_.push_back({event.sequence, std::string(event.type), std::string(event.data),
                                 origin->causation_id});
            }
            changed_.notify_all();
        };
        hooks.health = [this](Health health, std::string_view reason) {
            const std::lock_guard lock(mutex_);
            health_ = health;
            reason_ = reason;
            changed_.notify_all();
        };
        return hooks;
    }
    std::vector<SeenEvent> seen() const {
        const std::lock_guard lock(mutex_);
        return seen_;
    }
    std::vector<std::int64_t> sequences() const {
        std::vector<std::int64_t> out;
        for (const auto& event : seen())
            out.push_back(event.sequence);
        return out;
    }
    Health health() const {
        const std::lock_guard lock(mutex_);
        return health_;
    }
    std::string reason() const {
        const std::lock_guard lock(mutex_);
        return reason_;
    }
    // False where it took too long.
    bool wait_for_health(Health health, std::chrono::milliseconds limit) const {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, limit, [&] { return health_ == health; });
    }
    bool wait_until_seen(std::int64_t sequence, std::chrono::milliseconds limit) const {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(
            lock, limit, [&] { return !seen_.empty() && seen_.back().sequence >= sequence; });
    }

    std::atomic<std::int64_t> now_ms{1'769'862'896'789};

  private:
    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;
    std::vector<SeenEvent> seen_;
    Health health_ = Health::kDown;
    std::string reason_;
};

template <class Store, class Method>
Answer call(Store& store, Method method, const std::string& request) {
    std::promise<Answer> promise;
    auto future = promise.get_future();
    auto at_once = store.call(method, request, test_origin(),
                              [&] { return std::make_unique<PromisedCall>(std::move(promise)); });
    return at_once ? std::move(*at_once) : future.get();
}

}  // namespace streamwall::storage::testing
