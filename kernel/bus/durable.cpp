// How a durable subscription begins, reads and remembers. Its deliveries: durable_delivery.cpp.
#include "bus/durable.hpp"

#include "bus/pattern.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace streamwall::bus {

namespace {
constexpr std::size_t kReadAtOnce = 256;
}  // namespace

DurableReader::DurableReader(Party& owner, DurableOptions options, Handler handler,
                             DurableServices parts, DurableEvents events)
    : owner_(owner),
      options_(std::move(options)),
      handler_(handler),
      parts_(parts),
      events_(std::move(events)),
      self_(std::make_shared<Party>()),
      journal_(parts_.journal, *self_) {
    self_->instance = "bus";
    self_->address = owner.address;
    self_->strand = exec::Strand::make("bus:" + options_.name, parts_.pool);
    stats_.name = options_.name;
    stats_.pattern = options_.pattern;
}

// The last reference may go inside a reply to `self_`, which must outlive that reply.
DurableReader::~DurableReader() {
    auto strand = self_->strand;
    strand->post_function(
        [party = std::move(self_), &journal = parts_.journal] { journal.forget(*party); });
}

void DurableReader::start() {
    feed_watch_ =
        parts_.feed.watch(options_.pattern, [weak = weak_from_this()](std::uint64_t first) {
            auto self = weak.lock();
            if (!self) return;
            std::uint64_t none = 0;
            self->first_since_start_.compare_exchange_strong(none, first);
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
        if (found) return self->begin_at(std::move(*found));
        if (found.error().code == SW_NOT_FOUND) return self->begin_new();
        self->retry_later([self = self.get()] { self->load(); });
    });
}

void DurableReader::begin_new() {
    journal_.read(0, 1, "", "", [self = shared_from_this()](auto result) {
        if (self->stopping_) return;
        if (!result && result.error().code != SW_OUT_OF_RANGE) {
            return self->retry_later([self = self.get()] { self->begin_new(); });
        }
        Position position;
        if (result) {
            position.epoch = result->epoch;
            if (self->options_.start == SW_START_NEW) {
                position.sequence = result->last;
                // The answer may be later than the start: what came between belongs to this name.
                const auto first = self->first_since_start_.load();
                if (first != 0) position.sequence = std::min(position.sequence, first - 1);
            }
            if (self->options_.start == SW_START_ALL && result->first > 0) {
                position.sequence = result->first - 1;
            }
        }
        self->begin_at(std::move(position));
        self->mark_dirty();
    });
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
            parts_.feed.after(epoch_, cursor_, options_.limit - busy, options_.pattern);
        last_ = std::max(last_, batch.last);
        if (!batch.kept && cursor_ < last_) return read_journal();
        if (batch.through <= cursor_) return;
        for (const auto& event : batch.events)
            take(event);
        advance_to(batch.through);
    }
}

void DurableReader::read_journal() {
    if (reading_ || stopping_) return;
    reading_ = true;
    const auto room = std::min(kReadAtOnce, options_.limit > outstanding_.size()
                                                ? options_.limit - outstanding_.size()
                                                : std::size_t{1});
    journal_.read(cursor_, room, options_.pattern, "", [self = shared_from_this()](auto result) {
        self->reading_ = false;
        if (self->stopping_) return;
        if (!result && result.error().code == SW_OUT_OF_RANGE) {
            self->events_.warn(
                "subscription.reset",
                fmt::format("{} fell behind what the journal keeps; it goes on at the "
                            "oldest event",
                            self->options_.name));
            self->epoch_.clear();
            self->cursor_ = 0;
            return self->begin_new();
        }
        if (!result) return self->retry_later([self = self.get()] { self->read_journal(); });
        if (!self->epoch_.empty() && result->epoch != self->epoch_) {
            self->events_.warn(
                "subscription.reset",
                fmt::format("the journal that {} reads is another one now; it goes on "
                            "at its oldest event",
                            self->options_.name));
            self->cursor_ = result->first > 0 ? result->first - 1 : 0;
            self->epoch_ = result->epoch;
            return self->read_journal();
        }
        self->load_failures_ = 0;
        self->epoch_ = result->epoch;
        self->last_ = result->last;
        for (const auto& event : result->events)
            self->take(event);
        self->advance_to(result->through);
        if (result->through < result->last)
            self->wake();
        else
            self->pump();
    });
}

void DurableReader::take(const EventPtr& event) {
    if (event->sequence() <= cursor_ || !matches(options_.pattern, event->type())) return;
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
    return outstanding_.empty() ? cursor_ : *outstanding_.begin() - 1;
}

void DurableReader::mark_dirty() {
    publish_stats();
    if (std::exchange(dirty_, true) || stopping_) return;
    save_timer_ =
        parts_.timers.after(self_->strand, options_.save_every, [weak = weak_from_this()] {
            if (auto self = weak.lock()) self->save({});
        });
}

void DurableReader::save(std::function<void()> then) {
    if (!dirty_ || epoch_.empty()) {
        if (then) then();
        return;
    }
    dirty_ = false;
    Position position{epoch_, watermark(), {}};
    for (const auto& [subject, lane] : lanes_) {
        if (!lane.parked) continue;
        const auto first = lane.resume_at ? lane.resume_at : lane.queue.front()->sequence();
        position.parked.push_back({subject, first, lane.attempts});
    }
    journal_.save_position(options_.name, position,
                           [self = shared_from_this(), then = std::move(then)](auto saved) {
                               if (!saved && !self->stopping_) self->mark_dirty();
                               if (then) then();
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

void DurableReader::stop(std::function<void()> done) {
    gate_.close();
    run([this, done = std::move(done)]() mutable {
        stopping_ = true;
        parts_.feed.unwatch(feed_watch_);
        parts_.timers.cancel(save_timer_);
        parts_.timers.cancel(retry_timer_);
        for (auto& [subject, lane] : lanes_)
            parts_.timers.cancel(lane.timer);
        for (auto& [ticket, outcome] : std::exchange(redeliveries_, {}))
            outcome(SW_CANCELLED);
        save([self = shared_from_this(), done = std::move(done)] { done(); });
    });
}

}  // namespace streamwall::bus
