// A plugin around a Store: hands calls of the services to it, and what it has committed to the
// host. For the plugin.cpp of who keeps records and the journal, and of who keeps the journal
// alone.
#pragma once

#include <atomic>
#include <memory>
#include <streamwall/sdk/plugin.hpp>
#include <thread>

#include "sqlite-store/store.hpp"
#include "storage-sql/boundary.hpp"

namespace streamwall::sqlite {

using storage::to_sdk;

enum class Offers { store_and_journal, journal };

template <class Settings, Offers kOffers>
class StorePlugin final : public Plugin<Settings> {
  public:
    using Plugin<Settings>::Plugin;

    ~StorePlugin() override {
        if (closer_.joinable()) closer_.join();
    }

    Step start() override {
        journal_ = host().template find<sw_journal_api>(SW_JOURNAL);
        if (journal_ == nullptr) {
            return Error{SW_PERMISSION_DENIED, "the permission \"journal\" is missing", {}, {}};
        }
        if (!offered_) {
            if (auto done = offer_methods(); !done) return done;
            offered_ = true;
        }
        // Opening may check a whole file.
        opening_ = true;
        host().post_blocking(
            [this] { host().post([this, opened = open()] { end_opening(opened); }); });
        return pending;
    }

    Step stop() override {
        stopping_ = true;
        if (opening_) return pending;  // it was told to stop while it starts
        if (store_ == nullptr) return ok();
        close();
        return pending;
    }

  private:
    using Plugin<Settings>::host;
    using Plugin<Settings>::log;
    using Plugin<Settings>::services;
    using Plugin<Settings>::settings;

    void end_opening(const Result<>& opened) {
        opening_ = false;
        if (!stopping_) return host().complete(SW_STEP_START, opened);
        if (store_ == nullptr) return host().complete(SW_STEP_STOP);
        close();
    }

    // Finishing what is queued takes a commit; the strand must not wait for it.
    void close() {
        live_ = nullptr;
        closer_ = std::thread([this] {
            store_.reset();
            host().complete(SW_STEP_STOP);
        });
    }

    Result<> offer_methods() {
        for (const auto& known : method_names()) {
            if (kOffers == Offers::journal && known.service != "journal") continue;
            const Method method = known.method;
            auto done = services().offer(
                known.service, known.name,
                [this, method](const Request& request) { return serve(method, request); });
            if (!done) return done;
        }
        return ok();
    }

    // On the caller's thread; see Store::call.
    streamwall::Answer serve(Method method, const Request& request) {
        Store* store = live_.load();
        if (store == nullptr) return Error::unavailable("the store is not open");
        const bool makes_events = method == Method::kApply || method == Method::kAppend;
        auto origin = makes_events ? storage::origin_of(request.context()) : storage::Origin();
        auto answer = store->call(method, request.body(), std::move(origin), [&request] {
            return std::make_unique<storage::HostCall>(request.defer());
        });
        if (!answer) return pending;
        return storage::to_reply(std::move(*answer));
    }

    Result<> open() {
        Options options;
        options.path = settings().path;
        if constexpr (kOffers == Offers::store_and_journal) {
            options.readers = settings().readers;
            options.cache_bytes = settings().cache_mib << 20;
        } else {
            options.readers = 1;
        }
        options.max_queued = settings().max_queued;
        options.keep_events = settings().keep_events;
        options.keep_days = settings().keep_days;
        Hooks hooks;
        hooks.wall_ms = [this] { return host().wall_ms(); };
        const std::string prefix = kOffers == Offers::journal ? "streamwall_journal_sqlite_"
                                                              : "streamwall_storage_sqlite_";
        const auto commits = host().counter(prefix + "commits_total",
                                            "Transactions that brought events, each synced once.");
        const auto events_kept =
            host().counter(prefix + "events_total", "Events that those transactions brought.");
        hooks.committed = [this, commits, events_kept](std::span<const CommittedEvent> events) {
            commits.add();
            events_kept.add(static_cast<double>(events.size()));
            announce_(host().raw(), journal_, events);
        };
        hooks.health = [this](Health health, std::string_view reason) { report(health, reason); };
        auto store = Store::open(std::move(options), std::move(hooks));
        if (!store) return to_sdk(std::move(store).error());
        store_ = std::move(*store);
        live_ = store_.get();
        log().info("store.opened", "the database is open",
                   {{"path", settings().path}, {"epoch", store_->epoch()}});
        return ok();
    }

    void report(Health health, std::string_view reason) {
        host().health(to_sdk(health), reason);
        host().health(to_sdk(health), reason, "database");
        if (health == Health::kOk) return;
        log().error(health == Health::kDown ? "store.down" : "store.disk_full",
                    "the database can't be written",
                    {{"path", settings().path}, {"reason", std::string(reason)}});
    }

    const sw_journal_api* journal_ = nullptr;
    bool offered_ = false;
    bool opening_ = false;  // the blocking pool is in open(), which owns store_ meanwhile
    bool stopping_ = false;
    storage::Announcer announce_;
    std::unique_ptr<Store> store_;
    std::atomic<Store*> live_{nullptr};
    std::thread closer_;
};

}  // namespace streamwall::sqlite
