// What neighbours say, their silence, and who is told of it.
#include "transport/mesh/parts.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <algorithm>

namespace streamwall::transport {

void MeshParts::announce(Line& line, bool hello) {
    if (!refused_.empty() || !line.announced || !line.attachment->connected) return;
    line.announced->hello = hello;
    const auto at = std::ranges::find_if(lines_, [&](const auto& l) { return l.get() == &line; });
    const auto side = static_cast<std::size_t>(at - lines_.begin());
    // How far journals are changes all the time; it alone is said anew.
    line.announced->journals = announcement_for(own(), sides(), side).journals;
    const BufferRef text(encode_announcement(*line.announced));
    line.attachment->transport->publish(shared.subjects.peers(), "", text);
}

void MeshParts::heard(const AttachmentPtr& attachment, const BufferRef& text) {
    auto* line = find(*attachment);
    if (line == nullptr) return;
    auto said = decode_announcement(text.text());
    if (!said) {
        shared.counts.unreadable.fetch_add(1, std::memory_order_relaxed);
        return;
    }
    const auto name = said->peer.name;
    if (name == identity_.name) {
        if (said->peer.boot != identity_.boot) heard_rival(*said);
        return;
    }
    const auto known = line->neighbours.find(name);
    const bool is_known = known != line->neighbours.end();
    const bool same_boot = is_known && known->second.said.peer.boot == said->peer.boot;
    // The last words of a process that was started anew already.
    if (is_known && !same_boot && said->peer.started_ms < known->second.said.peer.started_ms)
        return;
    if (said->leave) {
        if (!same_boot) return;
        {
            std::lock_guard lock(mutex_);
            line->neighbours.erase(known);
        }
        gone_because_ = "it said good-bye";
        return refresh();
    }
    const bool is_news = !same_boot || !says_the_same(known->second.said, *said);
    const bool wants_answer = !same_boot || said->hello;
    {
        std::lock_guard lock(mutex_);
        line->neighbours[name] = {std::move(*said), shared.clock.monotonic_ns()};
    }
    if (is_news)
        refresh();
    else if (refused_.empty())
        journals.update(find_paths(own(), sides()).journals);
    if (wants_answer) announce(*line, false);
}

bool MeshParts::is_first_here(const Announcement& rival) const {
    return std::pair(identity_.started_ms, identity_.boot) <
           std::pair(rival.peer.started_ms, rival.peer.boot);
}

// A process that was just replaced may still be heard once: only who goes on speaking is a rival.
void MeshParts::heard_rival(const Announcement& rival) {
    const auto now = shared.clock.monotonic_ns();
    if (rival.leave) {
        if (rival_ && rival_->boot == rival.peer.boot) rival_->last_ns = 0;
        return check_rival(now);
    }
    const bool is_same = rival_ && rival_->boot == rival.peer.boot;
    if (!is_same) {
        rival_ = Rival{rival.peer.boot, rival.peer.started_ms, now, now};
        return;
    }
    rival_->last_ns = now;
    const auto between = std::chrono::nanoseconds(shared.options.announce_every).count() / 2;
    if (now - rival_->first_ns < static_cast<std::uint64_t>(between) || !refused_.empty()) return;
    const auto text = fmt::format("two nodes go by the name '{}' (process {} is the other)",
                                  identity_.name, rival.peer.pid);
    if (is_first_here(rival)) {
        rival_->first_ns = UINT64_MAX / 2;  // said once
        return shared.log.error("node.name_taken", "kernel", text + "; the other stands back");
    }
    shared.log.error("node.name_taken", "kernel", text + "; this one does not serve other nodes");
    {
        std::lock_guard lock(mutex_);
        refused_ = text;
    }
    refresh();
}

void MeshParts::check_rival(std::uint64_t now) {
    const auto silence = std::chrono::nanoseconds(shared.options.silence).count();
    if (!rival_ || now - rival_->last_ns < static_cast<std::uint64_t>(silence)) return;
    rival_.reset();
    if (refused_.empty()) return;
    {
        std::lock_guard lock(mutex_);
        refused_.clear();
    }
    shared.log.info("node.name_free", "kernel", "the other node of this name is gone; serving");
    refresh();
    for (const auto& line : lines_)
        announce(*line, true);
}

void MeshParts::tick() {
    const auto now = shared.clock.monotonic_ns();
    expire(now);
    check_rival(now);
    if (++ticks_ % 4 != 0) return;
    for (const auto& line : lines_)
        announce(*line, false);
}

void MeshParts::expire(std::uint64_t now) {
    const auto silence =
        static_cast<std::uint64_t>(std::chrono::nanoseconds(shared.options.silence).count());
    std::vector<std::string> silent;
    {
        std::lock_guard lock(mutex_);
        for (const auto& line : lines_) {
            std::erase_if(line->neighbours, [&](const auto& entry) {
                const bool is_gone = now - entry.second.heard_ns >= silence;
                if (is_gone) silent.push_back(entry.first);
                return is_gone;
            });
        }
    }
    if (silent.empty()) return;
    shared.log.warn("peer.silent", "kernel",
                    fmt::format("not heard of for {} ms: {}", shared.options.silence.count(),
                                fmt::join(silent, ", ")));
    gone_because_ = "it was not heard of";
    refresh();
}

// What became better or worse is told: breakers, the bus, watchers.
void MeshParts::notice(const Paths& before, const Paths& now) {
    if (stopped_) return;  // the others are not gone, this process is
    std::set<std::string> back;
    bool changed = before.peers.size() != now.peers.size();
    for (const auto& [name, peer] : now.peers) {
        const auto known = before.peers.find(name);
        const bool is_new =
            known == before.peers.end() || known->second.identity.boot != peer.identity.boot;
        changed = changed || is_new || known->second.services != peer.services ||
                  known->second.side != peer.side || known->second.next != peer.next;
        for (const auto& service : peer.services) {
            if (is_new || !known->second.services.contains(service)) back.insert(service);
        }
        if (!is_new || !peer.identity.isolation.empty()) continue;
        shared.log.info("node.joined", "kernel", fmt::format("node {} is there", name));
        publish_node("node.joined", name, "version", peer.identity.version);
    }
    for (const auto& service : back)
        shared.services.close_breakers(service);
    for (const auto& [name, peer] : before.peers) {
        if (now.peers.contains(name) || !peer.identity.isolation.empty()) continue;
        shared.log.info("node.left", "kernel", fmt::format("node {} is gone", name));
        publish_node("node.left", name, "reason", gone_because_);
    }
    if (changed) tell_peers_watchers();
}

// Every process says so itself, to those inside of it.
void MeshParts::publish_node(std::string_view type, const std::string& node, std::string_view field,
                             std::string_view text) {
    boost::json::object data{{"node", node}};
    data[field] = text;
    const BufferRef rendered(boost::json::serialize(data));
    const auto subject = "node/" + node;
    sw_event_draft draft{};
    draft.size = sizeof draft;
    draft.type = str(type);
    draft.version = str("1.0");
    draft.subject = str(subject);
    draft.data = rendered.get();
    sw_context context{};
    context.size = sizeof context;
    context.principal_type = str("system");
    shared.bus.publish(party_, draft, context, bus::Reach::process);
}

void MeshParts::tell_peers_watchers() {
    std::vector<std::shared_ptr<PeersWatcher>> watchers;
    {
        std::lock_guard lock(mutex_);
        for (const auto& [id, watcher] : watchers_)
            watchers.push_back(watcher);
    }
    for (const auto& watcher : watchers) {
        const exec::GateHold hold(watcher->gate);
        if (hold) watcher->seen();
    }
}

std::uint64_t MeshParts::watch_peers(std::function<void()> seen) {
    auto made = std::make_shared<PeersWatcher>();
    made->seen = std::move(seen);
    std::lock_guard lock(mutex_);
    watchers_.emplace(next_watcher_, std::move(made));
    return next_watcher_++;
}

void MeshParts::unwatch_peers(std::uint64_t id) {
    std::shared_ptr<PeersWatcher> ended;
    {
        std::lock_guard lock(mutex_);
        const auto known = watchers_.find(id);
        if (known == watchers_.end()) return;
        ended = std::move(known->second);
        watchers_.erase(known);
    }
    ended->gate.close();
    ended->gate.wait_empty(std::chrono::hours(24), strand_->is_current() ? 1 : 0);
}

std::uint64_t MeshParts::watch_journals(Mesh::JournalChanged changed) {
    const auto id = journals.watch(std::move(changed));
    on_strand([this, id] { journals.introduce(id); });
    return id;
}

std::shared_ptr<bus::Feed> MeshParts::follow(const std::string& epoch) {
    return journals.follow(epoch, [weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->refresh_soon();
    });
}

std::vector<PeerInfo> MeshParts::peers() const {
    const auto now = shared.clock.monotonic_ns();
    std::lock_guard lock(mutex_);
    std::vector<PeerInfo> out;
    for (const auto& [name, peer] : paths_.peers) {
        PeerInfo info{name,
                      peer.identity.node,
                      peer.identity.isolation,
                      peer.identity.version,
                      peer.identity.boot,
                      peer.identity.pid,
                      peer.identity.started_ms,
                      peer.next == name ? "" : peer.next,
                      "",
                      {peer.services.begin(), peer.services.end()},
                      0};
        // The routes may still name a line that is being taken away.
        if (peer.side < lines_.size()) {
            const auto& line = *lines_[peer.side];
            info.transport = line.attachment->name;
            const auto neighbour = line.neighbours.find(peer.next);
            if (neighbour != line.neighbours.end())
                info.silent_ms =
                    static_cast<std::int64_t>((now - neighbour->second.heard_ns) / 1'000'000);
        }
        out.push_back(std::move(info));
    }
    return out;
}

MeshSnapshot MeshParts::snapshot() const {
    MeshSnapshot out;
    out.peer = identity_.name;
    out.boot = identity_.boot;
    out.peers = peers();
    out.journals = journals.known();
    out.calls_out = shared.counts.calls_out;
    out.calls_in = shared.counts.calls_in;
    out.events_out = shared.counts.events_out;
    out.events_in = shared.counts.events_in;
    out.forwarded = shared.counts.forwarded;
    std::lock_guard lock(mutex_);
    out.refused = refused_;
    for (const auto& line : lines_) {
        out.transports.push_back({line->attachment->name, line->attachment->role,
                                  line->attachment->connected, line->reason,
                                  line->neighbours.size()});
    }
    return out;
}

}  // namespace streamwall::transport
