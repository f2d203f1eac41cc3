// From a file name to the configuration of one node, with everything that is wrong with it.
#pragma once

#include "cli/session.hpp"
#include "config/check.hpp"
#include "telemetry/log.hpp"

#include <chrono>

namespace streamwall::cli {

// Installed plugins as the configuration sees them. Refused ones have no facts.
class InstalledPlugins final : public config::ManifestLookup {
  public:
    explicit InstalledPlugins(const modules::ModuleStore& modules);
    [[nodiscard]] const config::PluginFacts* find(std::string_view plugin) const override;
    [[nodiscard]] std::vector<std::string> names() const override;

  private:
    std::map<std::string, config::PluginFacts, std::less<>> facts_;
};

struct ConfigFile {
    std::string path;
    config::ParsedTopology parsed;
};

// `wish` empty: config/monolith.yaml. The error is a sentence.
std::expected<ConfigFile, std::string> read_config(const std::string& wish);

// Instances of a node that run in a process of their own.
struct IsolatedPart {
    std::string name;
    std::vector<config::InstanceConfig> instances;  // enabled ones
    bool required = false;                          // one of them is
    bool serves_host = false;                       // the host's instances need a service of theirs
    std::uint64_t max_resident_bytes = 0;           // 0: no limit, as below
    std::uint64_t max_threads = 0;
};

// Everything that `run` needs to know of its node.
struct NodePlan {
    config::ResolvedNode node;
    std::string isolation;            // name of the part that this process runs; empty: the host
    std::vector<IsolatedPart> parts;  // that the host supervises
    std::set<std::string> services_elsewhere;  // of other processes of the system
    std::set<std::string> other_nodes;         // of the system
    std::set<std::string> singletons;          // instances of which one in the system runs
    std::string mesh_prefix = "streamwall";
    std::filesystem::path data;  // absolute
    telemetry::LogOptions log;
    std::map<std::string, telemetry::Level> instance_levels;
    std::chrono::milliseconds start_timeout{30'000};
    std::chrono::milliseconds stop_timeout{5'000};
    std::chrono::milliseconds compute_limit{200};  // of a task in an isolated process
    config::Diagnostics diagnostics;  // with errors nothing else here is to be relied upon
};

// `node` empty: the only one. What the file says wins over the environment, which it can name.
// Where several nodes would have one data folder, each has a folder of its own in it. A plugin that
// is installed but refused is a warning here: its instance fails at start, which `required` decides
// about.
NodePlan plan_node(Session& session, const ConfigFile& file, const std::string& node);
// One process of the node: with the instances of its host (`isolation` empty) or of one isolated
// part, whose data folder lies in the node's.
NodePlan plan_process(Session& session, const ConfigFile& file, const std::string& node,
                      const std::string& isolation);

// The whole system, as `check` wants it: a refused plugin is an error that says why.
// `connect`: servers that settings name are asked too, which takes up to 2 s for each that is
// silent.
config::Diagnostics check_system(Session& session, const ConfigFile& file, bool connect = false);

}  // namespace streamwall::cli
