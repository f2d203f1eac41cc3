// The document as a system: which nodes there are, and which plugin instances each runs.
//
//   nodes:    <node>: {plugins: [instance…], settings: {instance: {…}}, replicas: N}
//   plugins:  <instance>: {plugin, enabled, required, isolation, restart, permissions, sha256, …}
//   kernel:   settings of the host itself (kernel_schema)
//   version:  1
//
// Reading takes two steps: parse_topology() looks at the structure only; resolve_node() merges a
// node's overrides, substitutes ${…} and reads the reserved keys. Plugins' own settings are checked
// in check.hpp, where their manifests are known.
#pragma once

#include <boost/json/value.hpp>

#include <cstddef>
#include <expected>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "config/schema.hpp"
#include "config/source.hpp"
#include "config/substitute.hpp"
#include "config/yaml_tree.hpp"

namespace streamwall::config {

struct InstanceReference {
    std::string name;
    Position position;
};

struct NodeEntry {
    std::string name;
    Position position;
    int replicas = 1;
    std::vector<InstanceReference>
        instances;   // in the order of the file; says nothing about starts
    Node overrides;  // nodes.<name>.settings
};

struct Topology {
    std::string file;
    std::vector<NodeEntry> nodes;
    Node plugins;  // mapping of instances, as written
    Node kernel;   // mapping, as written

    [[nodiscard]] const NodeEntry* find_node(std::string_view name) const;
};

struct ParsedTopology {
    Topology topology;  // what could be read, also when there are errors
    Diagnostics diagnostics;
};

ParsedTopology parse_topology(std::string_view text, std::string file);

// Which node a process runs. `name` is "ingest", or "ingest-2" for the second of several replicas.
struct NodeChoice {
    const NodeEntry* entry = nullptr;
    NodeIdentity identity;
};

// Without a wish the only node is chosen. The topology must outlive the choice.
std::expected<NodeChoice, Diagnostic> select_node(const Topology& topology,
                                                  const std::optional<std::string>& wanted);

// Every process of the system: one choice for each replica of each node.
std::vector<NodeChoice> all_choices(const Topology& topology);

enum class RestartPolicy { kAlways, kOnFailure, kNever };
std::string_view to_string(RestartPolicy policy);

struct InstanceConfig {
    std::string name;
    std::string plugin;  // the .so; the instance's name unless `plugin:` says otherwise
    bool enabled = true;
    bool required = false;
    std::string isolation;  // name of the child process, empty for the host's own
    RestartPolicy restart = RestartPolicy::kOnFailure;
    std::optional<std::vector<std::string>>
        permissions;           // nullopt: what the host grants by default
    std::string sha256;        // lower-case hex, empty if not pinned
    Node settings;             // without the reserved keys, substituted
    Position position;         // of the instance's key, or of its name in the node's list
    Position plugin_position;  // of what names the plugin

    [[nodiscard]] std::string path() const { return "plugins." + name; }
};

struct NodeConfig {
    NodeIdentity identity;
    std::vector<InstanceConfig> instances;
    boost::json::value kernel;      // normalised
    std::set<std::string> secrets;  // contents of ${file:…}
};

NodeConfig resolve_node(const Topology& topology, const NodeChoice& choice,
                        const SubstitutionSources& sources, Diagnostics& out);

// One instance as `choice` sees it; resolve_node for those that no node runs.
InstanceConfig resolve_instance(const Topology& topology, const NodeChoice& choice,
                                const InstanceReference& reference,
                                const SubstitutionSources& sources, std::set<std::string>& secrets,
                                Diagnostics& out);

// data_dir, production, plugin_path, start_timeout, stop_timeout, mesh: {prefix},
// isolation: {<name>: {memory, threads}}, log: {level, format, plugins}.
const Schema& kernel_schema();

bool is_kebab_case(std::string_view name);

}  // namespace streamwall::config
