#include "cli/node_parts.hpp"

#include "config/formats.hpp"
#include "config/nearest.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <algorithm>

namespace streamwall::cli {

namespace json = boost::json;

namespace {

// Each process of a node that asks for it has its own or its host's; never another node's.
constexpr std::string_view kNodeService = "journal";

void add_services(const config::ManifestLookup& plugins, const config::InstanceConfig& instance,
                  bool of_this_node, std::set<std::string>& services) {
    const auto* facts = instance.enabled ? plugins.find(instance.plugin) : nullptr;
    if (!facts) return;
    for (const auto& service : facts->provides_services) {
        if (of_this_node || service != kNodeService) services.insert(service);
    }
}

IsolatedPart& part_named(std::vector<IsolatedPart>& parts, const std::string& name) {
    const auto found = std::ranges::find(parts, name, &IsolatedPart::name);
    if (found != parts.end()) return *found;
    parts.emplace_back().name = name;
    return parts.back();
}

void read_limits(const json::object& limits, IsolatedPart& part) {
    if (const auto* memory = limits.if_contains("memory"); memory && memory->is_string()) {
        part.max_resident_bytes = config::parse_byte_size(memory->get_string()).value_or(0);
    }
    if (const auto* threads = limits.if_contains("threads"); threads && threads->is_int64()) {
        part.max_threads = static_cast<std::uint64_t>(threads->get_int64());
    }
}

void read_all_limits(NodePlan& plan) {
    const auto* kernel = plan.node.kernel.if_object();
    const auto* all = kernel ? kernel->if_contains("isolation") : nullptr;
    if (!all || !all->is_object()) return;
    for (const auto& [name, limits] : all->get_object()) {
        const auto part = std::ranges::find(plan.parts, name, &IsolatedPart::name);
        if (part != plan.parts.end() && limits.is_object()) read_limits(limits.get_object(), *part);
    }
}

}  // namespace

void note_other_nodes(const config::Topology& topology, const config::NodeChoice& choice,
                      const config::ManifestLookup& plugins,
                      const config::SubstitutionSources& sources, NodePlan& plan) {
    for (const auto& other : config::all_choices(topology)) {
        if (other.identity.node == choice.identity.node) continue;
        plan.other_nodes.insert(other.identity.node);
        config::Diagnostics reported_there;
        const auto node = config::resolve_node(topology, other, sources, reported_there);
        for (const auto& instance : node.instances)
            add_services(plugins, instance, false, plan.services_elsewhere);
    }
}

void keep_own_part(const config::ManifestLookup& plugins, NodePlan& plan) {
    std::set<std::string> needed;
    std::map<std::string, std::set<std::string>> provided;
    std::vector<std::string> names;
    for (const auto& instance : plan.node.instances) {
        const auto& config = instance.config;
        if (!config.isolation.empty()) names.push_back(config.isolation);
        const auto* facts = plugins.find(config.plugin);
        if (config.isolation.empty() && facts && config.enabled) {
            needed.insert(facts->needs_services.begin(), facts->needs_services.end());
        }
        if (config.isolation == plan.isolation) continue;
        add_services(plugins, config, true, plan.services_elsewhere);
        if (config.isolation.empty() || !plan.isolation.empty()) continue;
        auto& part = part_named(plan.parts, config.isolation);
        if (config.enabled) part.instances.push_back(config);
        part.required = part.required || (config.required && config.enabled);
        add_services(plugins, config, true, provided[config.isolation]);
    }
    for (auto& part : plan.parts) {
        part.serves_host = std::ranges::any_of(
            provided[part.name], [&](const auto& service) { return needed.contains(service); });
    }
    read_all_limits(plan);
    if (!plan.isolation.empty() && std::ranges::find(names, plan.isolation) == names.end()) {
        plan.diagnostics.push_back({"command line",
                                    {},
                                    "--isolation",
                                    config::Code::kUnknownNode,
                                    fmt::format("node '{}' isolates nothing under the name '{}'",
                                                plan.node.identity.node, plan.isolation),
                                    config::nearest_word(plan.isolation, names)});
    }
    std::erase_if(plan.node.instances, [&](const config::ResolvedInstance& instance) {
        return instance.config.isolation != plan.isolation;
    });
}

}  // namespace streamwall::cli
