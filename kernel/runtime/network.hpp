// Network: what joins a node's process to others. Its mesh, the transports it was given and those
// that its plugins offer; and its journal, which others are told of.
#pragma once

#include "abi/interfaces.hpp"
#include "bus/journals.hpp"
#include "runtime/peer_journals.hpp"
#include "transport/mesh/mesh.hpp"
#include "transport/plugin_transport.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace streamwall::runtime {

// A transport that the host has made itself.
struct HostTransport {
    std::string name;
    std::shared_ptr<transport::Transport> transport;
    transport::Role role = transport::Role::outside;
};

// Begins with attach(); everything it uses outlives it.
class Network {
  public:
    struct Parts {
        services::Registry& services;
        bus::Bus& bus;
        exec::Timers& timers;
        const exec::Clock& clock;
        exec::Executor& pool;
        telemetry::Logger& log;
        abi::Interfaces& interfaces;
        bus::Journals& journals;
    };
    Network(transport::MeshOptions options, Parts parts);
    ~Network();

    // Attaches what the host made and from now on whatever plugins offer.
    void attach(const std::vector<HostTransport>& transports);
    // Leaves the other processes; `done` runs on any thread.
    void stop(std::function<void()> done);

    transport::Mesh& mesh() { return mesh_; }
    const transport::Mesh& mesh() const { return mesh_; }

  private:
    // One that a plugin offers, while it is leased. On the strand.
    struct Leased {
        std::string name;
        std::shared_ptr<transport::PluginTransport> transport;
    };
    void own_journal_changed(const bus::JournalPtr& journal);
    void available(const void* table, void* self, sw_lease* lease);
    void revoked(sw_lease* lease);

    const Parts parts_;
    transport::Mesh mesh_;
    PeerJournals peer_journals_;
    const std::shared_ptr<exec::Strand> strand_;
    std::map<sw_lease*, Leased> leased_;
    Party reader_;  // asks the own journal how far it is
    std::uint64_t own_watch_ = 0, retry_timer_ = 0;
    bool is_announced_ = false;
};

}  // namespace streamwall::runtime
