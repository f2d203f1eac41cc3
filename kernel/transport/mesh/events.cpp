// The ways of transient events. What gets lost is lost; nothing comes twice.
#include "transport/mesh/events.hpp"

#include "bus/pattern.hpp"
#include "transport/frame.hpp"
#include "transport/mesh/topology.hpp"

#include <algorithm>

namespace streamwall::transport {

bool RouteTable::Interest::wants(std::string_view type) const {
    return std::ranges::any_of(
        patterns, [&](const std::string& pattern) { return bus::matches(pattern, type); });
}

bool Events::wants(std::string_view type) const {
    const auto table = shared_.routing.get();
    return std::ranges::any_of(table->interests,
                               [&](const auto& interest) { return interest.wants(type); });
}

void Events::relay(const bus::EventPtr& event) {
    BufferRef frame;
    const auto table = shared_.routing.get();
    for (const auto& interest : table->interests) {
        if (!interest.wants(event->type())) continue;
        if (!frame) frame = encode_event({shared_.options.peer, 0}, event->raw());
        // Transient: who is not connected misses it, and one longer than a message stays here.
        interest.via->transport->publish(shared_.subjects.event(event->type()), "", frame);
        shared_.counts.events_out.fetch_add(1, std::memory_order_relaxed);
    }
}

void Events::arrived(Attachment& via, std::string_view pattern, const Message& message) {
    const auto type = shared_.subjects.type_of(message.subject);
    const auto patterns = via.patterns();
    const auto first = std::ranges::find_if(
        *patterns, [&](const std::string& mine) { return bus::matches(mine, type); });
    if (first != patterns->end() && *first != pattern) return;
    const auto frame = view(message.body);
    const auto seen = outline(frame);
    if (!seen || seen->kind != FrameKind::event) {
        shared_.counts.unreadable.fetch_add(1, std::memory_order_relaxed);
        return;
    }
    if (seen->trail.origin == shared_.options.peer) return;
    // Two transports may join us to one peer; one of them is the way.
    const auto table = shared_.routing.get();
    const auto origin = table->peers.find(seen->trail.origin);
    if (origin != table->peers.end() && origin->second.via.get() != &via) return;
    shared_.counts.events_in.fetch_add(1, std::memory_order_relaxed);
    if (auto event = decode_event(frame)) shared_.bus.arrive(*event);
    if (seen->trail.hops + 1 >= kMaxHops) return;
    BufferRef further;
    for (const auto& interest : table->interests) {
        if (interest.via.get() == &via || !forwards_between(via.role, interest.via->role)) continue;
        if (!interest.wants(type)) continue;
        if (!further) further = forwarded(frame);
        interest.via->transport->publish(message.subject, "", further);
        shared_.counts.forwarded.fetch_add(1, std::memory_order_relaxed);
    }
}

}  // namespace streamwall::transport
