// Settings of every instance against its plugin's schema, and needs against what is provided.
#include "config/check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "config/check_network.hpp"
#include "config/check_secrets.hpp"
#include "config/nearest.hpp"

namespace streamwall::config {

namespace {

struct Checker {
    const Topology& topology;
    const ManifestLookup& manifests;
    Diagnostics& out;

    ResolvedInstance resolve(InstanceConfig config) {
        ResolvedInstance instance;
        const PluginFacts* facts = manifests.find(config.plugin);
        const auto severity = config.enabled ? Severity::kError : Severity::kWarning;
        if (facts == nullptr) {
            const std::vector<std::string> names = manifests.names();
            out.push_back({topology.file, config.plugin_position, config.path(),
                           Code::kUnknownPlugin,
                           fmt::format("no plugin is called '{}'", config.plugin),
                           nearest_word(config.plugin, names), severity});
        } else {
            instance.known = true;
            instance.schema = facts->settings;
        }
        Diagnostics found;
        instance.settings = normalise_settings(config.settings, instance.schema, topology.file,
                                               config.path(), found);
        for (Diagnostic& diagnostic : found) {
            diagnostic.severity = severity;
            add_reserved_hint(diagnostic);
            out.push_back(std::move(diagnostic));
        }
        instance.config = std::move(config);
        return instance;
    }

    // "enabeld" is no setting of the plugin, yet near a key of the kernel's.
    static void add_reserved_hint(Diagnostic& diagnostic) {
        if (diagnostic.code != Code::kUnknownKey || !diagnostic.hint.empty()) return;
        static const std::vector<std::string> kReserved = {
            "plugin", "enabled", "required", "isolation", "restart", "permissions", "sha256"};
        const std::string key = diagnostic.path.substr(diagnostic.path.rfind('.') + 1);
        if (std::ranges::count(diagnostic.path, '.') == 2)
            diagnostic.hint = nearest_word(key, kReserved);
    }

    void check_services(const std::vector<ResolvedNode>& nodes) {
        std::vector<std::string> provided;
        each_enabled(nodes,
                     [&](const ResolvedNode&, const ResolvedInstance&, const PluginFacts& facts) {
                         provided.insert(provided.end(), facts.provides_services.begin(),
                                         facts.provides_services.end());
                     });
        each_enabled(nodes, [&](const ResolvedNode&, const ResolvedInstance& instance,
                                const PluginFacts& facts) {
            for (const std::string& service : facts.needs_services) {
                if (std::ranges::find(provided, service) != provided.end()) continue;
                report(
                    instance, Code::kMissingService,
                    fmt::format("needs service '{}', which no enabled plugin of this file provides",
                                service),
                    provider_hint(service));
            }
        });
    }

    void check_interfaces(const std::vector<ResolvedNode>& nodes) {
        each_enabled(nodes, [&](const ResolvedNode& node, const ResolvedInstance& instance,
                                const PluginFacts& facts) {
            for (const std::string& interface : facts.needs_interfaces) {
                const bool is_near =
                    std::ranges::any_of(node.instances, [&](const ResolvedInstance& other) {
                        const PluginFacts* theirs = manifests.find(other.config.plugin);
                        return theirs != nullptr && other.config.enabled &&
                               other.config.isolation == instance.config.isolation &&
                               std::ranges::find(theirs->provides_interfaces, interface) !=
                                   theirs->provides_interfaces.end();
                    });
                if (is_near) continue;
                report(
                    instance, Code::kSeparatedInterface,
                    fmt::format("needs local interface '{}', which nothing in the same process of "
                                "node '{}' provides",
                                interface, node.identity.node),
                    "put its provider on the same node, with the same isolation");
            }
        });
    }

    // Limits of a process that nothing names would be silently without effect.
    void check_isolation(const std::vector<ResolvedNode>& nodes) {
        const Entry* limits = topology.kernel.find_entry("isolation");
        if (limits == nullptr) return;
        std::vector<std::string> names;
        for (const ResolvedNode& node : nodes) {
            for (const ResolvedInstance& instance : node.instances)
                names.push_back(instance.config.isolation);
        }
        for (const Entry& entry : limits->value.entries) {
            if (std::ranges::find(names, entry.key) != names.end()) continue;
            out.push_back({topology.file, entry.key_position, "kernel.isolation." + entry.key,
                           Code::kUnknownKey,
                           fmt::format("no plugin of a node has 'isolation: {}'", entry.key),
                           nearest_word(entry.key, names), Severity::kWarning});
        }
    }

  private:
    template <typename Visit>
    void each_enabled(const std::vector<ResolvedNode>& nodes, Visit visit) {
        for (const ResolvedNode& node : nodes) {
            for (const ResolvedInstance& instance : node.instances) {
                const PluginFacts* facts = manifests.find(instance.config.plugin);
                if (facts != nullptr && instance.config.enabled) visit(node, instance, *facts);
            }
        }
    }

    void report(const ResolvedInstance& instance, Code code, std::string message,
                std::string hint) {
        out.push_back({topology.file, instance.config.position, instance.config.path(), code,
                       std::move(message), std::move(hint)});
    }

    [[nodiscard]] std::string provider_hint(const std::string& service) const {
        std::vector<std::string> providers;
        for (const std::string& name : manifests.names()) {
            const PluginFacts* facts = manifests.find(name);
            if (facts == nullptr) continue;
            const auto& provided = facts->provides_services;
            if (std::ranges::find(provided, service) != provided.end()) providers.push_back(name);
        }
        if (providers.empty()) return "";
        return fmt::format("it is provided by: {}", fmt::join(providers, ", "));
    }
};

}  // namespace

const ResolvedInstance* ResolvedNode::find(std::string_view name) const {
    for (const ResolvedInstance& instance : instances) {
        if (instance.config.name == name) return &instance;
    }
    return nullptr;
}

ResolvedNode resolve(const Topology& topology, const NodeChoice& choice,
                     const ManifestLookup& manifests, const SubstitutionSources& sources,
                     Diagnostics& out) {
    NodeConfig node = resolve_node(topology, choice, sources, out);
    ResolvedNode resolved;
    resolved.identity = std::move(node.identity);
    resolved.kernel = std::move(node.kernel);
    resolved.secrets = std::move(node.secrets);
    Checker checker{topology, manifests, out};
    for (InstanceConfig& config : node.instances) {
        resolved.instances.push_back(checker.resolve(std::move(config)));
        const Settings& settings = resolved.instances.back().settings;
        resolved.secrets.insert(settings.secrets.begin(), settings.secrets.end());
    }
    check_secrets(topology, resolved, out);
    return resolved;
}

CheckResult check(const ParsedTopology& parsed, const ManifestLookup& manifests,
                  const SubstitutionSources& sources) {
    const Topology& topology = parsed.topology;
    CheckResult result;
    result.diagnostics = parsed.diagnostics;
    std::set<std::string> used;
    for (const NodeChoice& choice : all_choices(topology)) {
        result.nodes.push_back(resolve(topology, choice, manifests, sources, result.diagnostics));
        for (const InstanceReference& reference : choice.entry->instances)
            used.insert(reference.name);
    }
    Checker checker{topology, manifests, result.diagnostics};
    for (const Entry& entry : topology.plugins.entries) {
        if (used.contains(entry.key)) continue;
        std::set<std::string> secrets;
        const NodeChoice nowhere{nullptr, {"none", 1}};
        checker.resolve(resolve_instance(topology, nowhere, {entry.key, entry.key_position},
                                         sources, secrets, result.diagnostics));
    }
    checker.check_services(result.nodes);
    checker.check_interfaces(result.nodes);
    check_listeners(topology, result.nodes, manifests, result.diagnostics);
    check_transports(topology, result.nodes, manifests, result.diagnostics);
    checker.check_isolation(result.nodes);
    sort_and_deduplicate(result.diagnostics);
    return result;
}

}  // namespace streamwall::config
