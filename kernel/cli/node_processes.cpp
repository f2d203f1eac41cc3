#include "cli/node_processes.hpp"

#include "runtime/documents.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <boost/json.hpp>

#include <algorithm>

namespace streamwall::cli {

using runtime::ChildState;

NodeProcesses::NodeProcesses(const NodePlan& plan, const std::string& file, telemetry::Logger& log,
                             std::optional<runtime::Parent> parent)
    : plan_(plan), file_(file), parent_(std::move(parent)) {
    if (plan.parts.empty()) return;
    runtime::SupervisorOptions options;
    options.changed = [this](const runtime::ChildStatus&) { inform_parent(); };
    children_ = std::make_unique<runtime::Children>(
        std::move(options), log,
        [this](const std::string& part, const boost::json::array& instances) {
            std::lock_guard lock(told_mutex_);
            auto& told = told_[part];
            told.clear();
            for (const auto& instance : instances) {
                if (instance.is_object()) {
                    told.push_back(runtime::read_status(instance.get_object()));
                }
            }
        });
}

NodeProcesses::~NodeProcesses() = default;

std::vector<runtime::HostTransport> NodeProcesses::transports() const {
    std::vector<runtime::HostTransport> out;
    if (children_) {
        out.push_back({"isolated", children_->broker(), transport::Role::children});
    }
    if (parent_ && plan_.isolation.empty()) {
        out.push_back({"local", parent_->transport(), transport::Role::outside});
    } else if (parent_) {
        out.push_back({"host", parent_->transport(), transport::Role::host});
    }
    return out;
}

// ---- parts ----

void NodeProcesses::start_parts() {
    for (const auto& part : plan_.parts) {
        // Its plugins have their own deadlines, one after the other.
        children_->start({.name = part.name,
                          .arguments = {"run", "-c", file_, "--node", plan_.node.identity.node,
                                        "--isolation", part.name},
                          .max_resident_bytes = part.max_resident_bytes,
                          .max_threads = part.max_threads,
                          .stop_timeout = 2 * plan_.stop_timeout});
    }
}

Failure NodeProcesses::wait_for_parts() {
    if (!children_) return {};
    for (const auto& status : children_->wait_for_first_starts(plan_.start_timeout)) {
        const auto part = std::ranges::find(plan_.parts, status.name, &IsolatedPart::name);
        const bool runs = status.state == ChildState::ready || status.state == ChildState::degraded;
        if (!part->required || runs) continue;
        return Failure::unavailable(
            fmt::format("isolated part '{}', which has required plugins, is {}{}{}", status.name,
                        to_string(status.state), status.reason.empty() ? "" : ": ", status.reason));
    }
    return {};
}

void NodeProcesses::stop_waiting() {
    if (children_) children_->stop_waiting();
}

void NodeProcesses::stop_parts(bool serving_host) {
    std::vector<std::string> names;
    for (const auto& part : plan_.parts) {
        if (part.serves_host == serving_host) names.push_back(part.name);
    }
    if (children_) children_->stop_together(names);
}

void NodeProcesses::stop_parts_before_host() {
    stop_parts(false);
}

void NodeProcesses::stop_parts_after_host() {
    stop_parts(true);
}

// ---- how the node is ----

std::vector<std::string> NodeProcesses::troubles(const runtime::Node& node) const {
    std::vector<std::string> out;
    for (const auto& instance : node.instances()) {
        if (instance.state == "disabled") continue;
        const bool runs = instance.state == "running";
        if (runs && instance.health == "ok") continue;
        const auto& state = runs ? instance.health : instance.state;
        const auto& reason = runs ? instance.health_reason : instance.reason;
        out.push_back(
            fmt::format("{} is {}{}{}", instance.name, state, reason.empty() ? "" : ": ", reason));
    }
    if (!children_) return out;
    for (const auto& child : children_->statuses()) {
        if (child.state == ChildState::ready) continue;
        out.push_back(child.state == ChildState::degraded
                          ? child.reason
                          : fmt::format("isolated part {} is {}{}{}", child.name,
                                        to_string(child.state), child.reason.empty() ? "" : ": ",
                                        child.reason));
    }
    return out;
}

std::vector<runtime::InstanceStatus> NodeProcesses::isolated() const {
    std::vector<runtime::InstanceStatus> out;
    if (!children_) return out;
    for (const auto& child : children_->statuses()) {
        const bool runs = child.state == ChildState::ready || child.state == ChildState::degraded;
        if (runs) {
            std::lock_guard lock(told_mutex_);
            const auto told = told_.find(child.name);
            if (told != told_.end()) std::ranges::copy(told->second, std::back_inserter(out));
            continue;
        }
        const auto part = std::ranges::find(plan_.parts, child.name, &IsolatedPart::name);
        for (const auto& instance : part->instances) {
            auto& status = out.emplace_back();
            status.name = instance.name;
            status.plugin = instance.plugin;
            status.required = instance.required;
            status.state = child.state == ChildState::starting ? "starting" : "failed";
            status.reason = child.reason;
            status.health = "down";
        }
    }
    return out;
}

void NodeProcesses::keep_parent_informed(runtime::Node& node) {
    if (!parent_) return;
    {
        std::lock_guard lock(mutex_);
        node_ = &node;
    }
    node.tap("plugin.state_changed", [this](const std::string& /*envelope*/) { inform_parent(); });
    inform_parent();
}

void NodeProcesses::inform_parent() {
    std::lock_guard lock(mutex_);
    if (node_ == nullptr) return;
    const auto found = troubles(*node_);
    const auto& name = plan_.isolation.empty() ? plan_.node.identity.node : plan_.isolation;
    boost::json::array instances;
    for (const auto& instance : node_->instances())
        instances.push_back(runtime::describe(instance));
    parent_->tell(name, found.empty() ? ChildState::ready : ChildState::degraded,
                  fmt::format("{}", fmt::join(found, "; ")), instances);
}

}  // namespace streamwall::cli
