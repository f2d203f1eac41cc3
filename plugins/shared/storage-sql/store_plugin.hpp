// The plugin around a store: hands calls of the services `store` and `journal` to it, and what was
// committed to the host. For the plugin.cpp of back ends.
#pragma once

#include <atomic>
#include <memory>
#include <span>
#include <streamwall/sdk/plugin.hpp>
#include <string>
#include <thread>

#include "storage-sql/boundary.hpp"
#include "storage-sql/requests.hpp"

namespace streamwall::storage {

enum class Offers { store_and_journal, journal };

// What differs between back ends beside the store itself.
struct StoreLabels {
    std::string metrics;         // "streamwall_storage_sqlite"
    std::string place, located;  // "path" and what it is, for the log
};

template <class Settings, class Store>
class StorePlugin : public Plugin<Settings> {
  public:
    StorePlugin(const sw_host_api* api, Settings settings,
                Offers offers = Offers::store_and_journal)
        : Plugin<Settings>(api, std::move(settings)), offers_(offers) {}

    ~StorePlugin() override {
        if (closer_.joinable()) closer_.join();
    }

    Step start() final {
        journal_ = host().template find<sw_journal_api>(SW_JOURNAL);
        if (journal_ == nullptr) {
            return streamwall::Error{
                SW_PERMISSION_DENIED, "the permission \"journal\" is missing", {}, {}};
        }
        if (!offered_) {
            if (auto done = offer_methods(); !done) return done;
            offered_ = true;
        }
        opening_ = true;
        host().post_blocking(
            [this] { host().post([this, opened = open()] { end_opening(opened); }); });
        return pending;
    }

    Step stop() final {
        stopping_ = true;
        if (opening_) return pending;  // it was told to stop while it starts
        if (store_ == nullptr) return ok();
        close();
        return pending;
    }

  protected:
    using Plugin<Settings>::host;
    using Plugin<Settings>::log;
    using Plugin<Settings>::services;
    using Plugin<Settings>::settings;

    virtual StoreLabels labels() const = 0;
    // May check a whole file, or wait for a server. On a thread that may block.
    virtual Result<std::unique_ptr<Store>> open_store(Hooks hooks) const = 0;

  private:
    void end_opening(const streamwall::Result<>& opened) {
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

    streamwall::Result<> offer_methods() {
        for (const auto& known : method_names()) {
            if (offers_ == Offers::journal && known.service != "journal") continue;
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
        if (store == nullptr) return streamwall::Error::unavailable("the store is not open");
        const bool makes_events = method == Method::kApply || method == Method::kAppend;
        auto origin = makes_events ? origin_of(request.context()) : Origin();
        auto answer = store->call(method, request.body(), std::move(origin), [&request] {
            return std::make_unique<HostCall>(request.defer());
        });
        if (!answer) return pending;
        return to_reply(std::move(*answer));
    }

    streamwall::Result<> open() {
        const auto names = labels();
        Hooks hooks;
        hooks.wall_ms = [this] { return host().wall_ms(); };
        const auto commits = host().counter(names.metrics + "_commits_total",
                                            "Transactions that brought events, each synced once.");
        const auto events_kept = host().counter(names.metrics + "_events_total",
                                                "Events that those transactions brought.");
        hooks.committed = [this, commits, events_kept](std::span<const CommittedEvent> events) {
            commits.add();
            events_kept.add(static_cast<double>(events.size()));
            announce_(host().raw(), journal_, events);
        };
        hooks.health = [this](Health health, std::string_view reason) { report(health, reason); };
        auto store = open_store(std::move(hooks));
        if (!store) return to_sdk(std::move(store).error());
        store_ = std::move(*store);
        live_ = store_.get();
        log().info("store.opened", "the database is open",
                   {{names.place, names.located}, {"epoch", store_->epoch()}});
        return ok();
    }

    void report(Health health, std::string_view reason) {
        host().health(to_sdk(health), reason);
        host().health(to_sdk(health), reason, "database");
        if (health == Health::kOk) return;
        const auto names = labels();
        log().error(health == Health::kDown ? "store.down" : "store.degraded",
                    "the database can't be written",
                    {{names.place, names.located}, {"reason", std::string(reason)}});
    }

    const Offers offers_;
    const sw_journal_api* journal_ = nullptr;
    bool offered_ = false;
    bool opening_ = false;  // the blocking pool is in open(), which owns store_ meanwhile
    bool stopping_ = false;
    Announcer announce_;
    std::unique_ptr<Store> store_;
    std::atomic<Store*> live_{nullptr};
    std::thread closer_;
};

}  // namespace streamwall::storage
