// Mesh: joins this process to others through its transports.
//
// Each process is a peer with a name. Peers announce what they serve, what events they want, which
// journals they have; from that follow the routes of calls, events and committed journal events. A
// node's host stands between its children and the other nodes: to those it announces its children's
// services as its own, to its children what it knows of the others. What nobody offers any more is
// known after `silence` at the latest.
//
// Thread-safe. Functions that take a callback say where it runs.
#pragma once

#include "bus/bus.hpp"
#include "bus/feed.hpp"
#include "exec/timers.hpp"
#include "services/registry.hpp"
#include "telemetry/log.hpp"
#include "transport/transport.hpp"

#include <chrono>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace streamwall::transport {

// Who is at the other end of a transport.
enum class Role {
    outside,   // other nodes
    host,      // this process is isolated; the host of its node
    children,  // isolated processes of this node
};
std::string_view to_string(Role role);

struct MeshOptions {
    std::string peer = "main";  // of this process: the node's name, or "<node>~<isolation>"
    std::string node = "main";
    std::string isolation{};  // empty: the node's host
    std::string version{};
    std::string prefix = "streamwall";
    // Not announced to other nodes; the rest of this node's processes can call them.
    std::set<std::string, std::less<>> node_services{"journal"};
    // Every process has its own; called by peer alone.
    std::set<std::string, std::less<>> peer_services{"kernel.nodes"};
    std::chrono::milliseconds announce_every{1000};
    std::chrono::milliseconds silence{3500};
};

struct PeerInfo {
    std::string name, node, isolation, version;
    std::string boot;  // another after each start
    std::int64_t pid = 0, started_ms = 0;
    std::string via;        // the peer that forwards to it; empty: none is needed
    std::string transport;  // by its name in this process
    std::vector<std::string> services;
    std::int64_t silent_ms = 0;  // since its last announcement
};

// A journal of another process.
struct JournalInfo {
    std::string epoch;
    std::string peer;  // has it; takes calls of its service `journal`
    std::uint64_t first = 0, last = 0;
};

struct TransportInfo {
    std::string name;
    Role role = Role::outside;
    bool connected = false;
    std::string reason;  // why it is not
    std::size_t peers = 0;
};

struct MeshSnapshot {
    std::string peer, boot;
    std::string refused;  // why this process does not serve others; empty: it does
    std::vector<TransportInfo> transports;
    std::vector<PeerInfo> peers;
    std::vector<JournalInfo> journals;
    std::uint64_t calls_out = 0, calls_in = 0, events_out = 0, events_in = 0, forwarded = 0;
};

class MeshParts;

class Mesh final : public services::Remote, public bus::EventRelay {
  public:
    Mesh(MeshOptions options, services::Registry& services, bus::Bus& bus, exec::Timers& timers,
         const exec::Clock& clock, exec::Executor& pool, telemetry::Logger& log);
    ~Mesh() override;

    // `name` is unique here and what operators see. The transport is used until detach() is done.
    void attach(const std::string& name, std::shared_ptr<Transport> transport, Role role);
    // Says good-bye; `done` runs on any thread once the transport is not used any more.
    void detach(const std::string& name, std::function<void()> done);
    // Says good-bye everywhere. Nothing is served or forwarded afterwards.
    void stop(std::function<void()> done);

    std::vector<PeerInfo> peers() const;
    // `seen` runs on the mesh's strand after any change among peers. Returns an id.
    std::uint64_t watch_peers(std::function<void()> seen);
    void unwatch_peers(std::uint64_t id);  // no call begins afterwards

    // A call of one peer's service, whatever its scope; the own name is served here. `context`
    // needs a deadline. `done` runs once, on any thread, or before this returns.
    using CallDone = std::function<void(std::expected<BufferRef, Failure>)>;
    void call_peer(std::string_view peer, std::string_view service, std::string_view method,
                   const BufferRef& body, const sw_context& context, CallDone done);

    // The journals of other processes. `changed` runs on the mesh's strand: for each one that is
    // known already, then whenever one appears, has committed more than the last time, or vanishes
    // (`gone`). The last is told within a second even where the feed missed events.
    std::vector<JournalInfo> journals() const;
    using JournalChanged = std::function<void(const JournalInfo& journal, bool gone)>;
    std::uint64_t watch_journals(JournalChanged changed);
    void unwatch_journals(std::uint64_t id);  // no call begins afterwards
    // What a journal of another process commits, as it arrives. It is sent for as long as somebody
    // keeps the feed; what is missing in it has to be read from the journal itself.
    std::shared_ptr<bus::Feed> follow(const std::string& epoch);

    // This process has a journal, empty epoch: it has none any more.
    void set_own_journal(const std::string& epoch, std::uint64_t first, std::uint64_t last);
    // Just committed to the own journal, in order.
    void publish_committed(std::span<const bus::EventPtr> events);

    MeshSnapshot snapshot() const;
    const MeshOptions& options() const;

    // services::Remote
    bool reaches(const services::Slot& slot) const override;
    void carry(services::Slot& slot, const sw_buffer* request, const sw_context& context,
               services::PendingCall* call) override;
    void cancel(std::uint64_t call) override;
    void offers_changed() override;
    // bus::EventRelay
    bool wants(std::string_view type) const override;
    void relay(const bus::EventPtr& event) override;
    void patterns_changed() override;

  private:
    std::shared_ptr<MeshParts> parts_;
};

}  // namespace streamwall::transport
