#include "history.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace streamwall::hub {

void History::reset(std::string_view epoch, std::uint64_t floor) {
    epoch_ = epoch;
    floor_ = head_ = floor;
    begun_at_ = 0;
    known_from_ms_ = std::numeric_limits<std::int64_t>::max();
    bytes_ = 0;
    events_.clear();
}

void History::forget_oldest() {
    known_from_ms_ = std::max(known_from_ms_, events_.front().time_ms);
    floor_ = events_.front().sequence;
    bytes_ -= events_.front().memory();
    events_.pop_front();
}

void History::add(std::string_view epoch, PastEvent event) {
    if (epoch.empty() || event.sequence == 0) return;
    if (epoch != epoch_) reset(epoch, event.sequence - 1);
    if (event.sequence <= head_) return;
    head_ = event.sequence;
    bytes_ += event.memory();
    events_.push_back(std::move(event));
    while (bytes_ > max_bytes_ && events_.size() > 1)
        forget_oldest();
}

namespace {
// How far the clock of who numbers the events may be ahead of ours.
constexpr std::int64_t kClockSkewMs = 1'000;
}  // namespace

void History::begin(const Position& newest, std::int64_t now_ms) {
    if (begun_ || newest.epoch.empty()) return;
    begun_ = true;
    if (epoch_.empty()) reset(newest.epoch, newest.sequence);
    // Events that came first and are of another journal are of a newer one.
    if (newest.epoch != epoch_) return;
    begun_at_ = newest.sequence;
    known_from_ms_ = now_ms + kClockSkewMs;
    while (!events_.empty() && events_.front().sequence <= begun_at_)
        forget_oldest();
    floor_ = std::max(floor_, begun_at_);
    head_ = std::max(head_, begun_at_);
}

History::Page History::after(std::uint64_t after, std::size_t max_bytes) const {
    Page out{{}, after, true};
    std::size_t bytes = 0;
    auto at = std::ranges::upper_bound(events_, after, {}, &PastEvent::sequence);
    for (; at != events_.end(); ++at) {
        bytes += at->record.view().size() + at->changes.size();
        if (bytes > max_bytes && !out.events.empty()) {
            out.reaches_head = false;
            return out;
        }
        out.events.push_back(&*at);
        out.through = at->sequence;
    }
    out.through = std::max(after, head_);
    return out;
}

std::uint64_t History::before_time(std::int64_t time_ms) const {
    const auto at = std::ranges::lower_bound(events_, time_ms, {}, &PastEvent::time_ms);
    return at == events_.begin() ? floor_ : std::prev(at)->sequence;
}

}  // namespace streamwall::hub
