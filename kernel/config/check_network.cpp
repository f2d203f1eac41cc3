#include "config/check_network.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <functional>
#include <set>

#include "config/formats.hpp"

namespace streamwall::config {

namespace json = boost::json;

namespace {

bool offers_transport(const ResolvedInstance& instance, const ManifestLookup& manifests) {
    const PluginFacts* facts = manifests.find(instance.config.plugin);
    if (facts == nullptr || !instance.config.enabled) return false;
    const auto& offered = facts->provides_interfaces;
    return std::ranges::find(offered, kTransportInterface) != offered.end();
}

bool has_transport(const ResolvedNode& node, const ManifestLookup& manifests) {
    return std::ranges::any_of(node.instances, [&](const ResolvedInstance& instance) {
        return offers_transport(instance, manifests);
    });
}

// Every text of the settings together with its schema and where it stands.
using Visit = std::function<void(std::string_view text, const SchemaNode& schema,
                                 const std::string& path, Position position)>;

void visit_texts(const json::value& value, const SchemaNode* schema, const Node* written,
                 const std::string& path, Position position, const Visit& visit) {
    if (schema == nullptr) return;
    if (written != nullptr && written->position.known()) position = written->position;
    if (value.is_string()) return visit(value.get_string(), *schema, path, position);
    if (const auto* array = value.if_array()) {
        const SchemaNode* items = schema->items ? schema->items.get() : nullptr;
        for (const json::value& item : *array) {
            // What a list is for says the list's schema as well as that of its items.
            visit_texts(item, schema->endpoint ? schema : items, nullptr, path, position, visit);
        }
        return;
    }
    const auto* object = value.if_object();
    if (object == nullptr) return;
    for (const auto& [key, member] : *object) {
        visit_texts(member, schema->find_property(key),
                    written != nullptr ? written->find(key) : nullptr, join_path(path, key),
                    position, visit);
    }
}

void visit_settings(const ResolvedInstance& instance, const Visit& visit) {
    visit_texts(instance.settings.value, &instance.schema.root(), &instance.config.settings,
                instance.config.path(), instance.config.position, visit);
}

struct Listener {
    const ResolvedNode* node;
    ListenAddress address;
    std::string text, path;
    Position position;
};

std::vector<Listener> find_listeners(const std::vector<ResolvedNode>& nodes) {
    std::vector<Listener> found;
    for (const ResolvedNode& node : nodes) {
        for (const ResolvedInstance& instance : node.instances) {
            if (!instance.config.enabled) continue;
            visit_settings(instance, [&](std::string_view text, const SchemaNode& schema,
                                         const std::string& path, Position position) {
                if (schema.format == nullptr || schema.format->name != "listen-address") return;
                const auto address = parse_listen_address(text);
                if (address) found.push_back({&node, *address, std::string(text), path, position});
            });
        }
    }
    return found;
}

bool is_everywhere(const std::string& host) {
    return host == "*" || host == "0.0.0.0" || host == "::";
}

bool overlap(const ListenAddress& one, const ListenAddress& other) {
    if (!one.unix_path.empty() || !other.unix_path.empty()) {
        return one.unix_path == other.unix_path;
    }
    if (one.port == 0 || one.port != other.port) return false;  // 0: any that is free
    return one.host == other.host || is_everywhere(one.host) || is_everywhere(other.host);
}

// "nats://user:password@host:4222/x" → "nats://host:4222/x"
std::string without_credentials(std::string_view text) {
    const auto scheme = text.find("://");
    const auto begin = scheme == std::string_view::npos ? 0 : scheme + 3;
    const auto end = std::min(text.find_first_of("/?", begin), text.size());
    const auto at = text.substr(0, end).rfind('@');
    if (at == std::string_view::npos || at < begin) return std::string(text);
    return std::string(text.substr(0, begin)) + std::string(text.substr(at + 1));
}

// A URL without a host, such as postgres:///wall: a Unix socket of the machine it runs on.
bool stays_here(std::string_view text) {
    return text.contains(":///");
}

// Host and port of a URL or of "host:port"; the schema may say which port where there is none.
void read_endpoint(std::string_view text, int default_port, Endpoint& into) {
    into.text = without_credentials(text);
    std::string_view rest = into.text;
    if (const auto scheme = rest.find("://"); scheme != rest.npos) rest.remove_prefix(scheme + 3);
    rest = rest.substr(0, rest.find_first_of("/?#"));
    into.port = default_port > 0 ? std::to_string(default_port) : "";
    const auto bracket = rest.find(']');
    const auto colon = rest.rfind(':');
    const bool has_port =
        colon != rest.npos && (bracket == rest.npos || colon > bracket) && colon + 1 < rest.size();
    if (has_port) {
        into.port = rest.substr(colon + 1);
        rest = rest.substr(0, colon);
    }
    if (rest.starts_with('[') && rest.ends_with(']')) rest = rest.substr(1, rest.size() - 2);
    if (!into.port.empty()) into.host = rest;
}

}  // namespace

void check_listeners(const Topology& topology, const std::vector<ResolvedNode>& nodes,
                     const ManifestLookup& manifests, Diagnostics& out) {
    const bool is_one_machine = std::ranges::none_of(
        nodes, [&](const ResolvedNode& node) { return has_transport(node, manifests); });
    const auto listeners = find_listeners(nodes);
    std::set<Position> reported;  // replicas share a place of the file: once is enough
    for (std::size_t n = 0; n < listeners.size(); ++n) {
        const Listener& later = listeners[n];
        for (std::size_t m = 0; m < n; ++m) {
            const Listener& earlier = listeners[m];
            if (!overlap(earlier.address, later.address)) continue;
            if (!reported.insert(later.position).second) break;
            const bool same_node = earlier.node == later.node;
            const auto whose = same_node ? fmt::format("'{}' of the same node", earlier.path)
                                         : fmt::format("'{}' of node '{}'", earlier.path,
                                                       earlier.node->identity.node);
            out.push_back({topology.file, later.position, later.path, Code::kSharedAddress,
                           fmt::format("node '{}' listens on '{}', and so does {}",
                                       later.node->identity.node, later.text, whose),
                           same_node || is_one_machine ? "give each an address of its own"
                                                       : "they cannot run on one machine",
                           same_node || is_one_machine ? Severity::kError : Severity::kWarning});
            break;
        }
    }
}

void check_transports(const Topology& topology, const std::vector<ResolvedNode>& nodes,
                      const ManifestLookup& manifests, Diagnostics& out) {
    if (nodes.size() < 2) return;
    std::vector<const ResolvedNode*> without;
    for (const ResolvedNode& node : nodes) {
        if (!has_transport(node, manifests)) without.push_back(&node);
    }
    if (without.empty()) return;
    const bool none_has = without.size() == nodes.size();
    for (const ResolvedNode* node : without) {
        const NodeEntry* entry = topology.find_node(node->identity.node);
        // "n-2", the second of several replicas
        if (entry == nullptr) {
            const auto& name = node->identity.node;
            entry = topology.find_node(name.substr(0, name.rfind('-')));
        }
        const Position position = entry != nullptr ? entry->position : Position{};
        const auto path = "nodes." + (entry != nullptr ? entry->name : node->identity.node);
        if (none_has) {
            out.push_back({topology.file, position, path, Code::kNoTransport,
                           "no transport joins the nodes of this file: `streamwall up` can run "
                           "them on one machine, and nothing on several",
                           "list a transport under each node, such as transport-nats",
                           Severity::kWarning});
            return;
        }
        out.push_back({topology.file, position, path, Code::kNoTransport,
                       fmt::format("node '{}' has no transport, and others have: they never meet",
                                   node->identity.node),
                       "list the transport here too"});
    }
}

std::vector<Endpoint> find_endpoints(const std::vector<ResolvedNode>& nodes) {
    std::vector<Endpoint> found;
    for (const ResolvedNode& node : nodes) {
        for (const ResolvedInstance& instance : node.instances) {
            if (!instance.config.enabled) continue;
            visit_settings(instance, [&](std::string_view text, const SchemaNode& schema,
                                         const std::string& path, Position position) {
                if (!schema.endpoint) return;
                while (!text.empty()) {
                    const auto end = std::min(text.find(','), text.size());
                    auto one = text.substr(0, end);
                    text.remove_prefix(std::min(end + 1, text.size()));
                    while (one.starts_with(' '))
                        one.remove_prefix(1);
                    if (one.empty() || stays_here(one)) continue;
                    Endpoint endpoint{path, position, node.identity.node, "", "", ""};
                    read_endpoint(one, *schema.endpoint, endpoint);
                    found.push_back(std::move(endpoint));
                }
            });
        }
    }
    return found;
}

}  // namespace streamwall::config
