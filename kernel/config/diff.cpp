// Compares two resolved nodes, instance by instance.
#include "config/diff.hpp"

#include <algorithm>
#include <boost/json/object.hpp>
#include <map>

namespace streamwall::config {

namespace json = boost::json;

namespace {

struct Comparison {
    std::vector<std::string> changed;
    bool all_live = true;

    void add(std::string path, bool live) {
        changed.push_back(std::move(path));
        all_live = all_live && live;
    }

    // `live` is what the surrounding schema says, for settings that say nothing themselves.
    void compare(const json::value& before, const json::value& after, const SchemaNode* schema,
                 const std::string& path, bool live) {
        if (schema != nullptr && schema->reload != Reload::kInherit) {
            live = schema->reload == Reload::kLive;
        }
        if (before == after) return;
        if (!before.is_object() || !after.is_object()) return add(path, live);
        const auto member = [&](std::string_view key) -> const SchemaNode* {
            if (schema == nullptr) return nullptr;
            const SchemaNode* found = schema->find_property(key);
            return found != nullptr ? found : schema->additional.get();
        };
        for (const auto& [key, value] : before.get_object()) {
            const json::value* other = after.get_object().if_contains(key);
            compare(value, other == nullptr ? json::value() : *other, member(key),
                    join_path(path, key), live);
        }
        for (const auto& [key, value] : after.get_object()) {
            if (before.get_object().contains(key)) continue;
            compare(json::value(), value, member(key), join_path(path, key), live);
        }
    }
};

void compare_reserved(const InstanceConfig& before, const InstanceConfig& after,
                      Comparison& result) {
    const auto check = [&](bool same, const char* key) {
        if (!same) result.add(key, false);
    };
    check(before.plugin == after.plugin, "plugin");
    check(before.enabled == after.enabled, "enabled");
    check(before.isolation == after.isolation, "isolation");
    check(before.permissions == after.permissions, "permissions");
    check(before.sha256 == after.sha256, "sha256");
    // These two guide the kernel only; the instance itself need not notice.
    if (before.required != after.required) result.add("required", true);
    if (before.restart != after.restart) result.add("restart", true);
}

}  // namespace

InstancePlan plan_instance(const ResolvedInstance& before, const ResolvedInstance& after) {
    Comparison comparison;
    compare_reserved(before.config, after.config, comparison);
    comparison.compare(before.settings.value, after.settings.value, &after.schema.root(), "",
                       false);
    InstancePlan plan{after.config.name, Action::kUnchanged, std::move(comparison.changed)};
    std::ranges::sort(plan.changed);
    if (!plan.changed.empty()) plan.action = comparison.all_live ? Action::kLive : Action::kRestart;
    return plan;
}

std::string_view to_string(Action action) {
    switch (action) {
        case Action::kUnchanged:
            return "unchanged";
        case Action::kLive:
            return "live";
        case Action::kRestart:
            return "restart";
        case Action::kAdd:
            return "add";
        case Action::kRemove:
            return "remove";
    }
    return "";
}

std::vector<InstancePlan> plan_reload(const ResolvedNode& running, const ResolvedNode& wanted) {
    std::map<std::string, InstancePlan> plans;
    for (const ResolvedInstance& before : running.instances) {
        const std::string& name = before.config.name;
        const ResolvedInstance* after = wanted.find(name);
        plans[name] = after == nullptr ? InstancePlan{name, Action::kRemove, {}}
                                       : plan_instance(before, *after);
    }
    for (const ResolvedInstance& after : wanted.instances) {
        const std::string& name = after.config.name;
        plans.try_emplace(name, InstancePlan{name, Action::kAdd, {}});
    }
    std::vector<InstancePlan> result;
    for (auto& [name, plan] : plans)
        result.push_back(std::move(plan));
    return result;
}

}  // namespace streamwall::config
