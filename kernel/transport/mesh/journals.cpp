// Commits as frames, feeds of other journals, and who is told of them.
#include "transport/mesh/journals.hpp"

#include "transport/frame.hpp"
#include "transport/mesh/topology.hpp"

#include <algorithm>

namespace streamwall::transport {

namespace {
// So that a watcher may end itself.
thread_local const void* inside_of = nullptr;
}  // namespace

void Journals::set_own(const std::string& epoch, std::uint64_t first, std::uint64_t last) {
    {
        std::lock_guard lock(mutex_);
        const bool is_same = own_.epoch == epoch;
        own_ = {epoch, shared_.options.peer, first, is_same ? std::max(own_.last, last) : last};
        if (is_same) return;
    }
    changed_();
}

std::vector<JournalInfo> Journals::own() const {
    std::lock_guard lock(mutex_);
    if (own_.epoch.empty()) return {};
    return {own_};
}

void Journals::publish_committed(std::span<const bus::EventPtr> events) {
    if (events.empty()) return;
    const auto epoch = view(events.front()->raw().epoch);
    const auto last = events.back()->sequence();
    bool is_new = false;
    {
        std::lock_guard lock(mutex_);
        is_new = own_.epoch != epoch;
        if (is_new) own_ = {std::string(epoch), shared_.options.peer, 1, last};
        own_.last = std::max(own_.last, last);
    }
    if (is_new) changed_();
    const auto table = shared_.routing.get();
    const auto to = table->followers.find(epoch);
    if (to == table->followers.end()) return;
    std::size_t bytes = 0, from = 0;
    for (std::size_t at = 0; at < events.size(); ++at) {
        const auto size = encoded_size(events[at]->raw());
        if (at > from && bytes + size > kFrame) {
            publish(epoch, events[at - 1]->sequence(), events.subspan(from, at - from), to->second);
            bytes = 0;
            from = at;
        }
        bytes += size;
    }
    publish(epoch, last, events.subspan(from), to->second);
}

void Journals::publish(std::string_view epoch, std::uint64_t last,
                       std::span<const bus::EventPtr> events,
                       const std::vector<AttachmentPtr>& to) {
    const bool fits = events.size() > 1 || encoded_size(events.front()->raw()) <= kFrame;
    const auto frame = encode_journal({shared_.options.peer, 0}, epoch, last,
                                      fits ? events : std::span<const bus::EventPtr>());
    // A frame that gets lost leaves a gap, and the next announcement says how far the journal is.
    for (const auto& via : to)
        via->transport->publish(shared_.subjects.journal(epoch), "", frame);
}

std::shared_ptr<bus::Feed> Journals::follow(const std::string& epoch,
                                            std::function<void()> unfollowed) {
    std::shared_ptr<bus::Feed> feed;
    {
        std::lock_guard lock(mutex_);
        auto& known = followed_[epoch];
        if (known) feed = known->feed.lock();
        if (feed) return feed;
        feed = {new bus::Feed, [unfollowed = std::move(unfollowed)](bus::Feed* gone) {
                    delete gone;
                    unfollowed();
                }};
        known = std::make_shared<Followed>();
        known->feed = feed;
    }
    changed_();
    return feed;
}

std::set<std::string> Journals::followed() const {
    std::lock_guard lock(mutex_);
    std::set<std::string> out;
    for (const auto& [epoch, entry] : followed_) {
        if (!entry->feed.expired()) out.insert(epoch);
    }
    return out;
}

void Journals::arrived(Attachment& via, const Message& message) {
    const auto raw = view(message.body);
    const auto seen = outline(raw);
    if (!seen || seen->kind != FrameKind::journal) {
        shared_.counts.unreadable.fetch_add(1, std::memory_order_relaxed);
        return;
    }
    if (seen->trail.origin == shared_.options.peer) return;
    const auto frame = decode_journal(raw);
    if (!frame) return;
    if (frame->events.empty()) moved_(std::string(frame->epoch), frame->last);
    std::shared_ptr<Followed> mine;
    {
        std::lock_guard lock(mutex_);
        const auto known = followed_.find(frame->epoch);
        if (known != followed_.end()) mine = known->second;
    }
    if (const auto feed = mine ? mine->feed.lock() : nullptr) {
        std::lock_guard lock(mine->arriving);
        const auto fresh = std::ranges::find_if(
            frame->events, [&](const auto& event) { return event->sequence() > mine->last; });
        if (fresh != frame->events.end()) {
            mine->last = frame->events.back()->sequence();
            feed->committed(std::vector(fresh, frame->events.end()));
        }
    }
    if (seen->trail.hops + 1 >= kMaxHops) return;
    const auto table = shared_.routing.get();
    const auto to = table->followers.find(frame->epoch);
    if (to == table->followers.end()) return;
    BufferRef further;
    for (const auto& next : to->second) {
        if (next.get() == &via || !forwards_between(via.role, next->role)) continue;
        if (!further) further = forwarded(raw);
        next->transport->publish(message.subject, "", further);
        shared_.counts.forwarded.fetch_add(1, std::memory_order_relaxed);
    }
}

std::vector<JournalInfo> Journals::known() const {
    std::lock_guard lock(mutex_);
    std::vector<JournalInfo> out;
    for (const auto& [epoch, journal] : known_)
        out.push_back(journal);
    return out;
}

std::uint64_t Journals::watch(Mesh::JournalChanged changed) {
    auto made = std::make_shared<Watcher>();
    made->changed = std::move(changed);
    std::lock_guard lock(mutex_);
    watchers_.emplace(next_watcher_, std::move(made));
    return next_watcher_++;
}

void Journals::unwatch(std::uint64_t id) {
    std::shared_ptr<Watcher> ended;
    {
        std::lock_guard lock(mutex_);
        const auto known = watchers_.find(id);
        if (known == watchers_.end()) return;
        ended = std::move(known->second);
        watchers_.erase(known);
    }
    ended->gate.close();
    ended->gate.wait_empty(std::chrono::hours(24), inside_of == ended.get() ? 1 : 0);
}

void Journals::introduce(std::uint64_t id) {
    std::shared_ptr<Watcher> watcher;
    std::map<std::string, JournalInfo> journals;
    {
        std::lock_guard lock(mutex_);
        const auto known = watchers_.find(id);
        if (known == watchers_.end()) return;
        watcher = known->second;
        journals = known_;
    }
    for (const auto& [epoch, journal] : journals) {
        const exec::GateHold hold(watcher->gate);
        if (!hold) return;
        const auto* outer = std::exchange(inside_of, watcher.get());
        watcher->changed(journal, false);
        inside_of = outer;
    }
}

void Journals::tell(const JournalInfo& journal, bool gone) {
    std::vector<std::shared_ptr<Watcher>> watchers;
    {
        std::lock_guard lock(mutex_);
        for (const auto& [id, watcher] : watchers_)
            watchers.push_back(watcher);
    }
    for (const auto& watcher : watchers) {
        const exec::GateHold hold(watcher->gate);
        if (!hold) continue;
        const auto* outer = std::exchange(inside_of, watcher.get());
        watcher->changed(journal, gone);
        inside_of = outer;
    }
}

void Journals::moved(const std::string& epoch, std::uint64_t last) {
    JournalInfo journal;
    {
        std::lock_guard lock(mutex_);
        const auto known = known_.find(epoch);
        if (known == known_.end() || known->second.last >= last) return;
        known->second.last = last;
        journal = known->second;
    }
    tell(journal, false);
}

void Journals::update(const std::map<std::string, JournalInfo>& announced) {
    std::vector<JournalInfo> moved, gone;
    {
        std::lock_guard lock(mutex_);
        for (const auto& [epoch, journal] : known_) {
            if (!announced.contains(epoch)) gone.push_back(journal);
        }
        for (const auto& [epoch, journal] : announced) {
            const auto before = known_.find(epoch);
            const bool is_new = before == known_.end() || before->second.peer != journal.peer;
            if (is_new || before->second.last < journal.last) moved.push_back(journal);
        }
        known_ = announced;
        std::erase_if(followed_, [](const auto& entry) { return entry.second->feed.expired(); });
    }
    for (const auto& journal : gone)
        tell(journal, true);
    for (const auto& journal : moved)
        tell(journal, false);
}

}  // namespace streamwall::transport
