// Reads nodes and instances out of the parsed document.
#include "config/topology.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <map>
#include <utility>

#include "config/nearest.hpp"
#include "config/settings.hpp"
#include "config/topology_schemas.hpp"

namespace streamwall::config {

namespace json = boost::json;

namespace {

constexpr std::string_view kHostProcess = "host";
// Every process is resolved and checked on its own, so their number bounds the work of a check.
constexpr int kMaxProcesses = 256;

struct Reader {
    const Document& document;
    ParsedTopology& result;
    int processes = 0;

    void report(Position where, std::string path, Code code, std::string message,
                std::string hint = "", Severity severity = Severity::kError) {
        result.diagnostics.push_back({document.file, where, std::move(path), code,
                                      std::move(message), std::move(hint), severity});
    }

    void check_name(const std::string& name, Position where, const std::string& path) {
        if (is_kebab_case(name)) return;
        report(where, path, Code::kBadName, fmt::format("'{}' is not a kebab-case name", name),
               "use a-z, 0-9 and single hyphens, beginning with a letter");
    }

    void read() {
        const Node& root = document.root;
        Topology& topology = result.topology;
        topology.file = document.file;
        const auto take_mapping = [&](std::string_view key, Node& target) {
            const Node* found = root.find(key);
            target.kind = Node::Kind::kMapping;
            if (found != nullptr && found->is_mapping()) target = *found;
        };
        take_mapping("plugins", topology.plugins);
        take_mapping("kernel", topology.kernel);
        for (const Entry& entry : topology.plugins.entries) {
            check_name(entry.key, entry.key_position, join_path("plugins", entry.key));
        }
        const Entry* nodes = root.find_entry("nodes");
        if (nodes != nullptr && nodes->value.is_mapping()) {
            for (const Entry& entry : nodes->value.entries)
                read_node(entry);
        }
        const bool is_empty = nodes != nullptr &&
                              (nodes->value.is_mapping() ? topology.nodes.empty()
                                                         : nodes->value.kind == Node::Kind::kNull);
        if (is_empty) report(nodes->key_position, "nodes", Code::kNoNodes, "no node is named");
        check_unused();
    }

    void read_node(const Entry& entry) {
        const std::string path = join_path("nodes", entry.key);
        check_name(entry.key, entry.key_position, path);
        NodeEntry node;
        node.name = entry.key;
        node.position = entry.key_position;
        if (const Node* replicas = entry.value.find("replicas");
            replicas && replicas->is_scalar()) {
            const json::value count = scalar_to_json(*replicas);
            if (count.is_int64())
                node.replicas =
                    static_cast<int>(std::clamp<std::int64_t>(count.get_int64(), 1, 100));
        }
        if (const Node* list = entry.value.find("plugins"); list && list->is_sequence()) {
            read_instances(node, *list, join_path(path, "plugins"));
        }
        node.overrides.kind = Node::Kind::kMapping;
        if (const Node* settings = entry.value.find("settings");
            settings && settings->is_mapping()) {
            node.overrides = *settings;
            check_overrides(node, join_path(path, "settings"));
        }
        processes += node.replicas;
        if (processes > kMaxProcesses) {
            processes -= node.replicas;
            return report(entry.key_position, path, Code::kOutOfRange,
                          fmt::format("the system has more than {} processes", kMaxProcesses));
        }
        result.topology.nodes.push_back(std::move(node));
    }

    void read_instances(NodeEntry& node, const Node& list, const std::string& path) {
        std::map<std::string, Position> seen;
        for (std::size_t i = 0; i < list.items.size(); ++i) {
            const Node& item = list.items[i];
            if (!item.is_scalar()) continue;  // reported by the structure's schema
            const std::string item_path = join_path(path, i);
            check_name(item.text, item.position, item_path);
            const auto [first, is_new] = seen.emplace(item.text, item.position);
            if (is_new) {
                node.instances.push_back({item.text, item.position});
            } else {
                report(item.position, item_path, Code::kRepeatedInstance,
                       fmt::format("'{}' is listed twice, first on line {}", item.text,
                                   first->second.line),
                       "remove one of them");
            }
        }
    }

    void check_overrides(const NodeEntry& node, const std::string& path) {
        std::vector<std::string> names;
        for (const InstanceReference& instance : node.instances)
            names.push_back(instance.name);
        for (const Entry& entry : node.overrides.entries) {
            if (std::ranges::find(names, entry.key) != names.end()) continue;
            report(entry.key_position, join_path(path, entry.key), Code::kStrayOverride,
                   fmt::format("node '{}' does not run '{}'", node.name, entry.key),
                   nearest_word(entry.key, names));
        }
    }

    void check_unused() {
        std::set<std::string> used;
        for (const NodeEntry& node : result.topology.nodes) {
            for (const InstanceReference& instance : node.instances)
                used.insert(instance.name);
        }
        std::vector<std::string> unconfigured;
        for (const std::string& name : used) {
            if (result.topology.plugins.find(name) == nullptr) unconfigured.push_back(name);
        }
        for (const Entry& entry : result.topology.plugins.entries) {
            if (used.contains(entry.key)) continue;
            report(entry.key_position, join_path("plugins", entry.key), Code::kUnusedInstance,
                   fmt::format("no node runs '{}'", entry.key),
                   nearest_word(entry.key, unconfigured), Severity::kWarning);
        }
    }
};

// Mappings merge key by key; anything else is replaced. Positions come along.
void merge(Node& base, const Node& over) {
    if (!base.is_mapping() || !over.is_mapping()) {
        base = over;
        return;
    }
    for (const Entry& entry : over.entries) {
        const auto found = std::ranges::find(base.entries, entry.key, &Entry::key);
        if (found == base.entries.end()) {
            base.entries.push_back(entry);
        } else {
            found->key_position = entry.key_position;
            merge(found->value, entry.value);
        }
    }
}

RestartPolicy restart_policy(std::string_view word) {
    if (word == "always") return RestartPolicy::kAlways;
    return word == "never" ? RestartPolicy::kNever : RestartPolicy::kOnFailure;
}

std::string text_or(const json::object& object, std::string_view key, std::string_view otherwise) {
    const json::value* value = object.if_contains(key);
    return std::string(
        value != nullptr && value->is_string() ? std::string_view(value->get_string()) : otherwise);
}

bool flag_or(const json::object& object, std::string_view key, bool otherwise) {
    const json::value* value = object.if_contains(key);
    return value != nullptr && value->is_bool() ? value->get_bool() : otherwise;
}

// Takes the reserved keys out of `settings` and reads them.
void read_reserved(InstanceConfig& instance, Node& settings, const std::string& file,
                   Diagnostics& out) {
    Node reserved;
    reserved.kind = Node::Kind::kMapping;
    reserved.position = settings.position;
    std::erase_if(settings.entries, [&](Entry& entry) {
        if (reserved_schema().root().find_property(entry.key) == nullptr) return false;
        reserved.entries.push_back(std::move(entry));
        return true;
    });
    const Settings read =
        normalise_settings(reserved, reserved_schema(), file, instance.path(), out);
    const json::object& values = read.value.get_object();
    if (const Entry* plugin = reserved.find_entry("plugin")) {
        instance.plugin_position = plugin->value.position;
    }
    instance.plugin = text_or(values, "plugin", instance.name);
    instance.enabled = flag_or(values, "enabled", true);
    instance.required = flag_or(values, "required", false);
    instance.isolation = text_or(values, "isolation", kHostProcess);
    if (instance.isolation == kHostProcess) instance.isolation.clear();
    instance.restart = restart_policy(text_or(values, "restart", ""));
    instance.sha256 = text_or(values, "sha256", "");
    for (char& c : instance.sha256) {
        if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
    }
    if (const json::value* granted = values.if_contains("permissions");
        granted && granted->is_array()) {
        instance.permissions.emplace();
        for (const json::value& permission : granted->get_array()) {
            if (permission.is_string()) instance.permissions->emplace_back(permission.get_string());
        }
    }
}

std::string replica_name(const NodeEntry& entry, int replica) {
    return entry.replicas == 1 ? entry.name : fmt::format("{}-{}", entry.name, replica);
}

}  // namespace

const NodeEntry* Topology::find_node(std::string_view name) const {
    const auto found = std::ranges::find(nodes, name, &NodeEntry::name);
    return found == nodes.end() ? nullptr : &*found;
}

bool is_kebab_case(std::string_view name) {
    if (name.empty() || name.size() > 64 || name[0] < 'a' || name[0] > 'z') return false;
    constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyz0123456789-";
    return name.find_first_not_of(kAllowed) == std::string_view::npos && !name.ends_with('-') &&
           name.find("--") == std::string_view::npos;
}

std::string_view to_string(RestartPolicy policy) {
    switch (policy) {
        case RestartPolicy::kAlways:
            return "always";
        case RestartPolicy::kOnFailure:
            return "on-failure";
        case RestartPolicy::kNever:
            return "never";
    }
    return "";
}

ParsedTopology parse_topology(std::string_view text, std::string file) {
    ParsedTopology result;
    Document document = parse_yaml(text, std::move(file));
    result.diagnostics = std::move(document.diagnostics);
    // An empty file has no place to point at; its first line is where something should stand.
    if (document.root.kind == Node::Kind::kNull) document.root.position = {1, 1};
    normalise_settings(document.root, structure_schema(), document.file, "", result.diagnostics);
    Reader{document, result, 0}.read();
    sort_and_deduplicate(result.diagnostics);
    return result;
}

std::vector<NodeChoice> all_choices(const Topology& topology) {
    std::vector<NodeChoice> choices;
    for (const NodeEntry& entry : topology.nodes) {
        for (int replica = 1; replica <= entry.replicas; ++replica) {
            choices.push_back({&entry, {replica_name(entry, replica), replica}});
        }
    }
    return choices;
}

std::expected<NodeChoice, Diagnostic> select_node(const Topology& topology,
                                                  const std::optional<std::string>& wanted) {
    const std::vector<NodeChoice> choices = all_choices(topology);
    std::vector<std::string> names;
    for (const NodeChoice& choice : choices)
        names.push_back(choice.identity.node);
    const auto refuse = [&](Code code, std::string message, std::string hint) {
        return std::unexpected(
            Diagnostic{topology.file, {}, "nodes", code, std::move(message), std::move(hint)});
    };
    const std::string listed = fmt::format("use one of: {}", fmt::join(names, ", "));
    if (choices.empty()) return refuse(Code::kNoNodes, "no node is named", "");
    if (!wanted) {
        if (choices.size() == 1) return choices.front();
        return refuse(
            Code::kAmbiguousNode,
            fmt::format("the file has {} nodes; say which one with --node", choices.size()),
            listed);
    }
    const auto found = std::ranges::find(names, *wanted);
    if (found != names.end()) return choices[static_cast<std::size_t>(found - names.begin())];
    const std::string near = nearest_word(*wanted, names);
    return refuse(Code::kUnknownNode, fmt::format("no node is called '{}'", *wanted),
                  near.empty() ? listed : near);
}

InstanceConfig resolve_instance(const Topology& topology, const NodeChoice& choice,
                                const InstanceReference& reference,
                                const SubstitutionSources& sources, std::set<std::string>& secrets,
                                Diagnostics& out) {
    InstanceConfig instance;
    instance.name = reference.name;
    instance.position = reference.position;
    instance.plugin_position = reference.position;
    Node settings;
    settings.kind = Node::Kind::kMapping;
    settings.position = reference.position;
    const auto apply = [&](const Node& mapping) {
        const Entry* entry = mapping.find_entry(reference.name);
        if (entry == nullptr) return;
        if (entry->value.is_mapping()) merge(settings, entry->value);
        // Something that is no mapping has been reported; its settings cannot be judged.
        if (entry->value.is_scalar() || entry->value.is_sequence())
            settings.kind = Node::Kind::kUnreadable;
        instance.position = entry->key_position;
        settings.position = entry->key_position;
    };
    apply(topology.plugins);
    if (choice.entry != nullptr) apply(choice.entry->overrides);
    Diagnostics found;
    substitute(settings, instance.path(), sources, choice.identity, topology.file, secrets, found);
    read_reserved(instance, settings, topology.file, found);
    // What is switched off must not keep the rest from starting.
    for (Diagnostic& diagnostic : found) {
        if (!instance.enabled) diagnostic.severity = Severity::kWarning;
        out.push_back(std::move(diagnostic));
    }
    instance.settings = std::move(settings);
    return instance;
}

NodeConfig resolve_node(const Topology& topology, const NodeChoice& choice,
                        const SubstitutionSources& sources, Diagnostics& out) {
    NodeConfig node;
    node.identity = choice.identity;
    Node kernel = topology.kernel;
    substitute(kernel, "kernel", sources, choice.identity, topology.file, node.secrets, out);
    node.kernel = normalise_settings(kernel, kernel_schema(), topology.file, "kernel", out).value;
    for (const InstanceReference& reference : choice.entry->instances) {
        node.instances.push_back(
            resolve_instance(topology, choice, reference, sources, node.secrets, out));
    }
    return node;
}

}  // namespace streamwall::config
