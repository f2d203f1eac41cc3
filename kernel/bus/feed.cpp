// The ring of recent durable events.
#include "bus/feed.hpp"

#include "bus/pattern.hpp"

#include <algorithm>

namespace streamwall::bus {

void Feed::committed(const sw_event* events, std::size_t count) {
    std::vector<EventPtr> made;
    made.reserve(count);
    for (std::size_t n = 0; n < count; ++n)
        made.push_back(std::make_shared<const EventRecord>(events[n]));
    committed(made);
}

void Feed::committed(const std::vector<EventPtr>& events) {
    if (events.empty()) return;
    {
        std::lock_guard lock(mutex_);
        keep(events);
        wake(events);
    }
    if (committed_) committed_(events);
    if (seen_) {
        for (const auto& event : events)
            seen_(event);
    }
}

void Feed::keep(const std::vector<EventPtr>& events) {
    for (const auto& event : events) {
        const auto epoch = view(event->raw().epoch);
        const bool follows = !events_.empty() && epoch == epoch_ &&
                             event->sequence() == events_.back()->sequence() + 1;
        if (epoch != epoch_) first_of_epoch_ = event->sequence();
        if (!follows) {
            events_.clear();
            bytes_ = 0;
            epoch_ = epoch;
        }
        bytes_ += view(event->raw().data).size();
        events_.push_back(event);
    }
    while (events_.size() > kMaxEvents || (bytes_ > kMaxBytes && events_.size() > 1)) {
        bytes_ -= view(events_.front()->raw().data).size();
        events_.pop_front();
    }
}

// A commit brings few types, often one: each is matched once for each watcher.
void Feed::wake(const std::vector<EventPtr>& events) {
    std::vector<std::string_view> types;
    for (const auto& event : events) {
        if (std::ranges::find(types, event->type()) == types.end()) types.push_back(event->type());
    }
    for (auto& watcher : watchers_) {
        watcher.unseen += events.size();
        const bool concerned =
            watcher.unseen >= kMaxUnseen || std::ranges::any_of(types, [&](std::string_view type) {
                return matches(watcher.pattern, type);
            });
        if (!concerned) continue;
        watcher.unseen = 0;
        watcher.wake(events.front()->sequence());
    }
}

Feed::Batch Feed::after(const std::string& epoch, std::uint64_t after, std::size_t limit,
                        std::string_view pattern) const {
    std::lock_guard lock(mutex_);
    Batch batch;
    batch.through = after;
    if (events_.empty() || epoch != epoch_) return batch;
    batch.last = events_.back()->sequence();
    batch.kept = after + 1 >= events_.front()->sequence();
    if (!batch.kept || after >= batch.last) return batch;
    const auto begin = static_cast<std::ptrdiff_t>(after + 1 - events_.front()->sequence());
    std::string_view type;  // most events are of the type before
    bool wanted = false;
    for (auto at = events_.begin() + begin; at != events_.end(); ++at) {
        if (type != (*at)->type()) {
            type = (*at)->type();
            wanted = matches(pattern, type);
        }
        if (wanted) {
            if (batch.events.size() == limit) break;
            batch.events.push_back(*at);
        }
        batch.through = (*at)->sequence();
    }
    return batch;
}

std::uint64_t Feed::first_of(std::string_view epoch) const {
    std::lock_guard lock(mutex_);
    return epoch == epoch_ ? first_of_epoch_ : 0;
}

std::uint64_t Feed::watch(std::string pattern, Wake wake) {
    std::lock_guard lock(mutex_);
    watchers_.push_back({next_watcher_, std::move(pattern), std::move(wake), 0});
    return next_watcher_++;
}

void Feed::unwatch(std::uint64_t id) {
    std::lock_guard lock(mutex_);
    std::erase_if(watchers_, [&](const Watcher& watcher) { return watcher.id == id; });
}

}  // namespace streamwall::bus
