// Routes and announcements from what neighbours said.
#include "transport/mesh/topology.hpp"

#include <algorithm>

namespace streamwall::transport {

namespace {

template <class From>
void add_all(std::set<std::string>& to, const From& from) {
    to.insert(from.begin(), from.end());
}

bool is_inside(Role role) {
    return role != Role::outside;
}

// Everything that is said directly on a side, where nobody needs us for it.
template <class Member>
std::set<std::string> said_on(const Side& side, Member member) {
    std::set<std::string> out;
    for (const auto* peer : side.peers)
        add_all(out, peer->*member);
    return out;
}

void add_peer_once(std::vector<PeerIdentity>& to, const PeerIdentity& peer,
                   const std::string& own) {
    const bool known = peer.name == own ||
                       std::ranges::any_of(to, [&](const auto& k) { return k.name == peer.name; });
    if (!known) to.push_back(peer);
}

void add_journal_once(std::vector<JournalInfo>& to, const JournalInfo& journal) {
    const bool known =
        std::ranges::any_of(to, [&](const auto& k) { return k.epoch == journal.epoch; });
    if (!known) to.push_back(journal);
}

void speak_for(Announcement& out, const Announcement& peer, const Own& own, bool both_inside) {
    add_all(out.services, peer.services);
    if (both_inside) add_all(out.node_services, peer.node_services);
    add_all(out.patterns, peer.patterns);
    add_all(out.follows, peer.follows);
    for (const auto& journal : peer.journals)
        add_journal_once(out.journals, journal);
    add_peer_once(out.behind, peer.peer, own.peer.name);
    for (const auto& further : peer.behind)
        add_peer_once(out.behind, further, own.peer.name);
}

}  // namespace

bool forwards_between(Role one, Role other) {
    return is_inside(one) || is_inside(other);
}

Announcement announcement_for(const Own& own, const std::vector<Side>& sides, std::size_t at) {
    const auto& here = sides[at];
    Announcement out;
    out.peer = own.peer;
    out.journals = own.journals;
    for (std::size_t other = 0; other < sides.size(); ++other) {
        if (other == at || !sides[other].connected) continue;
        if (!forwards_between(here.role, sides[other].role)) continue;
        const bool both_inside = is_inside(here.role) && is_inside(sides[other].role);
        for (const auto* peer : sides[other].peers)
            speak_for(out, *peer, own, both_inside);
    }
    // Inside of a node who has a service is asked directly; to other nodes it is one peer's.
    if (is_inside(here.role)) {
        for (const auto& direct : said_on(here, &Announcement::services))
            out.services.erase(direct);
    }
    add_all(out.services, own.services);
    if (is_inside(here.role)) add_all(out.node_services, own.node_services);
    add_all(out.patterns, own.patterns);
    add_all(out.follows, own.follows);
    std::set<std::string> epochs;
    for (const auto* peer : here.peers) {
        for (const auto& journal : peer->journals)
            epochs.insert(journal.epoch);
    }
    std::erase_if(out.follows, [&](const auto& epoch) { return !epochs.contains(epoch); });
    return out;
}

namespace {

void add_peers(Paths& paths, const Own& own, const std::vector<Side>& sides) {
    const auto add = [&](std::size_t side, const std::string& next, const PeerIdentity& peer,
                         const std::set<std::string>& services) {
        if (peer.name != own.peer.name)
            paths.peers.try_emplace(peer.name, side, next, peer, services);
    };
    for (std::size_t side = 0; side < sides.size(); ++side) {
        if (!sides[side].connected) continue;
        for (const auto* peer : sides[side].peers)
            add(side, peer->peer.name, peer->peer, peer->services);
    }
    for (std::size_t side = 0; side < sides.size(); ++side) {
        if (!sides[side].connected) continue;
        for (const auto* peer : sides[side].peers) {
            for (const auto& further : peer->behind)
                add(side, peer->peer.name, further, {});
        }
    }
}

void add_services(Paths& paths, const std::vector<Side>& sides) {
    for (const bool inside : {true, false}) {
        for (std::size_t side = 0; side < sides.size(); ++side) {
            if (!sides[side].connected || is_inside(sides[side].role) != inside) continue;
            auto names = said_on(sides[side], &Announcement::services);
            if (inside) add_all(names, said_on(sides[side], &Announcement::node_services));
            for (const auto& name : names)
                paths.services[name].push_back(side);
        }
    }
}

}  // namespace

Paths find_paths(const Own& own, const std::vector<Side>& sides) {
    Paths paths;
    add_peers(paths, own, sides);
    add_services(paths, sides);
    paths.patterns.resize(sides.size());
    for (std::size_t side = 0; side < sides.size(); ++side) {
        if (!sides[side].connected) continue;
        for (const auto* peer : sides[side].peers) {
            const auto known = paths.peers.find(peer->peer.name);
            if (known == paths.peers.end() || known->second.side != side) continue;
            add_all(paths.patterns[side], peer->patterns);
            for (const auto& epoch : peer->follows) {
                auto& to = paths.followers[epoch];
                if (to.empty() || to.back() != side) to.push_back(side);
            }
            for (const auto& journal : peer->journals) {
                const bool is_own = journal.peer == own.peer.name ||
                                    std::ranges::any_of(own.journals, [&](const auto& mine) {
                                        return mine.epoch == journal.epoch;
                                    });
                if (is_own || journal.epoch.empty()) continue;
                auto& found = paths.journals[journal.epoch];
                if (found.epoch.empty()) found = journal;
                found.last = std::max(found.last, journal.last);
            }
        }
    }
    return paths;
}

}  // namespace streamwall::transport
