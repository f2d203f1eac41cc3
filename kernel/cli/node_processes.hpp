// NodeProcesses: the processes around a node's own: the isolated parts that it supervises, and who
// supervises it.
#pragma once

#include "cli/config_file.hpp"
#include "runtime/node.hpp"
#include "runtime/supervisor/children.hpp"
#include "runtime/supervisor/parent.hpp"

#include <optional>

namespace streamwall::cli {

class NodeProcesses {
  public:
    // `file` is what the parts read their configuration from. All outlive it.
    NodeProcesses(const NodePlan& plan, const std::string& file, telemetry::Logger& log,
                  std::optional<runtime::Parent> parent);
    ~NodeProcesses();

    // For the node's mesh.
    std::vector<runtime::HostTransport> transports() const;

    void start_parts();
    // Until each part has started or failed, or stop_waiting(). An error where a required one does
    // not run.
    Failure wait_for_parts();
    void stop_waiting();  // [any]
    // The parts go before their host, but for those that it needs itself.
    void stop_parts_before_host();
    void stop_parts_after_host();

    // What of the node and its parts does not run as it should, for people; empty: nothing.
    std::vector<std::string> troubles(const runtime::Node& node) const;
    // The instances of its parts, as these said last; those of a part that does not run have
    // failed.
    std::vector<runtime::InstanceStatus> isolated() const;  // [any]
    // From now on the parent, if there is one, knows how the node is; until the end of `node`.
    void keep_parent_informed(runtime::Node& node);

  private:
    void inform_parent();
    void stop_parts(bool serving_host);

    const NodePlan& plan_;
    const std::string file_;
    const std::optional<runtime::Parent> parent_;
    mutable std::mutex told_mutex_;
    std::map<std::string, std::vector<runtime::InstanceStatus>> told_;  // by part
    mutable std::mutex mutex_;
    runtime::Node* node_ = nullptr;                // whom the parent is told about
    std::unique_ptr<runtime::Children> children_;  // null where nothing is isolated
};

}  // namespace streamwall::cli
