// What tests of lists need: the catalog's streams over a real store that says what it is asked.
#pragma once

#include "collection.hpp"
#include "sqlite-store/test_store.hpp"
#include "streams_service.hpp"

#include <heap_buffers.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

namespace streamwall::catalog::testing {

// Callable from every thread; answers before a call returns.
class ListedStore final : public StorePort {
  public:
    // `heard`: told of each commit's events on the store's thread, before the writer is answered.
    using Heard = std::function<void(const StreamRecords::Heard&)>;
    explicit ListedStore(Heard heard = {}) : heard_(std::move(heard)) {
        sqlite::Options options;
        options.path = folder_.file();
        auto hooks = witness_.hooks();
        hooks.committed = [this](std::span<const sqlite::CommittedEvent> events) {
            for (const auto& [event, origin] : events)
                tell(event);
        };
        auto store = sqlite::Store::open(options, std::move(hooks));
        if (!store) throw std::runtime_error(store.error().message);
        store_ = std::move(*store);
        const auto declared =
            sqlite::call(*store_, sqlite::Method::kDeclare, streams_declaration());
        if (!declared) throw std::runtime_error(declared.error().message);
    }

    void call(Method method, Buffer request, const sw_context&, Reply reply) override {
        constexpr std::array kMethods = {sqlite::Method::kGet, sqlite::Method::kQuery,
                                         sqlite::Method::kApply};
        if (method == Method::kQuery) {
            const std::lock_guard lock(mutex_);
            ++queries_;
            last_query_ = request.view();
        }
        if (method == Method::kApply) {
            std::unique_lock lock(mutex_);
            const auto first = std::exchange(before_change_, {});
            lock.unlock();
            if (first) first();
        }
        auto answer = sqlite::call(*store_, kMethods[static_cast<std::size_t>(method)],
                                   std::string(request.view()));
        const bool is_lost = method == Method::kApply && loses_reply_.exchange(false);
        if (is_lost) return reply(Error{SW_UNAVAILABLE, "the reply was lost", {}, {}});
        if (answer) return reply(Buffer(*answer));
        auto& error = answer.error();
        reply(Error{static_cast<sw_status>(error.code), error.message, error.where, error.details});
    }
    // A request that nobody here knows of.
    boost::json::object elsewhere(Method method, std::string_view request) {
        std::optional<Result<Buffer>> out;
        call(method, Buffer(request), {}, [&](Result<Buffer> reply) { out = std::move(reply); });
        if (*out) return json::parse_object((*out)->view()).value();
        ADD_FAILURE() << out->error().message;
        return {};
    }
    // The next change is made, and its reply never comes.
    void lose_next_reply() { loses_reply_ = true; }

    // Called when the next change comes, before it is made.
    void before_next_change(std::function<void()> call) {
        const std::lock_guard lock(mutex_);
        before_change_ = std::move(call);
    }

    int queries() const {
        const std::lock_guard lock(mutex_);
        return queries_;
    }
    std::string last_query() const {
        const std::lock_guard lock(mutex_);
        return last_query_;
    }

  private:
    void tell(const storage::Event& event) {
        if (!heard_) return;
        heard_({.record = Buffer(event.data),
                .changes = event.changes,
                .sequence = event.sequence,
                .created = event.type == "stream.created",
                .removed = event.type == "stream.deleted"});
    }

    const Heard heard_;
    sqlite::DatabaseFolder folder_;
    sqlite::Witness witness_;
    std::atomic<bool> loses_reply_{false};
    std::function<void()> before_change_;
    mutable std::mutex mutex_;
    int queries_ = 0;
    std::string last_query_;
    std::unique_ptr<sqlite::Store> store_;
};

struct Listed {
    std::vector<std::int64_t> ids;
    std::int64_t count = 0;
    bool operator==(const Listed&) const = default;
};

inline Listed listed(std::string_view reply) {
    Listed out;
    const auto object = json::parse_object(reply).value();
    for (const auto& record : object.at("records").as_array())
        out.ids.push_back(record.at("id").as_int64());
    if (const auto* count = object.if_contains("count")) out.count = count->as_int64();
    return out;
}

}  // namespace streamwall::catalog::testing
