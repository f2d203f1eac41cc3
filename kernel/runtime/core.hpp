// Node::Core: the parts a node is made of, and the control strand that orders its changes.
#pragma once

#include "abi/journal_port.hpp"
#include "runtime/announcer.hpp"
#include "runtime/instance.hpp"
#include "runtime/needs.hpp"
#include "runtime/node.hpp"
#include "runtime/nodes_service.hpp"
#include "runtime/orders.hpp"
#include "runtime/overrides.hpp"
#include "runtime/schema_registry.hpp"
#include "runtime/singletons.hpp"
#include "transport/memory_link.hpp"

#include <map>
#include <set>

namespace streamwall::runtime {

// Members are destroyed in reverse: instances first, threads before what they use.
struct Node::Core {
    Core(const NodeOptions& options, modules::ModuleStore& modules, telemetry::Logger& log);
    ~Core();

    // ---- on the control strand ----
    void begin(std::function<void(Failure)> done);
    void settle();  // starts what may start; reports to begin()'s `done` when nothing is under way
    void start_one(Instance& instance);
    void retry_later(Instance& instance);
    void shut_down(std::function<void()> done);
    void stop_all();
    void all_stopped();
    // Makes the start of `instance`, of all where empty, end now if it is under way; then goes on.
    void abort_start(const std::string& instance, std::function<void()> then);
    void start_ended(const Instance& instance);
    void stop_in_order(std::vector<Instance*> order, bool drain_only, std::function<void()> done);
    std::vector<Instance*> stop_order() const;
    // Transports that start before `before`: all but those that need others themselves.
    std::vector<std::string> transports_to_come(const std::string& before) const;
    // What keeps `name` from starting: names of instances and services.
    std::vector<std::string> waits_of(const std::string& name) const;
    // Empty: it may start.
    std::string reason_to_wait(const std::string& name);
    void singleton_changed(const std::string& name, bool is_ours);
    bool is_joined() const;  // to other processes, or may be

    // Operators' orders (switches.cpp).
    using Outcome = std::function<void(Failure)>;
    void disable(const std::string& name, Outcome done);
    void enable(const std::string& name, Outcome done);
    void restart(const std::string& name, Outcome done);
    void reconfigure(const std::string& name, const boost::json::object& settings, Outcome done);
    void reset(const std::string& name, Outcome done);
    void give_order(const std::string& name, std::function<void(Instance&, Outcome)> work,
                    Outcome done);
    // Has the instance run with `next`, by the gentlest means; back to what it had on failure.
    using ConfigPtr = std::shared_ptr<const config::ResolvedInstance>;
    void change(Instance& instance, ConfigPtr next, Outcome done);
    void replace(Instance& instance, ConfigPtr next, Outcome done);
    void go_back(Instance& instance, ConfigPtr before, Failure failure, Outcome done);
    void take_down(Instance& instance, Outcome done);
    // Starts it, or notes what it waits for.
    void bring_up(Instance& instance, Outcome done);
    void switch_off(Instance& instance);
    void switch_on(Instance& instance, Outcome done);
    std::expected<ConfigPtr, Failure> overlaid(const config::ResolvedInstance& from_file) const;
    Failure save_overrides();

    // Another configuration (reload.cpp).
    void reload(const std::vector<config::ResolvedInstance>& wanted,
                std::function<void(Reload)> done);
    boost::json::object plan(const std::vector<config::ResolvedInstance>& wanted) const;
    using Report = std::function<void(std::expected<boost::json::value, Failure>)>;
    void reload_file(Report done);  // [any]
    void plan_file(Report done);    // [any]
    void reread(std::function<void(const FreshConfig&)> then, Report refused);
    struct Step {
        std::string instance;
        std::function<void(Outcome)> apply, undo;
    };
    class Steps;
    Step make_step(const config::InstancePlan& plan, const ConfigPtr& next);
    void appear(ConfigPtr config, Outcome done);
    void disappear(const std::string& name, Outcome done);
    std::expected<config::ResolvedNode, Failure> with_overrides(
        const std::vector<config::ResolvedInstance>& wanted) const;
    config::ResolvedNode running_config() const;
    void add_instance(ConfigPtr config);
    void remove_instance(const std::string& name);
    void relink();

    // What kernel.nodes can do here, and whom it can ask (control_parts.cpp).
    NodesService::Local local_control();
    NodesService::Peers peer_control();
    void give(const std::string& order, const std::string& plugin,
              const boost::json::object& settings, Outcome done);                    // [any]
    bool carries_answers(std::string_view caller, const std::string& plugin) const;  // [any]

    // ---- any thread ----
    // Posts `work` to the control strand and waits until it has called its argument. With a virtual
    // clock the waiting thread runs the node meanwhile.
    template <class T>
    T wait_for(std::function<void(std::function<void(T)>)> work);
    void pump_until(const std::function<bool()>& done);
    Instance* find(const std::string& name) const;
    std::vector<std::shared_ptr<Instance>> all() const;
    std::vector<InstanceStatus> statuses() const;
    std::optional<std::string> document(std::string_view what) const;
    void update_metrics() const;
    std::string graph_document() const;
    std::string load_document() const;

    const NodeOptions& options;
    modules::ModuleStore& modules;
    telemetry::Logger& log;
    exec::SystemClock system_clock;
    const exec::Clock& clock;
    telemetry::Metrics metrics;
    exec::Pool blocking;
    std::shared_ptr<exec::Pool> pool;
    exec::Timers timers;
    std::shared_ptr<exec::Strand> control;
    services::Registry services;
    bus::Bus bus;
    bus::Feed feed;
    abi::ServiceJournal journal;  // the own one
    bus::Journals journals;
    abi::Interfaces interfaces;
    Network network;
    abi::ServiceJournal store;  // for leases
    Singletons singletons;
    std::unique_ptr<transport::MemoryLink> link;
    abi::Facilities facilities;
    Party operator_party;
    Party kernel_party;  // publishes what the kernel itself has to say
    Announcer announcer;
    SchemaRegistry schemas;
    std::mutex rereading;
    NodesService nodes_service;

    // Changed on the control strand, under the mutex; read there without.
    std::map<std::string, std::shared_ptr<Instance>> instances;
    mutable std::mutex instances_mutex;
    // Removed ones: what still refers to them must find them. Used again when they come back.
    std::map<std::string, std::shared_ptr<Instance>> retired;
    std::map<std::string, ConfigPtr> from_file;
    Overrides overrides;
    Orders orders;
    Graph graph;
    std::map<std::string, int> failures;  // in a row, for the back-off
    std::vector<std::string> started;     // in the order in which they came to run
    std::set<std::string> under_way;
    std::function<void(Failure)> begun;
    struct Waiting {
        std::string instance;  // whose start has to end; empty: every one
        std::function<void()> then;
    };
    std::vector<Waiting> waiting_for_starts;
    std::vector<std::function<void()>> stop_waiters;
    std::atomic<bool> stopping{false};
    bool stopped = false;
    std::atomic<bool> ready{false};
    std::int64_t started_ms = 0;
};

}  // namespace streamwall::runtime
