// sw_host: the host as one plugin instance sees it, behind every table of the boundary.
#pragma once

#include "abi/interfaces.hpp"
#include "bus/bus.hpp"
#include "bus/subscription.hpp"
#include "exec/pool.hpp"
#include "exec/timers.hpp"
#include "modules/manifest.hpp"
#include "services/registry.hpp"
#include "telemetry/log.hpp"
#include "telemetry/metrics.hpp"

#include <streamwall/host.h>
#include <streamwall/plugin.h>

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

// A series in the hands of a plugin: one of the three kinds.
struct sw_series {
    int kind = SW_COUNTER;
    streamwall::telemetry::Counter counter;
    streamwall::telemetry::Gauge gauge;
    streamwall::telemetry::Histogram histogram;
};

namespace streamwall::abi {

// What the whole process shares. Outlives every instance.
struct Facilities {
    const exec::Clock& clock;
    exec::Timers& timers;
    exec::Executor& pool;
    exec::Pool& blocking;
    services::Registry& services;
    bus::Bus& bus;
    bus::Feed& feed;
    bus::Journals& journals;
    bus::EventLink* event_link;
    Interfaces& interfaces;
    telemetry::Logger& log;
    telemetry::Metrics& metrics;
    std::string node;
    bool validate_events;
    // JSON or text by name, see sw_introspect_api; empty optional: unknown name.
    std::function<std::optional<std::string>(std::string_view what)> introspect;
};

struct HealthReport {
    int health = SW_HEALTH_OK;
    std::string reason;
};

// Why an instance that ends may offer and subscribe no more.
inline Failure stopping() {
    return Failure::of(SW_FAILED_PRECONDITION, "the instance is stopping");
}

// Told of what concerns the life of the instance. Any thread; must not block.
class HostListener {
  public:
    virtual ~HostListener() = default;
    virtual void step_completed(int step, sw_status status, Failure failure) = 0;
    virtual void health_changed() = 0;
};

}  // namespace streamwall::abi

struct sw_subscription {
    sw_host* host = nullptr;
    std::shared_ptr<streamwall::bus::Subscription> transient;
    std::shared_ptr<streamwall::bus::DurableSubscription> durable;
};

struct sw_host {
  public:
    sw_host(streamwall::abi::Facilities& facilities, const streamwall::modules::Manifest& manifest,
            std::string instance, streamwall::abi::HostListener& listener);
    ~sw_host();
    sw_host(const sw_host&) = delete;
    sw_host& operator=(const sw_host&) = delete;

    const sw_host_api* api() const { return &api_; }

    // Opens what was declared in create() and start(): calls and deliveries begin.
    void open();
    // From now on nothing new can be offered, watched or subscribed to. [strand]
    void begin_close() { closing_ = true; }
    bool is_closing() const { return closing_; }
    // Ends intake: services are withdrawn, subscriptions end after saving their positions, watches
    // give no more leases. `done` runs on any thread. Blocks at most `limit` for callbacks inside.
    void close_intake(std::chrono::milliseconds limit, std::function<void()> done);
    // After stop(): timers and tasks are dropped. False where callbacks are still inside.
    bool close(std::chrono::milliseconds limit);
    // What is left that should be none; empty: clean.
    std::string audit();

    // The contract's checks (see STREAMWALL_CONTRACT_CHECKS): logs and counts a misuse.
    void expect_strand(const char* function);
    std::uint64_t misuses() const { return misuses_; }

    std::map<std::string, streamwall::abi::HealthReport> health() const;
    std::vector<std::shared_ptr<streamwall::bus::DurableReader>> readers() const;

    // ---- used by the tables ----
    streamwall::abi::Facilities& facilities;
    const streamwall::modules::Manifest& manifest;
    streamwall::abi::HostListener& listener;
    streamwall::Party party;
    streamwall::exec::Gate tasks;  // held by work on the blocking pool

    std::uint64_t add_timer(std::uint64_t delay_ns, std::uint64_t period_ns,
                            streamwall::exec::Task task);
    void cancel_timer(std::uint64_t id);
    sw_series* find_series(int kind, std::string_view name, std::string_view help,
                           const sw_str* labels, std::size_t label_count, const double* bounds,
                           std::size_t bound_count);
    void set_health(std::string_view dependency, int health, std::string_view reason);
    void add_subscription(std::unique_ptr<sw_subscription> subscription);
    void drop_subscription(sw_subscription* subscription);
    bool is_open() const { return open_; }

  private:
    struct TimerBox;
    bool keeps_journal() const;
    sw_host_api api_;
    std::atomic<bool> open_{false};
    std::atomic<bool> closing_{false};
    std::atomic<std::uint64_t> misuses_{0};
    mutable std::mutex mutex_;
    std::set<std::uint64_t> timers_;
    std::map<std::string, std::unique_ptr<sw_series>> series_;
    std::map<std::string, streamwall::abi::HealthReport> health_;
    std::vector<std::unique_ptr<sw_subscription>> subscriptions_;
};
