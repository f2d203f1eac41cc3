// Helpers of this plugin's tests: a store in a folder of its own, called as if calls would block.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <atomic>
#include <filesystem>
#include <future>
#include <mutex>
#include <string>
#include <vector>

#include "sqlite-store/store.hpp"

namespace streamwall::sqlite {

// Removed with everything in it.
class TemporaryFolder {
  public:
    TemporaryFolder() {
        std::string pattern =
            (std::filesystem::temp_directory_path() / "streamwall-store-XXXXXX").string();
        if (mkdtemp(pattern.data()) == nullptr) std::abort();
        path_ = pattern;
    }
    ~TemporaryFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    std::string file(const std::string& name = "test.db") const { return path_ + "/" + name; }
    const std::string& path() const { return path_; }

  private:
    std::string path_;
};

class PromisedCall final : public Call {
  public:
    explicit PromisedCall(std::promise<Answer> promise) : promise_(std::move(promise)) {}
    bool abandoned() const override { return false; }
    void answer(Answer answer) override { promise_.set_value(std::move(answer)); }

  private:
    std::promise<Answer> promise_;
};

// The identity that the conformance kit expects.
inline storage::Origin test_origin() {
    storage::Origin origin;
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

// What the store told its surroundings.
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
        };
        hooks.health = [this](Health health, std::string_view reason) {
            const std::lock_guard lock(mutex_);
            health_ = health;
            reason_ = reason;
        };
        return hooks;
    }
    std::vector<SeenEvent> seen() const {
        const std::lock_guard lock(mutex_);
        return seen_;
    }
    Health health() const {
        const std::lock_guard lock(mutex_);
        return health_;
    }

    std::atomic<std::int64_t> now_ms{1'769'862'896'789};

  private:
    mutable std::mutex mutex_;
    std::vector<SeenEvent> seen_;
    Health health_ = Health::kDown;
    std::string reason_;
};

inline Answer call(Store& store, Method method, const std::string& request) {
    std::promise<Answer> promise;
    auto future = promise.get_future();
    auto at_once = store.call(method, request, test_origin(),
                              [&] { return std::make_unique<PromisedCall>(std::move(promise)); });
    return at_once ? std::move(*at_once) : future.get();
}

}  // namespace streamwall::sqlite
