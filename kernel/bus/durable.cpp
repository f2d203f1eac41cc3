// How a durable subscription begins, reads and remembers. Its deliveries: durable_delivery.cpp.
#include "bus/durable.hpp"

#include "bus/pattern.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace streamwall::bus {

namespace {
constexpr std::size_t kReadAtOnce = 256;

// Up to where a reply shows that no event matches. A journal may leave the filter to its reader.
std::uint64_t through_without(std::string_view pattern, const ReadResult& found) {
    for (const auto& event : found.events) {
        if (matches(pattern, event->type())) return event->sequence() - 1;
    }
    return found.through;
}
}  // namespace

DurableReader::DurableReader(Party& owner, DurableOptions options, Handler handler,
                             DurableServices parts, DurableEvents events)
    : owner_(owner),
      options_(std::move(options)),
      handler_(handler),
      parts_(parts),
      events_(std::move(events)),
      self_(std::make_shared<Party>()),
      journal_(*parts_.journal->port, *self_) {
    self_->instance = "bus";
    self_->address = owner.address;
    self_->patient = true;
    self_->strand = exec::Strand::make("bus:" + options_.name, parts_.pool);
    stats_.name = options_.name;
    stats_.pattern = options_.pattern;
    stats_.peer = parts_.journal->peer;
}

// The last reference may go inside a reply to `self_`, which must outlive that reply.
DurableReader::~DurableReader() {
    auto strand = self_->strand;
    strand->post_function(
        [party = std::move(self_), port = parts_.journal->port] { port->forget(*party); });
}

void DurableReader::start() {
    feed_watch_ = parts_.journal->feed->watch(
        options_.pattern, [weak = weak_from_this()](std::uint64_t first) {
            auto self = weak.lock();
            if (!self) return;
            std::uint64_t none = 0;
            self->first_since_start_.compare_exchange_strong(none, first);
            self->has_committed_ = true;
            self->wake();
        });
    run([this] {
        running_ = true;
        load();
    });
}

// ---- where to begin ----

void DurableReader::load() {
    if (stopping_) return;
    journal_.position(options_.name, [self = shared_from_this()](auto found) {
        if (self->stopping_) return;
        if (found) {
            self->events_.known();
            return self->begin_at(std::move(*found));
        }
        if (found.error().code == SW_NOT_FOUND) return self->begin_new();
        self->retry_later([self = self.get()] { self->load(); });
    });
}

void DurableReader::begin_new() {
    journal_.read(0, 1, options_.pattern, "", [self = shared_from_this()](auto result) {
        if (self->stopping_) return;
        if (result) return self->begin_behind(*result);
        self->retry_later([self = self.get()] { self->begin_new(); });
    });
}

void DurableReader::begin_behind(const ReadResult& found) {
    const auto oldest = found.first > 0 ? found.first - 1 : 0;
    Position position{found.epoch, oldest, {}};
    if (options_.start == SW_START_NEW && !lost_place_) {
        if (!newest_) newest_ = found.last;
        // The answer may be later than the start: what came between belongs to this name.
        const auto first = options_.since_feed_began ? parts_.journal->feed->first_of(found.epoch)
                                                     : first_since_start_.load();
        if (first != 0) newest_ = std::min(*newest_, first - 1);
        const auto beginning = events_.beginning();
        const bool has_none_behind = through_without(options_.pattern, found) >= *newest_;
        if (beginning == Beginning::later && !has_none_behind) {
            return retry_later([this] { begin_new(); });
        }
        // Where nothing of its pattern is behind, an old name and a new one begin alike.
        if (beginning != Beginning::oldest) position.sequence = std::max(*newest_, oldest);
    }
    begin_at(std::move(position));
    // At once: whoever follows must not take the name for a new one.
    mark_dirty();
    parts_.timers.cancel(save_timer_);
    save([] {});
}

void DurableReader::begin_at(Position position) {
    load_failures_ = 0;
    epoch_ = std::move(position.epoch);
    cursor_ = position.sequence;
    reload_parked(std::move(position.parked));
    read_journal();
}

// Parked subjects come back with everything of theirs up to the position.
void DurableReader::reload_parked(std::vector<Parked> parked) {
    for (auto& entry : parked) {
        auto& lane = lanes_[entry.subject];
        lane.parked = true;
        lane.attempts = entry.attempts;
        lane.resume_at = entry.sequence;
        ++parked_;
        reload_lane(entry.subject, entry.sequence - 1, cursor_);
    }
}

void DurableReader::reload_lane(const std::string& subject, std::uint64_t after,
                                std::uint64_t upto) {
    journal_.read(
        after, 1000, options_.pattern, subject,
        [self = shared_from_this(), subject, after, upto](auto result) {
            if (self->stopping_) return;
            if (!result && result.error().code != SW_OUT_OF_RANGE) {
                const auto again = [weak = self->weak_from_this(), subject, after, upto] {
                    if (auto reader = weak.lock()) reader->reload_lane(subject, after, upto);
                };
                self->parts_.timers.after(self->self_->strand, self->options_.first_retry, again);
                return;
            }
            const auto lane = self->lanes_.find(subject);
            auto& queue = lane->second.queue;
            if (result) {
                // Events that came meanwhile are queued already; these go before them.
                auto at = std::ranges::find_if(
                    queue, [after](const auto& event) { return event->sequence() > after; });
                for (auto& event : result->events) {
                    if (event->sequence() <= upto) at = std::next(queue.insert(at, event));
                }
                if (result->through < upto) {
                    return self->reload_lane(subject, result->through, upto);
                }
            }
            lane->second.resume_at = 0;
            self->park(lane, self->backoff(lane->second.attempts));
        });
}

// ---- reading ----

void DurableReader::wake() {  // [any]
    if (wake_posted_.exchange(true)) return;
    run([this] {
        wake_posted_ = false;
        pump();
    });
}

void DurableReader::told(std::uint64_t last, bool is_reachable) {  // [any]
    run([this, last, is_reachable] {
        const bool was_reachable = std::exchange(is_reachable_, is_reachable);
        const bool came_back = is_reachable && !was_reachable;
        last_ = std::max(last_, last);
        if (stopping_ || !is_reachable_ || epoch_.empty()) return;
        if (came_back && dirty_) save_later();
        // It may be another log by now, or miss what the feed has.
        if (came_back) return read_journal();
        pump();
        if (cursor_ < last_) read_journal();
    });
}

void DurableReader::pump() {
    while (running_ && !stopping_ && !reading_ && !epoch_.empty()) {
        const auto busy = outstanding_.size();
        if (busy >= options_.limit) return;
        if (parked_ >= options_.max_parked) {
            if (!std::exchange(paused_, true)) {
                events_.warn("subscription.paused",
                             fmt::format("{} has {} parked subjects", options_.name, parked_));
            }
            return;
        }
        paused_ = false;
        const auto batch =
            parts_.journal->feed->after(epoch_, cursor_, options_.limit - busy, options_.pattern);
        last_ = std::max(last_, batch.last);
        const bool has_committed = has_committed_.exchange(false);
        if (!batch.kept && (cursor_ < last_ || has_committed)) return read_journal();
        // The commit was read already, or it is that of a log which has gone back.
        if (has_committed && batch.last < cursor_) return read_journal();
        if (batch.through <= cursor_) return;
        for (const auto& event : batch.events)
            take(event);
        advance_to(batch.through);
    }
}

void DurableReader::read_journal() {
    if (reading_ || stopping_ || !is_reachable_) return;
    reading_ = true;
    const auto room = std::min(kReadAtOnce, options_.limit > outstanding_.size()
                                                ? options_.limit - outstanding_.size()
                                                : std::size_t{1});
    journal_.read(cursor_, room, options_.pattern, "", [self = shared_from_this()](auto result) {
        self->reading_ = false;
        if (!self->stopping_) self->took(std::move(result));
    });
}

void DurableReader::took(std::expected<ReadResult, Failure> result) {
    if (!result && result.error().code == SW_OUT_OF_RANGE) {
        events_.warn("subscription.reset",
                     fmt::format("{} fell behind what the journal keeps; it goes on at the oldest "
                                 "event",
                                 options_.name));
        epoch_.clear();
        cursor_ = 0;
        lost_place_ = true;
        return begin_new();
    }
    if (!result) {
        return retry_later([this] { read_journal(); });
    }
    // A peer has another log now; the mesh will say so, and that is another reader's.
    const auto& wanted = parts_.journal->epoch;
    if (!wanted.empty() && result->epoch != wanted) {
        is_reachable_ = false;
        return;
    }
    if (!epoch_.empty() && result->epoch != epoch_) {
        return start_over("the journal that {} reads is another one now", *result);
    }
    if (result->last < cursor_) return start_over("the journal that {} reads went back", *result);
    load_failures_ = 0;
    epoch_ = result->epoch;
    last_ = result->last;
    for (const auto& event : result->events) {
        if (matches(options_.pattern, event->type())) take(event);
    }
    advance_to(result->through);
    if (result->through < result->last)
        wake();
    else
        pump();
}

// What waited is gone with the log; what is under way ends without a trace. Sequences begin anew.
void DurableReader::start_over(const std::string& why, const ReadResult& found) {
    events_.warn("subscription.reset", fmt::format(fmt::runtime(why), options_.name) +
                                           "; it goes on at its oldest event");
    for (auto at = lanes_.begin(); at != lanes_.end();) {
        auto& lane = at->second;
        parts_.timers.cancel(lane.timer);
        const bool under_way = lane.ticket != 0;
        if (under_way) {
            lane.queue.resize(1);
            lane.is_stale = true;
            lane.parked = false;
            lane.attempts = 0;
        }
        at = under_way ? std::next(at) : lanes_.erase(at);
    }
    outstanding_.clear();
    parked_ = 0;
    epoch_ = found.epoch;
    cursor_ = found.first > 0 ? found.first - 1 : 0;
    last_ = found.last;
    mark_dirty();
    read_journal();
}

void DurableReader::take(const EventPtr& event) {
    if (event->sequence() <= cursor_) return;
    const std::string subject(event->subject());
    auto& lane = lanes_[subject];
    lane.queue.push_back(event);
    if (!lane.parked) outstanding_.insert(event->sequence());
    if (lane.queue.size() == 1 && !lane.parked) deliver(subject, lane);
}

void DurableReader::advance_to(std::uint64_t sequence) {
    if (sequence <= cursor_) return;
    cursor_ = sequence;
    mark_dirty();
}

// ---- waiting and remembering ----

void DurableReader::retry_later(std::function<void()> step) {
    const auto wait = std::min<std::int64_t>(2000, 50ll << std::min(load_failures_++, 6));
    retry_timer_ = parts_.timers.after(self_->strand, std::chrono::milliseconds(wait),
                                       [weak = weak_from_this(), step = std::move(step)] {
                                           if (auto self = weak.lock(); self && !self->stopping_) {
                                               step();
                                           }
                                       });
}

std::uint64_t DurableReader::watermark() const {
    return outstanding_.empty() ? cursor_ : std::min(cursor_, *outstanding_.begin() - 1);
}

void DurableReader::mark_dirty() {
    publish_stats();
    if (!std::exchange(dirty_, true)) save_later();
}

void DurableReader::save_later() {
    if (stopping_ || !is_reachable_) return;
    save_timer_ =
        parts_.timers.after(self_->strand, options_.save_every, [weak = weak_from_this()] {
            if (auto self = weak.lock()) self->save([] {});
        });
}

void DurableReader::save(std::function<void()> then) {
    // An unreachable journal gives those events again.
    if (!dirty_ || epoch_.empty() || !is_reachable_) return then();
    dirty_ = false;
    Position position{epoch_, watermark(), {}};
    for (const auto& [subject, lane] : lanes_) {
        if (!lane.parked) continue;
        const auto first = lane.resume_at ? lane.resume_at : lane.queue.front()->sequence();
        position.parked.push_back({subject, first, lane.attempts});
    }
    const LeaseProof proof{options_.name, options_.lease_token};
    journal_.save_position(options_.name, position, options_.lease ? &proof : nullptr,
                           [self = shared_from_this(), then = std::move(then)](auto saved) {
                               if (!saved && !self->stopping_) self->mark_dirty();
                               then();
                           });
}

void DurableReader::publish_stats() {
    std::lock_guard lock(stats_mutex_);
    stats_.epoch = epoch_;
    stats_.position = watermark();
    stats_.last = std::max(last_, cursor_);
    stats_.in_flight = outstanding_.size();
    stats_.parked = parked_;
    stats_.paused = paused_;
}

DurableReader::Stats DurableReader::stats() const {
    std::lock_guard lock(stats_mutex_);
    return stats_;
}

void DurableReader::halt() {
    stopping_ = true;
    parts_.journal->feed->unwatch(feed_watch_);
    parts_.timers.cancel(save_timer_);
    parts_.timers.cancel(retry_timer_);
    for (auto& [subject, lane] : lanes_)
        parts_.timers.cancel(lane.timer);
    for (auto& [ticket, outcome] : std::exchange(redeliveries_, {}))
        outcome(SW_CANCELLED);
}

void DurableReader::stop(std::function<void()> done) {
    gate_.close();
    run([this, done = std::move(done)]() mutable {
        halt();
        save(std::move(done));
    });
}

void DurableReader::abandon(std::function<void()> done) {
    gate_.close();
    run([this, done = std::move(done)]() mutable {
        halt();
        if (tickets_.empty()) return done();
        when_quiet_ = std::move(done);
    });
}

}  // namespace streamwall::bus
