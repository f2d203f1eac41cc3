// Node: one process's plugin instances, wired together and kept running.
//
// All changes of state happen on one control strand. The functions marked [outside] block and must
// not be called from plugin code or the control strand.
#pragma once

#include "abi/plugin_host.hpp"
#include "config/check.hpp"
#include "config/diff.hpp"
#include "modules/module_store.hpp"
#include "runtime/network.hpp"

#include <boost/json/object.hpp>

#include <expected>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace streamwall::runtime {

class Instance;
struct InstanceStatus;

// The node's part of the configuration, read anew.
struct FreshConfig {
    std::string file;
    std::vector<config::ResolvedInstance> instances;
    config::Diagnostics diagnostics;  // with errors the instances are not to be used
};

struct NodeOptions {
    std::string node = "main";
    // Reads the configuration again; may block. Called one at a time, on any thread. Absent: there
    // is no file to reload.
    std::function<FreshConfig()> reread = {};
    std::filesystem::path data_dir;
    std::vector<config::ResolvedInstance> instances;
    std::chrono::milliseconds start_timeout{30'000};
    std::chrono::milliseconds stop_timeout{5'000};  // for each step of one instance
    unsigned workers = 0;                           // 0: max(2, cores)
    bool validate_events = false;
    // A test's virtual time: no threads; the node runs only inside its blocking functions and
    // pump().
    exec::VirtualClock* virtual_clock = nullptr;
    // Puts a serialising link between every pair of instances, see transport/memory_link.hpp.
    bool memory_link = false;
    std::uint64_t memory_link_seed = 1;

    // Who this process is among others, see transport/mesh.
    std::string isolation{};  // its name within the node; empty: the node's host
    // That a task which blocks a thread may use before an isolated process ends itself.
    std::chrono::milliseconds compute_limit{200};
    std::string mesh_prefix = "streamwall";
    // What joins it to others beside the transports that its plugins offer.
    std::vector<HostTransport> transports{};
    // What other processes of the topology offer: needs for it are met.
    std::set<std::string> services_elsewhere{};
    // Nodes of the topology that should be there beside this one.
    std::set<std::string> other_nodes{};
    // Instances of which one alone runs, as other processes of the topology have them, too.
    std::set<std::string> singletons{};
    // How those instances of this node are that run in other processes; they count for its health.
    // Called on any thread, must not block. Absent: there are none.
    std::function<std::vector<InstanceStatus>()> isolated = {};
};

struct InstanceStatus {
    std::string name, plugin, version;
    std::string state;   // discovered … destroyed, disabled, waiting, failed, stuck
    std::string reason;  // what it waits for, why it failed
    std::string health;  // ok, degraded, down
    std::string health_reason;
    std::map<std::string, abi::HealthReport> dependencies;
    bool required = false;
    std::uint64_t restarts = 0;
    std::int64_t since_ms = 0;
};

// What came of a new configuration.
struct Reload {
    std::vector<config::InstancePlan> steps;  // all but the unchanged, in the order of their turn
    Failure failure;  // then everything is as before; `where` names the instance
};

class Node {
  public:
    // `modules` has been scanned. Both outlive the node.
    Node(NodeOptions options, modules::ModuleStore& modules, telemetry::Logger& log);
    ~Node();
    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;

    // Starts everything in the order of declared needs. Returns once each instance runs, waits or
    // has failed; an error where a required one failed, after rolling back. [outside]
    Failure start();
    // Drains and stops everything, dependents first. False where something was stuck. [outside]
    bool stop();

    // Operators' orders; take effect before they return. All but restart are kept over restarts of
    // the host and beat its file until reset. Orders to one instance are carried out one after the
    // other; restart enables what is disabled. [outside]
    Failure enable(const std::string& instance);
    Failure disable(const std::string& instance);
    Failure restart(const std::string& instance);
    // Settings are laid over the file's (null takes one back). They reach the running plugin where
    // all that differ are live, else it alone restarts. What fails leaves it with the old ones;
    // INVALID_ARGUMENT has `details` by field.
    Failure reconfigure(const std::string& instance, const boost::json::object& settings);
    // Back to what the file says; an empty name means every instance.
    Failure reset(const std::string& instance);

    // Makes the node run `wanted`, which has been checked: instances are added, removed, changed.
    // What did not change is not touched. [outside]
    Reload reload(std::vector<config::ResolvedInstance> wanted);
    // What reload would do: {"node","instances":[{instance, state, action, changed, beaten,
    // enabled?, settings?}],"unused":[…]}. `enabled` and `settings` are overrides, `beaten` what
    // the file changes in vain because of them, `unused` those without an instance. [outside]
    boost::json::object plan(std::vector<config::ResolvedInstance> wanted);
    // The same with what NodeOptions::reread finds. A file with errors changes nothing:
    // INVALID_ARGUMENT, whose details are {"diagnostics":[…]} as config::to_json has them.
    // [outside]
    std::expected<boost::json::value, Failure> reload_file();
    std::expected<boost::json::value, Failure> plan_file();

    // node | plugins | services | interfaces | events | schemas | health | graph | load as JSON,
    // metrics as Prometheus text; nothing for other names. [any]
    std::optional<std::string> introspect(std::string_view what) const;
    std::vector<InstanceStatus> instances() const;  // [any]

    // Every event whose type matches, as an envelope. `seen` runs on any thread. [any]
    std::uint64_t tap(std::string pattern, std::function<void(const std::string& envelope)> seen);
    void untap(std::uint64_t id);

    // Calls any service as the operator; blocks until the answer is there. [outside]
    std::expected<std::string, Failure> call(const std::string& service, const std::string& method,
                                             const std::string& request,
                                             std::chrono::milliseconds timeout);

    // With a virtual clock: runs what is due, then advances, in steps of at most 10 ms. [outside]
    void pump(std::chrono::milliseconds advance = std::chrono::milliseconds(0));

    // For tests and in-process tools.
    abi::Facilities& facilities();
    Instance* find(const std::string& instance);
    const NodeOptions& options() const { return options_; }

  private:
    struct Core;
    friend struct Core;
    NodeOptions options_;
    std::unique_ptr<Core> core_;
};

}  // namespace streamwall::runtime
