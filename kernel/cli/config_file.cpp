#include "cli/config_file.hpp"

#include "cli/node_parts.hpp"
#include "cli/reach.hpp"
#include "config/check_network.hpp"
#include "config/formats.hpp"
#include "config/substitute.hpp"
#include "runtime/stand_ins.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <algorithm>
#include <fstream>
#include <sstream>

namespace streamwall::cli {

namespace fs = std::filesystem;
namespace json = boost::json;
using config::Diagnostic;
using config::Severity;

namespace {

constexpr std::string_view kDefaultFile = "config/monolith.yaml";

config::PluginFacts facts_of(const modules::Manifest& manifest) {
    config::PluginFacts facts;
    facts.settings = manifest.settings_schema;
    facts.provides_services = manifest.provides;
    facts.provides_interfaces = manifest.interfaces;
    for (const auto& need : manifest.needs) {
        if (need.optional) continue;
        (need.interface ? facts.needs_interfaces : facts.needs_services).push_back(need.name);
    }
    return facts;
}

// ${data} is the node's data folder, and otherwise the environment is as it is.
config::SubstitutionSources sources_for(const Session& session, std::string data) {
    auto sources = config::system_sources();
    sources.environment = [variable = session.environment.variable,
                           data = std::move(data)](std::string_view name) {
        return name == "data" ? std::optional(data) : variable(name);
    };
    return sources;
}

const json::value* look(const json::value& in, std::initializer_list<std::string_view> path) {
    const json::value* at = &in;
    for (const auto name : path) {
        const auto* object = at->if_object();
        at = object ? object->if_contains(name) : nullptr;
        if (!at) return nullptr;
    }
    return at;
}

std::string text_at(const json::value& in, std::initializer_list<std::string_view> path,
                    std::string_view otherwise) {
    const auto* found = look(in, path);
    return std::string(found && found->is_string() ? std::string_view(found->get_string())
                                                   : otherwise);
}

std::vector<std::string> plugin_path(const json::value& kernel) {
    std::vector<std::string> folders;
    if (const auto* list = look(kernel, {"plugin_path"}); list && list->is_array()) {
        for (const auto& folder : list->get_array()) {
            if (folder.is_string()) folders.emplace_back(folder.get_string());
        }
    }
    return folders;
}

// The kernel's own settings must be known before plugins are looked for and ${data} has a meaning.
json::value kernel_settings(const Session& session, const config::Topology& topology,
                            const config::NodeChoice& choice) {
    config::NodeEntry without_plugins = *choice.entry;
    without_plugins.instances.clear();
    const auto data = session.variable_or("STREAMWALL_DATA_DIR", "./var");
    config::Diagnostics reported_later;
    return config::resolve_node(topology, {&without_plugins, choice.identity},
                                sources_for(session, data), reported_later)
        .kernel;
}

fs::path data_of(const Session& session, const json::value& kernel) {
    return data_folder(session, text_at(kernel, {"data_dir"}, ""));
}

// The folder that this node has to itself.
fs::path node_data(const Session& session, const config::Topology& topology,
                   const config::NodeChoice& choice) {
    const auto data = data_of(session, kernel_settings(session, topology, choice));
    const auto shares = [&](const config::NodeChoice& other) {
        return other.identity.node != choice.identity.node &&
               data_of(session, kernel_settings(session, topology, other)) == data;
    };
    return std::ranges::any_of(config::all_choices(topology), shares) ? data / choice.identity.node
                                                                      : data;
}

bool is_about_needs(const Diagnostic& diagnostic) {
    return diagnostic.code == config::Code::kMissingService ||
           diagnostic.code == config::Code::kSeparatedInterface;
}

// Says why an installed plugin is of no use, instead of that there is none. True if any was.
bool explain_refused(const modules::ModuleStore& modules, Severity severity,
                     const std::map<std::string, std::string>& plugin_of_path,
                     config::Diagnostics& diagnostics) {
    bool any = false;
    for (auto& diagnostic : diagnostics) {
        const auto plugin = plugin_of_path.find(diagnostic.path);
        if (diagnostic.code != config::Code::kUnknownPlugin || plugin == plugin_of_path.end()) {
            continue;
        }
        const auto* found = modules.find(plugin->second);
        if (!found) continue;
        any = true;
        diagnostic.message =
            fmt::format("{} is refused: {}", found->file.string(), found->failure.message);
        diagnostic.hint.clear();
        if (diagnostic.severity == Severity::kError) diagnostic.severity = severity;
    }
    return any;
}

void add_paths(const config::ResolvedNode& node, std::map<std::string, std::string>& paths) {
    for (const auto& instance : node.instances) {
        paths[instance.config.path()] = instance.config.plugin;
    }
}

// Whether others provide what this node's instances need can be told from the whole system only.
void add_unmet_needs(const ConfigFile& file, const config::ManifestLookup& plugins,
                     const config::SubstitutionSources& sources, bool as_warnings, NodePlan& plan) {
    for (auto& diagnostic : config::check(file.parsed, plugins, sources).diagnostics) {
        const bool ours = std::ranges::any_of(plan.node.instances, [&](const auto& instance) {
            return instance.config.path() == diagnostic.path;
        });
        if (!ours || !is_about_needs(diagnostic)) continue;
        if (as_warnings) diagnostic.severity = Severity::kWarning;
        plan.diagnostics.push_back(std::move(diagnostic));
    }
}

std::chrono::milliseconds duration_at(const json::value& kernel,
                                      std::initializer_list<std::string_view> path,
                                      std::chrono::milliseconds otherwise) {
    const auto parsed = config::parse_duration(text_at(kernel, path, ""));
    return parsed ? std::chrono::ceil<std::chrono::milliseconds>(*parsed) : otherwise;
}

void read_log_settings(const Session& session, NodePlan& plan) {
    const auto& kernel = plan.node.kernel;
    const auto refuse = [&](std::string message) {
        plan.diagnostics.push_back({"environment",
                                    {},
                                    "",
                                    config::Code::kNotAllowed,
                                    std::move(message),
                                    "",
                                    Severity::kError});
    };
    const auto level =
        text_at(kernel, {"log", "level"}, session.variable_or("STREAMWALL_LOG", "info"));
    if (const auto parsed = telemetry::parse_level(level)) {
        plan.log.level = *parsed;
    } else {
        refuse(
            fmt::format("STREAMWALL_LOG: '{}' is no level; use trace, debug, info, warn, error "
                        "or off",
                        level));
    }
    const auto format =
        text_at(kernel, {"log", "format"}, session.variable_or("STREAMWALL_LOG_FORMAT", "auto"));
    if (const auto parsed = telemetry::parse_log_format(format)) {
        plan.log.format = *parsed;
    } else {
        refuse(fmt::format("STREAMWALL_LOG_FORMAT: '{}' is no format; use auto, text or json",
                           format));
    }
    const auto* single = look(kernel, {"log", "plugins"});
    if (!single || !single->is_object()) return;
    for (const auto& [name, value] : single->get_object()) {
        if (!value.is_string()) continue;
        if (const auto parsed = telemetry::parse_level(value.get_string())) {
            plan.instance_levels[std::string(name)] = *parsed;
        }
    }
}

// Those that other nodes run under the same name, too.
void note_singletons(const config::Topology& topology, const config::NodeChoice& choice,
                     const modules::ModuleStore& modules,
                     const config::SubstitutionSources& sources, NodePlan& plan) {
    std::set<std::string> elsewhere;
    for (const auto& other : config::all_choices(topology)) {
        const auto& identity = other.identity;
        if (identity.node == choice.identity.node) continue;
        config::Diagnostics reported_there;
        for (const auto& instance :
             config::resolve_node(topology, other, sources, reported_there).instances) {
            if (instance.enabled) elsewhere.insert(instance.name);
        }
    }
    for (const auto& instance : plan.node.instances) {
        const auto* found = modules.find(instance.config.plugin);
        const bool is_singleton = found && found->manifest && found->manifest->singleton;
        if (is_singleton && elsewhere.contains(instance.config.name)) {
            plan.singletons.insert(instance.config.name);
        }
    }
}

// Without a `part` the whole node.
NodePlan make_plan(Session& session, const ConfigFile& file, const std::string& node,
                   const std::optional<std::string>& part) {
    NodePlan plan;
    plan.diagnostics = file.parsed.diagnostics;
    const auto& topology = file.parsed.topology;
    const auto choice =
        config::select_node(topology, node.empty() ? std::nullopt : std::optional(node));
    if (!choice) {
        // A file without nodes has been told so already, with its place.
        if (!config::has_errors(plan.diagnostics)) plan.diagnostics.push_back(choice.error());
        return plan;
    }
    const auto kernel = kernel_settings(session, topology, *choice);
    plan.isolation = part.value_or("");
    plan.data = node_data(session, topology, *choice);
    if (!plan.isolation.empty()) plan.data = plan.data / "isolated" / plan.isolation;
    const auto& modules = session.modules(plugin_path(kernel));
    const InstalledPlugins plugins(modules);
    const auto sources = sources_for(session, plan.data.string());
    plan.node = config::resolve(topology, *choice, plugins, sources, plan.diagnostics);
    std::map<std::string, std::string> paths;
    add_paths(plan.node, paths);
    const bool refused = explain_refused(modules, Severity::kWarning, paths, plan.diagnostics);
    add_unmet_needs(file, plugins, sources, refused, plan);
    for (auto& instance : plan.node.instances) {
        config::fill_in_data_folder(instance.settings.value, plan.data.string());
    }
    plan.mesh_prefix = text_at(kernel, {"mesh", "prefix"}, plan.mesh_prefix);
    note_other_nodes(topology, *choice, plugins, sources, plan);
    note_singletons(topology, *choice, modules, sources, plan);
    if (part) {
        keep_own_part(plugins, plan);
        runtime::add_stand_ins(plan.node.instances, modules, plan.services_elsewhere,
                               plan.data.string());
    }
    plan.start_timeout = duration_at(kernel, {"start_timeout"}, plan.start_timeout);
    plan.stop_timeout = duration_at(kernel, {"stop_timeout"}, plan.stop_timeout);
    plan.compute_limit =
        duration_at(kernel, {"isolation", plan.isolation, "compute"}, plan.compute_limit);
    read_log_settings(session, plan);
    config::sort_and_deduplicate(plan.diagnostics);
    return plan;
}

// One finding a setting and server, however many nodes use it.
void add_unreachable(const ConfigFile& file, config::CheckResult& result) {
    std::map<std::string, std::optional<std::string>> asked;
    for (const auto& endpoint : config::find_endpoints(result.nodes)) {
        const auto report = [&](std::string message, std::string hint) {
            result.diagnostics.push_back({file.path, endpoint.position, endpoint.setting,
                                          config::Code::kUnreachable, std::move(message),
                                          std::move(hint)});
        };
        if (endpoint.host.empty()) {
            report(fmt::format("'{}' names no host and port", endpoint.text), "");
            continue;
        }
        const auto [known, is_new] = asked.try_emplace(endpoint.setting + " " + endpoint.text);
        if (!is_new) continue;
        known->second = why_unreachable(endpoint.host, endpoint.port, std::chrono::seconds(2));
        if (known->second) {
            report(fmt::format("{} cannot be reached: {}", endpoint.text, *known->second),
                   "start it, or correct the address");
        }
    }
    config::sort_and_deduplicate(result.diagnostics);
}

}  // namespace

InstalledPlugins::InstalledPlugins(const modules::ModuleStore& modules) {
    for (const auto& inspection : modules.found()) {
        if (inspection.manifest) {
            facts_.emplace(inspection.manifest->name, facts_of(*inspection.manifest));
        }
    }
}

const config::PluginFacts* InstalledPlugins::find(std::string_view plugin) const {
    const auto found = facts_.find(plugin);
    return found == facts_.end() ? nullptr : &found->second;
}

std::vector<std::string> InstalledPlugins::names() const {
    std::vector<std::string> names;
    for (const auto& [name, facts] : facts_)
        names.push_back(name);
    return names;
}

std::expected<ConfigFile, std::string> read_config(const std::string& wish) {
    const std::string path = wish.empty() ? std::string(kDefaultFile) : wish;
    std::error_code failed;
    if (wish.empty() && !fs::exists(path, failed)) {
        return std::unexpected(
            fmt::format("there is no {} here; say which file with -c FILE", kDefaultFile));
    }
    if (fs::is_directory(path, failed)) {
        return std::unexpected(fmt::format("{} is a folder; say which file with -c FILE", path));
    }
    std::ifstream stream(path, std::ios::binary);
    std::stringstream text;
    text << stream.rdbuf();
    if (!stream) {
        return std::unexpected(fmt::format("{} cannot be read: {}", path, std::strerror(errno)));
    }
    return ConfigFile{path, config::parse_topology(text.str(), path)};
}

NodePlan plan_node(Session& session, const ConfigFile& file, const std::string& node) {
    return make_plan(session, file, node, std::nullopt);
}

NodePlan plan_process(Session& session, const ConfigFile& file, const std::string& node,
                      const std::string& isolation) {
    return make_plan(session, file, node, isolation);
}

config::Diagnostics check_system(Session& session, const ConfigFile& file, bool connect) {
    const auto choices = config::all_choices(file.parsed.topology);
    if (choices.empty()) return file.parsed.diagnostics;
    const auto kernel = kernel_settings(session, file.parsed.topology, choices.front());
    const auto& modules = session.modules(plugin_path(kernel));
    auto result = config::check(file.parsed, InstalledPlugins(modules),
                                sources_for(session, data_of(session, kernel).string()));
    std::map<std::string, std::string> paths;
    for (const auto& node : result.nodes)
        add_paths(node, paths);
    explain_refused(modules, Severity::kError, paths, result.diagnostics);
    if (connect) add_unreachable(file, result);
    return result.diagnostics;
}

}  // namespace streamwall::cli
