// What a reload has to do: the running configuration of a node against a new one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/check.hpp"

namespace streamwall::config {

enum class Action { kUnchanged, kLive, kRestart, kAdd, kRemove };
std::string_view to_string(Action action);

struct InstancePlan {
    std::string name;
    Action action = Action::kUnchanged;
    std::vector<std::string> changed;  // "listen", "limits.rate", "enabled"; sorted; never values
};

// `kLive` only where every changed setting is marked x-reload: live in the new schema; a changed
// reserved key or another plugin restarts.
InstancePlan plan_instance(const ResolvedInstance& running, const ResolvedInstance& wanted);

// One plan for each instance of either side, by name.
std::vector<InstancePlan> plan_reload(const ResolvedNode& running, const ResolvedNode& wanted);

}  // namespace streamwall::config
