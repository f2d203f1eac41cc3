// Instance: one plugin instance and its states, from load to destroy.
//
// States belong to the kernel alone; what a plugin reports of its health is another matter. All
// functions run on the node's control strand; steps of the plugin run on the instance's own, each
// with a deadline. What overruns its stop is `stuck`: never freed, since its code may still run.
#pragma once

#include "abi/plugin_host.hpp"
#include "config/check.hpp"
#include "modules/module_store.hpp"

#include <functional>
#include <memory>
#include <string>

namespace streamwall::runtime {

enum class State {
    discovered,
    waiting,
    created,
    starting,
    running,
    draining,
    stopping,
    stopped,
    destroyed,
    disabled,
    failed,
    stuck,
};
std::string_view to_string(State state);

// What instances need of their node.
struct InstanceParts {
    abi::Facilities& facilities;
    modules::ModuleStore& modules;
    std::shared_ptr<exec::Executor> control;
    std::shared_ptr<exec::Executor> pool;  // for what may block a little
    std::chrono::milliseconds start_timeout;
    std::chrono::milliseconds stop_timeout;
    // Whether the plugin may start here; before any of its code runs.
    std::function<Failure(const std::string& instance, const modules::Manifest& manifest)> admit;
    // A state or health changed; any thread, each change once.
    std::function<void(const class Instance& instance)> changed;
};

class Instance final : public abi::HostListener, public std::enable_shared_from_this<Instance> {
  public:
    using Done = std::function<void(Failure)>;

    Instance(std::shared_ptr<const config::ResolvedInstance> config,
             const modules::Inspection* inspection, InstanceParts parts);
    ~Instance() override;

    // Loads, creates and starts; on failure the instance is destroyed and `failed`.
    void start(Done done);
    // Makes a start that is under way fail; its `done` follows once the plugin has stopped.
    void abort_start();
    void drain(std::function<void()> done);
    // Ends in `destroyed` or `stuck`, whatever state it was in.
    void stop(std::function<void()> done);

    // Gives the running plugin settings of which only live ones differ. On an error the old ones
    // stay in force: UNIMPLEMENTED where the plugin takes none while it runs, DEADLINE_EXCEEDED
    // where nobody knows which it uses.
    void reconfigure(std::shared_ptr<const config::ResolvedInstance> config, Done done);
    // What the next start begins with.
    void adopt(std::shared_ptr<const config::ResolvedInstance> config,
               const modules::Inspection* inspection);

    void set_state(State state, std::string reason = {});

    const std::string& name() const { return name_; }
    std::shared_ptr<const config::ResolvedInstance> config() const;  // [any]
    const modules::Manifest* manifest() const;                       // [any]
    const modules::Inspection* inspection() const;                   // [any]
    sw_host* host() const { return host_.get(); }

    struct Snapshot {
        State state = State::discovered;
        std::string reason;
        std::map<std::string, abi::HealthReport> health;
        std::uint64_t restarts = 0;
        std::int64_t since_ms = 0;
        std::uint64_t misuses = 0;
    };
    Snapshot snapshot() const;                                         // [any]
    State state() const;                                               // [any]
    std::vector<std::shared_ptr<bus::DurableReader>> readers() const;  // [any]

    void step_completed(int step, sw_status status, Failure failure) override;
    void health_changed() override;

  private:
    struct Step {
        int kind = 0;
        std::uint64_t number = 0;
        std::uint64_t timer = 0;
        Done done;
    };
    Failure load();
    void create(Done done);
    void run_step(int kind, std::chrono::milliseconds limit, Done done);
    void finish_step(std::uint64_t number, Failure failure);
    sw_status call_step(int kind, sw_error* error);
    void end(std::function<void()> done);
    void close_intake(std::function<void()> done);
    void pass_over_strand(std::function<void()> there, std::function<void(bool)> then);
    void stop_plugin(std::function<void()> done);
    void withdraw_interfaces(std::function<void()> done);
    void quiesce(std::function<void()> done);
    void destroy(std::function<void()> done);
    void give_up(std::string reason, std::function<void()> done);
    bool is_draining() const { return step_ && step_->kind == SW_STEP_DRAIN; }
    void on_control(std::function<void()> function);
    void log(telemetry::Level level, std::string_view event, const std::string& text);

    const std::string name_;
    const InstanceParts parts_;
    const sw_plugin_entry* entry_ = nullptr;
    std::unique_ptr<sw_host> host_;
    void* self_ = nullptr;
    std::uint64_t drain_deadline_ns_ = 0;
    std::shared_ptr<Step> step_;
    std::uint64_t steps_ = 0;
    std::uint64_t starts_ = 0;
    bool start_aborted_ = false;
    int given_up_ = 0;  // a step that the host ended, which the plugin may still complete
    std::vector<std::function<void()>> drain_waiters_, stop_waiters_;

    mutable std::mutex mutex_;
    std::shared_ptr<const config::ResolvedInstance> config_;
    const modules::Inspection* inspection_;
    Snapshot snapshot_;
};

}  // namespace streamwall::runtime
