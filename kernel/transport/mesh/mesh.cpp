// The public face of the mesh.
#include "transport/mesh/mesh.hpp"

#include "transport/mesh/parts.hpp"

namespace streamwall::transport {

std::string_view to_string(Role role) {
    switch (role) {
        case Role::outside:
            return "outside";
        case Role::host:
            return "host";
        case Role::children:
            return "children";
    }
    return "unknown";
}

Mesh::Mesh(MeshOptions options, services::Registry& services, bus::Bus& bus, exec::Timers& timers,
           const exec::Clock& clock, exec::Executor& pool, telemetry::Logger& log)
    : parts_(std::make_shared<MeshParts>(std::move(options), services, bus, timers, clock, pool,
                                         log)) {
    parts_->begin();
}

Mesh::~Mesh() {
    parts_->close();
}

void Mesh::attach(const std::string& name, std::shared_ptr<Transport> transport, Role role) {
    parts_->attach(name, std::move(transport), role);
}
void Mesh::detach(const std::string& name, std::function<void()> done) {
    parts_->detach(name, std::move(done));
}
void Mesh::stop(std::function<void()> done) {
    parts_->stop(std::move(done));
}

std::vector<PeerInfo> Mesh::peers() const {
    return parts_->peers();
}
std::uint64_t Mesh::watch_peers(std::function<void()> seen) {
    return parts_->watch_peers(std::move(seen));
}
void Mesh::unwatch_peers(std::uint64_t id) {
    parts_->unwatch_peers(id);
}

void Mesh::call_peer(std::string_view peer, std::string_view service, std::string_view method,
                     const BufferRef& body, const sw_context& context, CallDone done) {
    parts_->calls.call_peer(peer, service, method, body, context, std::move(done));
}

std::vector<JournalInfo> Mesh::journals() const {
    return parts_->journals.known();
}
std::uint64_t Mesh::watch_journals(JournalChanged changed) {
    return parts_->watch_journals(std::move(changed));
}
void Mesh::unwatch_journals(std::uint64_t id) {
    parts_->journals.unwatch(id);
}
std::shared_ptr<bus::Feed> Mesh::follow(const std::string& epoch) {
    return parts_->follow(epoch);
}
void Mesh::set_own_journal(const std::string& epoch, std::uint64_t first, std::uint64_t last) {
    parts_->journals.set_own(epoch, first, last);
}
void Mesh::publish_committed(std::span<const bus::EventPtr> events) {
    parts_->journals.publish_committed(events);
}

MeshSnapshot Mesh::snapshot() const {
    return parts_->snapshot();
}
const MeshOptions& Mesh::options() const {
    return parts_->shared.options;
}

bool Mesh::reaches(const services::Slot& slot) const {
    return parts_->calls.reaches(slot);
}
void Mesh::carry(services::Slot& slot, const sw_buffer* request, const sw_context& context,
                 services::PendingCall* call) {
    parts_->calls.carry(slot, request, context, call);
}
void Mesh::cancel(std::uint64_t call) {
    parts_->calls.cancel(call);
}
void Mesh::offers_changed() {
    parts_->refresh_soon();
}
bool Mesh::wants(std::string_view type) const {
    return parts_->events.wants(type);
}
void Mesh::relay(const bus::EventPtr& event) {
    parts_->events.relay(event);
}
void Mesh::patterns_changed() {
    parts_->refresh_soon();
}

}  // namespace streamwall::transport
