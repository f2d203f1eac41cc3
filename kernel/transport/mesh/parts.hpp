// MeshParts: who is there, and what follows from it for subscriptions, routes and announcements.
//
// Everything that changes happens on one strand; calls, events and journals work from the routes
// that it leaves behind.
#pragma once

#include "transport/mesh/calls.hpp"
#include "transport/mesh/events.hpp"
#include "transport/mesh/journals.hpp"
#include "transport/mesh/topology.hpp"

#include <map>
#include <optional>
#include <set>

namespace streamwall::transport {

class MeshParts final : public std::enable_shared_from_this<MeshParts> {
  public:
    MeshParts(MeshOptions options, services::Registry& services, bus::Bus& bus,
              exec::Timers& timers, const exec::Clock& clock, exec::Executor& pool,
              telemetry::Logger& log);

    void begin();
    // Ends at once, on the caller's thread, without a good-bye.
    void close();

    // ---- any thread ----
    void attach(const std::string& name, std::shared_ptr<Transport> transport, Role role);
    void detach(const std::string& name, std::function<void()> done);
    void stop(std::function<void()> done);
    // Something that is announced may have changed.
    void refresh_soon();
    std::vector<PeerInfo> peers() const;
    std::uint64_t watch_peers(std::function<void()> seen);
    void unwatch_peers(std::uint64_t id);
    std::uint64_t watch_journals(Mesh::JournalChanged changed);
    std::shared_ptr<bus::Feed> follow(const std::string& epoch);
    MeshSnapshot snapshot() const;

    MeshShared shared;
    Calls calls;
    Events events;
    Journals journals;

  private:
    struct Neighbour {
        Announcement said;
        std::uint64_t heard_ns = 0;
    };
    // One attachment and what is known of it.
    struct Line {
        AttachmentPtr attachment;
        std::string reason;  // why it is not connected
        std::map<std::string, Neighbour> neighbours;
        std::map<std::string, std::uint64_t> subscriptions;  // by subject
        std::optional<Announcement> announced;
    };
    // Another process that goes by our name.
    struct Rival {
        std::string boot;
        std::int64_t started_ms = 0;
        std::uint64_t first_ns = 0, last_ns = 0;
    };
    struct PeersWatcher {
        std::function<void()> seen;
        exec::Gate gate;
    };

    template <class F>
    void on_strand(F work);
    Line* find(const Attachment& attachment);
    Own own() const;
    std::vector<Side> sides() const;

    // parts.cpp
    void end(Line& line, bool polite);
    void refresh();
    RouteTable make_table(const Paths& paths) const;
    void subscribe(Line& line, const Announcement& wanted);
    void connection_changed(const AttachmentPtr& attachment, bool connected, std::string reason);

    // neighbours.cpp
    void announce(Line& line, bool hello);
    void heard(const AttachmentPtr& attachment, const BufferRef& text);
    void heard_rival(const Announcement& rival);
    bool is_first_here(const Announcement& rival) const;
    void check_rival(std::uint64_t now);
    void tick();
    void expire(std::uint64_t now);
    void notice(const Paths& before, const Paths& now);
    void publish_node(std::string_view type, const std::string& node, std::string_view field,
                      std::string_view text);
    void tell_peers_watchers();

    exec::Timers& timers_;
    const std::shared_ptr<exec::Strand> strand_;
    exec::Gate open_;  // held by everything that runs on the strand
    Party party_;      // publishes what the kernel has to say
    PeerIdentity identity_;
    std::atomic<bool> refresh_posted_{false};
    std::uint64_t ticks_timer_ = 0;
    std::uint64_t ticks_ = 0;
    bool stopped_ = false;
    std::optional<Rival> rival_;
    std::string gone_because_;  // what ended the neighbours of the refresh to come
    std::set<std::string> interests_;

    mutable std::mutex mutex_;  // changed on the strand, under it; read there without
    std::vector<std::unique_ptr<Line>> lines_;
    Paths paths_;
    std::string refused_;
    std::map<std::uint64_t, std::shared_ptr<PeersWatcher>> watchers_;
    std::uint64_t next_watcher_ = 1;
};

template <class F>
void MeshParts::on_strand(F work) {
    strand_->post_function([self = shared_from_this(), work = std::move(work)]() mutable {
        const exec::GateHold hold(self->open_);
        if (hold) work();
    });
}

}  // namespace streamwall::transport
