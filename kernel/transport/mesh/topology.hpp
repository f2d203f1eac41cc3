// What follows from announcements: whom to reach through which transport, and what to announce on
// each. Values in, values out; neither threads nor time.
#pragma once

#include "transport/mesh/announcement.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace streamwall::transport {

// What this process itself has to say.
struct Own {
    PeerIdentity peer;
    std::set<std::string> services, node_services, patterns, follows;
    std::vector<JournalInfo> journals;  // one, or none
};

// One attached transport and who is alive there.
struct Side {
    Role role = Role::outside;
    bool connected = true;
    std::vector<const Announcement*> peers;
};

// Between which sides a process forwards: always but between other nodes, which reach each other by
// themselves.
bool forwards_between(Role one, Role other);

// What to announce on side `at`, which is also what to subscribe to there.
Announcement announcement_for(const Own& own, const std::vector<Side>& sides, std::size_t at);

struct Paths {
    // Sides by index, the own node first.
    std::map<std::string, std::vector<std::size_t>> services;
    struct Peer {
        std::size_t side = 0;
        std::string next;  // the neighbour to send to; the peer itself where it is one
        PeerIdentity identity;
        std::set<std::string> services;  // of neighbours only
    };
    std::map<std::string, Peer> peers;
    // For each side, what is wanted by neighbours that are not reached through an earlier side.
    std::vector<std::set<std::string>> patterns;
    std::map<std::string, std::vector<std::size_t>> followers;  // epoch → sides
    std::map<std::string, JournalInfo> journals;                // of others, by epoch
};
Paths find_paths(const Own& own, const std::vector<Side>& sides);

}  // namespace streamwall::transport
