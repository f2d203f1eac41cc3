#include "credential_news.hpp"

#include <algorithm>

namespace streamwall::http_server {

bool CredentialNews::heard(const Told& told, Time now) {
    const std::lock_guard lock(mutex_);
    bool is_doubtful = drop_silent(now - kSilence);
    const auto found = tellers_.find(told.teller);
    if (found == tellers_.end()) {
        is_doubtful |= greet(told, now);
    } else if (told.manner != Manner::kReply) {
        auto& teller = found->second;
        is_doubtful |= told.count > teller.count + (told.manner == Manner::kChange ? 1 : 0);
        teller.count = std::max(teller.count, told.count);
        teller.heard = now;
        if (told.manner == Manner::kEnd) tellers_.erase(found);
    }
    succeed(told);
    trust();
    return is_doubtful;
}

bool CredentialNews::greet(const Told& told, Time now) {
    if (told.manner == Manner::kEnd) return false;
    drop_silent(now - kGone);
    if (tellers_.size() == kMostTellers) tellers_.erase(tellers_.begin());
    tellers_.emplace(told.teller, Teller{told.count, now});
    return true;
}

// Nothing more can come of those that ran where it runs: it was in doubt when it came, so that
// their silence says nothing new.
void CredentialNews::succeed(const Told& told) {
    if (told.place.empty()) return;
    const auto self = tellers_.find(told.teller);
    if (self == tellers_.end() || self->second.place == told.place) return;
    self->second.place = told.place;
    std::erase_if(tellers_, [&](const auto& each) {
        return each.second.place == told.place && each.first != told.teller;
    });
}

// Those that were not heard after `since`.
bool CredentialNews::drop_silent(Time since) {
    return std::erase_if(tellers_,
                         [since](const auto& each) { return each.second.heard <= since; }) > 0;
}

void CredentialNews::trust() {
    auto until = tellers_.empty() ? Time::min() : Time::max();
    for (const auto& [name, teller] : tellers_)
        until = std::min(until, teller.heard + kSilence);
    current_until_ = until.time_since_epoch().count();
}

void CredentialNews::note(const PrincipalId& who) {
    const std::lock_guard lock(mutex_);
    notes_[noted_++ % kNotes] = who;
}

void CredentialNews::note_doubt() {
    const std::lock_guard lock(mutex_);
    doubted_ = ++noted_;
}

std::uint64_t CredentialNews::position() const {
    const std::lock_guard lock(mutex_);
    return noted_;
}

bool CredentialNews::has_changed(const PrincipalId& who, std::uint64_t since) const {
    const std::lock_guard lock(mutex_);
    if (since < doubted_ || noted_ - since > kNotes) return true;
    for (auto at = since; at < noted_; ++at) {
        if (notes_[at % kNotes] == who) return true;
    }
    return false;
}

}  // namespace streamwall::http_server
