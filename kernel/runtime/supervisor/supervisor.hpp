// Supervisor: starts children, starts them again when they end, holds them to their limits, and
// stops them.
//
// A child that ends is back at once. From the third time in a row that it lives for less than a
// minute each start waits twice as long as the one before, 1 to 30 s. Children are killed by the
// operating system when this process dies, however it dies.
#pragma once

#include "exec/loop.hpp"
#include "runtime/supervisor/child_process.hpp"
#include "telemetry/log.hpp"

#include <chrono>
#include <functional>

namespace streamwall::runtime {

struct ChildSpec {
    std::string name;
    std::vector<std::string> arguments{};
    std::map<std::string, std::string> environment{};
    std::uint64_t max_resident_bytes = 0;  // 0: no limit, here and below
    std::uint64_t max_threads = 0;
    std::chrono::milliseconds stop_timeout{10'000};  // from SIGTERM to SIGKILL
};

enum class ChildState { starting, ready, degraded, waiting, stopping, stopped };
std::string_view to_string(ChildState state);

struct ChildStatus {
    std::string name;
    ChildState state = ChildState::starting;
    std::string reason;  // why it is degraded, waits or has stopped
    pid_t pid = 0;       // 0: no process
    std::uint64_t starts = 0;
};

struct SupervisorOptions {
    std::filesystem::path program = "/proc/self/exe";
    // The child's end of a connection to this process, made anew for each start. Absent: none.
    using OpenLink = std::expected<Descriptor, Failure>(const std::string& child,
                                                        std::uint64_t start);
    std::function<OpenLink> open_link = {};
    // After each change; on the supervisor's thread, must not block.
    std::function<void(const ChildStatus& status)> changed = {};
    std::chrono::milliseconds short_life{60'000};  // ending sooner counts as a crash in a row
    std::chrono::milliseconds first_wait{1'000}, longest_wait{30'000};
};

class Supervisor {
  public:
    Supervisor(SupervisorOptions options, telemetry::Logger& log);
    ~Supervisor();  // kills what still runs
    Supervisor(const Supervisor&) = delete;
    Supervisor& operator=(const Supervisor&) = delete;

    // Names are unique. Starts it; what comes of that is told by `changed`. [any]
    void start(ChildSpec spec);
    // What the child said of itself: ready, or degraded for a reason. [any]
    void report(const std::string& child, ChildState state, std::string reason);
    // The connection of that start has ended. A child that lives on without it is killed and starts
    // again. [any]
    void link_lost(const std::string& child, std::uint64_t start, std::string reason);
    // SIGTERM, and SIGKILL after its stop_timeout; `done` runs on the supervisor's thread once it
    // has ended, at once where it does not run. It does not start again. [any]
    void stop(const std::string& child, std::function<void()> done);
    // Ends every process now. [any]
    void kill_all();
    std::vector<ChildStatus> children() const;  // in the order of their start() [any]

  private:
    struct Child;
    class Exits;
    using ChildPtr = std::shared_ptr<Child>;

    void launch(const ChildPtr& child);
    void ended(const ChildPtr& child);
    void start_again(const ChildPtr& child, const std::string& why);
    std::chrono::milliseconds wait_after_crash(Child& child) const;
    void check_limits(const ChildPtr& child);
    void terminate(const ChildPtr& child, std::function<void()> done);
    void set_state(const ChildPtr& child, ChildState state, std::string reason);
    void on_time(std::uint64_t now_ns);
    ChildPtr find(const std::string& name) const;
    std::vector<ChildPtr> all() const;

    const SupervisorOptions options_;
    telemetry::Logger& log_;
    mutable std::mutex mutex_;  // of what children() reads
    std::vector<ChildPtr> children_;
    exec::Loop loop_;
};

}  // namespace streamwall::runtime
