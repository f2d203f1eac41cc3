// What a file says of addresses and of how its nodes reach each other.
#pragma once

#include <string>
#include <vector>

#include "config/check.hpp"

namespace streamwall::config {

// Whatever joins processes offers this interface.
inline constexpr const char* kTransportInterface = "streamwall.transport/1";

// Two listeners of one address: an error within one node, and between nodes that only one machine
// can run, since no transport joins them; else a warning, as they may be on different machines.
void check_listeners(const Topology& topology, const std::vector<ResolvedNode>& nodes,
                     const ManifestLookup& manifests, Diagnostics& out);

// Several nodes of which some have a transport and others have none: an error, they never meet.
// None has one: a warning, only `up` on one machine joins them.
void check_transports(const Topology& topology, const std::vector<ResolvedNode>& nodes,
                      const ManifestLookup& manifests, Diagnostics& out);

// A setting marked x-endpoint, and what it holds: where somebody has to listen.
struct Endpoint {
    std::string setting;  // "plugins.transport-nats.url"
    Position position;
    std::string node;
    std::string host;  // empty where the text cannot be understood
    std::string port;
    std::string text;  // without user and password
};

// Of all instances that are enabled. A list, or texts separated by commas, give several.
std::vector<Endpoint> find_endpoints(const std::vector<ResolvedNode>& nodes);

}  // namespace streamwall::config
