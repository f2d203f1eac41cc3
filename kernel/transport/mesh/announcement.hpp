// Announcement: what a peer says of itself, and, as a gateway, of those behind it.
#pragma once

#include "transport/mesh/mesh.hpp"

#include <expected>
#include <set>
#include <string>
#include <vector>

namespace streamwall::transport {

struct PeerIdentity {
    std::string name, node, isolation, version, boot;
    std::int64_t pid = 0, started_ms = 0;
    bool operator==(const PeerIdentity&) const = default;
};

struct Announcement {
    PeerIdentity peer;
    bool hello = false;                   // it is new and wants to hear from all others at once
    bool leave = false;                   // it goes; all else is empty
    std::set<std::string> services;       // running, for everybody
    std::set<std::string> node_services;  // running, for the processes of its node
    std::set<std::string> patterns;       // of the transient events that it wants
    std::set<std::string> follows;        // epochs of the journals that it wants
    std::vector<JournalInfo> journals;    // its own and those behind it
    std::vector<PeerIdentity> behind;     // reached through it
};

std::string encode_announcement(const Announcement& announcement);
std::expected<Announcement, Failure> decode_announcement(std::string_view text);

// They differ in nothing but how far the journals are.
bool says_the_same(const Announcement& one, const Announcement& other);

}  // namespace streamwall::transport
