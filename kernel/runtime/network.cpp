// Leases of plugins' transports, and the mesh's hooks.
#include "runtime/network.hpp"

#include <streamwall/transport.h>

namespace streamwall::runtime {

namespace {
constexpr const char* kUser = "kernel";
}

Network::Network(transport::MeshOptions options, Parts parts)
    : parts_(parts),
      mesh_(std::move(options), parts.services, parts.bus, parts.timers, parts.clock, parts.pool,
            parts.log),
      peer_journals_(mesh_, parts.journals, parts.clock),
      strand_(exec::Strand::make("network", parts.pool)) {
    parts_.services.set_remote(&mesh_);
    parts_.bus.set_relay(&mesh_);
    reader_.instance = "kernel";
    reader_.address = "kernel@" + mesh_.options().node;
    reader_.strand = strand_;
    own_watch_ = parts_.journals.watch([this](const bus::JournalPtr& journal, bool /*is_new*/) {
        if (!journal->epoch.empty() || !journal->peer.empty()) return;
        strand_->post_function([this, journal] { own_journal_changed(journal); });
    });
}

Network::~Network() {
    parts_.journals.unwatch(own_watch_);
    parts_.timers.cancel(retry_timer_);
    parts_.services.forget_party(reader_);
    parts_.bus.set_relay(nullptr);
    parts_.services.set_remote(nullptr);
    parts_.interfaces.end_watches(kUser);
}

void Network::attach(const std::vector<HostTransport>& transports) {
    for (const auto& one : transports)
        mesh_.attach(one.name, one.transport, one.role);
    auto watch = std::make_shared<abi::Watch>();
    watch->id = SW_TRANSPORT;
    watch->user = kUser;
    watch->strand = strand_;
    watch->available = [](void* ctx, const void* table, void* self, sw_lease* lease) {
        static_cast<Network*>(ctx)->available(table, self, lease);
    };
    watch->revoked = [](void* ctx, sw_lease* lease) { static_cast<Network*>(ctx)->revoked(lease); };
    watch->ctx = this;
    parts_.interfaces.watch(std::move(watch));
}

void Network::available(const void* table, void* self, sw_lease* lease) {
    std::string provider = lease->id;
    for (const auto& offer : parts_.interfaces.list()) {
        if (offer.id == lease->id) provider = offer.provider;
    }
    auto transport = std::make_shared<transport::PluginTransport>(
        *static_cast<const sw_transport_api*>(table), self);
    leased_[lease] = {provider, transport};
    mesh_.attach(provider, std::move(transport), transport::Role::outside);
}

void Network::revoked(sw_lease* lease) {
    const auto known = leased_.find(lease);
    if (known == leased_.end()) return;
    const auto ended = std::move(known->second);
    leased_.erase(known);
    mesh_.detach(ended.name, [this, lease, transport = ended.transport] {
        transport->close();
        parts_.interfaces.release(lease);
    });
}

// Its epoch is in its answers only, and so is how far it was before this process began.
void Network::own_journal_changed(const bus::JournalPtr& journal) {
    if (!journal->is_reachable) {
        is_announced_ = false;
        return mesh_.set_own_journal("", 0, 0);
    }
    if (std::exchange(is_announced_, true)) return;
    bus::JournalClient(*journal->port, reader_).read(0, 1, "", "", [this, journal](auto reply) {
        if (reply) return mesh_.set_own_journal(reply->epoch, reply->first, reply->last);
        is_announced_ = false;
        retry_timer_ = parts_.timers.after(strand_, std::chrono::seconds(1),
                                           [this, journal] { own_journal_changed(journal); });
    });
}

void Network::stop(std::function<void()> done) {
    mesh_.stop(std::move(done));
}

}  // namespace streamwall::runtime
