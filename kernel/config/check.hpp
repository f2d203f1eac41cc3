// The whole system against the plugins that exist: `streamwall check`, and the last step of a
// start.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/schema.hpp"
#include "config/settings.hpp"
#include "config/source.hpp"
#include "config/topology.hpp"

namespace streamwall::config {

// What a plugin's manifest says that concerns configuration.
struct PluginFacts {
    Schema settings;
    std::vector<std::string> provides_services;    // "catalog.streams"
    std::vector<std::string> needs_services;       // without which it cannot run
    std::vector<std::string> provides_interfaces;  // local ones: "streamwall.http/1"
    std::vector<std::string> needs_interfaces;
};

class ManifestLookup {
  public:
    virtual ~ManifestLookup() = default;
    // nullptr if no such plugin is installed. The result lives as long as the lookup.
    [[nodiscard]] virtual const PluginFacts* find(std::string_view plugin) const = 0;
    [[nodiscard]] virtual std::vector<std::string> names() const = 0;
};

struct ResolvedInstance {
    InstanceConfig config;
    Settings settings;  // what the plugin gets
    Schema schema;
    bool known = false;  // its plugin was found
};

struct ResolvedNode {
    NodeIdentity identity;
    std::vector<ResolvedInstance> instances;
    boost::json::value kernel;
    std::set<std::string> secrets;  // every secret value, for redaction

    [[nodiscard]] const ResolvedInstance* find(std::string_view name) const;
};

// One process's part: merged, substituted, converted, with defaults, checked.
ResolvedNode resolve(const Topology& topology, const NodeChoice& choice,
                     const ManifestLookup& manifests, const SubstitutionSources& sources,
                     Diagnostics& out);

struct CheckResult {
    std::vector<ResolvedNode> nodes;  // every replica
    Diagnostics diagnostics;          // sorted, those of parsing included
};

// Everything at once: all nodes, also instances that no node runs, and the needs between plugins.
CheckResult check(const ParsedTopology& parsed, const ManifestLookup& manifests,
                  const SubstitutionSources& sources);

}  // namespace streamwall::config
