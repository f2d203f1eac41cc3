// The ring of recent durable events.
#include "bus/feed.hpp"

#include <algorithm>

namespace streamwall::bus {

void Feed::committed(const sw_event* events, std::size_t count) {
    if (count == 0) return;
    std::vector<EventPtr> made;
    made.reserve(count);
    for (std::size_t n = 0; n < count; ++n) {
        made.push_back(std::make_shared<const EventRecord>(events[n]));
    }
    {
        std::lock_guard lock(mutex_);
        for (const auto& event : made) {
            const auto epoch = view(event->raw().epoch);
            const bool follows = !events_.empty() && epoch == epoch_ &&
                                 event->sequence() == events_.back()->sequence() + 1;
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
        for (const auto& [id, wake] : watchers_)
            wake(made.front()->sequence());
    }
    if (seen_) {
        for (const auto& event : made)
            seen_(event);
    }
}

Feed::Batch Feed::after(const std::string& epoch, std::uint64_t after, std::size_t limit) const {
    std::lock_guard lock(mutex_);
    Batch batch;
    if (events_.empty() || epoch != epoch_) return batch;
    batch.last = events_.back()->sequence();
    batch.kept = after + 1 >= events_.front()->sequence();
    if (!batch.kept || after >= batch.last) return batch;
    const auto begin = after + 1 - events_.front()->sequence();
    const auto end = std::min(events_.size(), begin + limit);
    batch.events.assign(events_.begin() + static_cast<std::ptrdiff_t>(begin),
                        events_.begin() + static_cast<std::ptrdiff_t>(end));
    return batch;
}

std::uint64_t Feed::watch(std::function<void(std::uint64_t)> wake) {
    std::lock_guard lock(mutex_);
    watchers_.emplace_back(next_watcher_, std::move(wake));
    return next_watcher_++;
}

void Feed::unwatch(std::uint64_t id) {
    std::lock_guard lock(mutex_);
    std::erase_if(watchers_, [&](const auto& watcher) { return watcher.first == id; });
}

}  // namespace streamwall::bus
