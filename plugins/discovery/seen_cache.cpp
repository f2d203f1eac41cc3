// Least recently used, with a lifetime.
#include "seen_cache.hpp"

namespace streamwall::discovery {

bool SeenCache::contains(std::string_view url, Time now) {
    const auto found = by_url_.find(url);
    if (found == by_url_.end()) return false;
    if (found->second->until <= now) {
        forget(url);
        return false;
    }
    entries_.splice(entries_.begin(), entries_, found->second);
    return true;
}

void SeenCache::remember(std::string_view url, Time now) {
    if (capacity_ == 0) return;
    if (const auto found = by_url_.find(url); found != by_url_.end()) {
        found->second->until = now + lifetime_;
        entries_.splice(entries_.begin(), entries_, found->second);
        return;
    }
    if (entries_.size() == capacity_) {
        by_url_.erase(entries_.back().url);
        entries_.pop_back();
    }
    entries_.push_front({std::string(url), now + lifetime_});
    by_url_.emplace(entries_.front().url, entries_.begin());
}

void SeenCache::forget(std::string_view url) {
    const auto found = by_url_.find(url);
    if (found == by_url_.end()) return;
    const Entries::iterator entry = found->second;
    by_url_.erase(found);
    entries_.erase(entry);
}

}  // namespace streamwall::discovery
