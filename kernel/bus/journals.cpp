// The list of logs and who watches it.
#include "bus/journals.hpp"

#include <algorithm>

namespace streamwall::bus {

std::uint64_t Journals::watch(Seen seen) {
    std::lock_guard lock(mutex_);
    for (const auto& journal : journals_)
        seen(journal, false);
    watchers_.emplace_back(next_, std::move(seen));
    return next_++;
}

void Journals::unwatch(std::uint64_t id) {
    std::lock_guard lock(mutex_);
    std::erase_if(watchers_, [&](const auto& watcher) { return watcher.first == id; });
}

void Journals::add(JournalPtr journal) {
    std::lock_guard lock(mutex_);
    journals_.push_back(journal);
    for (const auto& [id, seen] : watchers_)
        seen(journal, true);
}

void Journals::open_own() {
    if (find(own_->epoch, own_->peer))
        told(own_, own_->last, true);
    else
        add(own_);
}

void Journals::close_own() {
    if (find(own_->epoch, own_->peer)) told(own_, own_->last, false);
}

JournalPtr Journals::find(const std::string& epoch, const std::string& peer) const {
    std::lock_guard lock(mutex_);
    const auto found = std::ranges::find_if(journals_, [&](const JournalPtr& journal) {
        return journal->epoch == epoch && journal->peer == peer;
    });
    return found == journals_.end() ? nullptr : *found;
}

void Journals::told(const JournalPtr& journal, std::uint64_t last, bool is_reachable) {
    std::lock_guard lock(mutex_);
    if (journal->is_reachable == is_reachable && journal->last == last) return;
    journal->is_reachable = is_reachable;
    journal->last = last;
    for (const auto& [id, seen] : watchers_)
        seen(journal, false);
}

std::vector<JournalPtr> Journals::list() const {
    std::lock_guard lock(mutex_);
    return journals_;
}

}  // namespace streamwall::bus
