// How a durable subscription reads, delivers, retries and remembers.
#include "bus/durable.hpp"

#include "bus/pattern.hpp"
#include "exec/fault.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace streamwall::bus {

namespace {
constexpr std::size_t kReadAtOnce = 256;
thread_local const DurableReader* inside_of = nullptr;  // whose handler this thread runs

bool is_passing(sw_status status) {
    return status == SW_UNAVAILABLE || status == SW_DEADLINE_EXCEEDED || status == SW_ABORTED ||
           status == SW_RESOURCE_EXHAUSTED || status == SW_CANCELLED;
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
    feed_watch_ = parts_.feed.watch([weak = weak_from_this()](std::uint64_t first) {
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
        const auto batch = parts_.feed.after(epoch_, cursor_, options_.limit - busy);
        last_ = std::max(last_, batch.last);
        if (!batch.kept && cursor_ < last_) return read_journal();
        if (batch.events.empty()) return;
        for (const auto& event : batch.events)
            take(event);
        advance_to(batch.events.back()->sequence());
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

// ---- delivering ----

void DurableReader::deliver(const std::string& subject, Lane& lane) {
    if (stopping_) return;
    lane.ticket = next_ticket_++;
    tickets_[lane.ticket] = subject;
    invoke(lane.queue.front(), lane.ticket, static_cast<std::uint32_t>(lane.attempts) + 1);
}

void DurableReader::invoke(const EventPtr& event, std::uint64_t ticket, std::uint32_t attempt) {
    // A link may be late: the owner can be gone by then, its strand is kept.
    const auto hand_over = [self = shared_from_this(), ticket, attempt, parallel = owner_.parallel,
                            strand = owner_.strand](const EventPtr& given) {
        if (parallel) return self->handle(given, ticket, attempt);
        strand->post(exec::Task::of(
            [self, given, ticket, attempt] { self->handle(given, ticket, attempt); }));
    };
    const std::string_view producer = view(event->raw().producer);
    if (parts_.link && parts_.link->separates(producer.substr(0, producer.find('@')), owner_)) {
        parts_.link->carry(event, hand_over);
    } else {
        hand_over(event);
    }
}

void DurableReader::handle(const EventPtr& event, std::uint64_t ticket, std::uint32_t attempt) {
    Frame frame{event->raw(), this, event};
    sw_context context = *event->raw().context;
    context.deadline_ns = parts_.clock.monotonic_ns() + 30'000'000'000ull;
    frame.event.context = &context;
    frame.event.attempt = attempt;
    frame.event.size = sizeof frame.event;
    frame.ticket = ticket;
    ErrorSlot error;
    sw_status status = SW_CANCELLED;
    {
        exec::GateHold hold(gate_);
        const auto* outer = std::exchange(inside_of, this);
        if (hold) status = handler_.function(handler_.ctx, &frame.event, error.get());
        inside_of = outer;
    }
    if (status == SW_PENDING && frame.deferred) return;
    if (status == SW_PENDING) {
        return complete(ticket, SW_INTERNAL,
                        Failure::of(SW_INTERNAL, "the handler is pending but did not defer"));
    }
    complete(ticket, status, status == SW_OK ? Failure{} : Failure::from(status, error.get()));
}

void DurableReader::complete(std::uint64_t ticket, sw_status status, Failure failure) {  // [any]
    SW_FAULT("before_ack");
    if (self_->strand->is_current()) return finished(ticket, status, failure);
    run([this, ticket, status, why = std::move(failure)] { finished(ticket, status, why); });
}

void DurableReader::finished(std::uint64_t ticket, sw_status status, const Failure& failure) {
    if (const auto extra = redeliveries_.find(ticket); extra != redeliveries_.end()) {
        const auto done = std::move(extra->second);
        redeliveries_.erase(extra);
        return done(status);
    }
    const auto known = tickets_.find(ticket);
    if (known == tickets_.end()) return;
    const auto lane = lanes_.find(known->second);
    tickets_.erase(known);
    if (lane == lanes_.end() || lane->second.ticket != ticket) return;
    lane->second.ticket = 0;
    if (status == SW_OK)
        succeeded(lane);
    else
        failed(lane, status, failure);
}

void DurableReader::succeeded(Lanes::iterator at) {
    auto& lane = at->second;
    {
        std::lock_guard lock(stats_mutex_);
        ++stats_.delivered;
    }
    const auto sequence = lane.queue.front()->sequence();
    lane.queue.pop_front();
    lane.attempts = 0;
    outstanding_.erase(sequence);
    mark_dirty();
    if (lane.parked) {
        lane.parked = false;
        --parked_;
        for (const auto& event : lane.queue)
            outstanding_.insert(event->sequence());
    }
    if (lane.queue.empty())
        lanes_.erase(at);
    else
        deliver(at->first, lane);
    // From inside a pump the loop goes on by itself; a post costs less than deep recursion.
    if (outstanding_.size() + 1 >= options_.limit || cursor_ < last_ || paused_) wake();
}

void DurableReader::failed(Lanes::iterator at, sw_status status, const Failure& failure) {
    if (stopping_) return;
    auto& lane = at->second;
    {
        std::lock_guard lock(stats_mutex_);
        ++stats_.retries;
    }
    if (!is_passing(status) && ++lane.attempts >= options_.tries) return bury(at, failure);
    park(at, backoff(std::max(lane.attempts, 1)));
}

void DurableReader::park(Lanes::iterator at, std::chrono::milliseconds wait) {
    auto& lane = at->second;
    if (lane.queue.empty()) {
        if (lane.parked) --parked_;
        lanes_.erase(at);
        return;
    }
    if (!lane.parked) {
        lane.parked = true;
        ++parked_;
        for (const auto& event : lane.queue)
            outstanding_.erase(event->sequence());
    }
    mark_dirty();
    lane.timer =
        parts_.timers.after(self_->strand, wait, [weak = weak_from_this(), subject = at->first] {
            auto self = weak.lock();
            if (!self || self->stopping_) return;
            const auto found = self->lanes_.find(subject);
            if (found != self->lanes_.end() && found->second.ticket == 0) {
                self->deliver(found->first, found->second);
            }
        });
    wake();
}

void DurableReader::bury(Lanes::iterator at, const Failure& failure) {
    auto& lane = at->second;
    const auto event = lane.queue.front();
    lane.ticket = next_ticket_++;  // nothing of this subject is delivered meanwhile
    tickets_[lane.ticket] = at->first;
    journal_.add_dead_letter(
        options_.name, event->raw(), failure, lane.attempts,
        [self = shared_from_this(), ticket = lane.ticket, message = failure.message,
         id = std::string(event->id())](auto added) {
            if (!added) {
                return self->finished(ticket, SW_UNAVAILABLE, added.error());
            }
            {
                std::lock_guard lock(self->stats_mutex_);
                ++self->stats_.dead_letters;
            }
            self->events_.warn("event.dead_letter", fmt::format("{} gave up on event {}: {}",
                                                                self->options_.name, id, message));
            self->finished(ticket, SW_OK, {});
        });
}

void DurableReader::redeliver(EventPtr event, std::function<void(sw_status)> done) {  // [any]
    run([this, event = std::move(event), done = std::move(done)]() mutable {
        const auto ticket = next_ticket_++;
        redeliveries_[ticket] = std::move(done);
        invoke(event, ticket, 1);
    });
}

// ---- waiting and remembering ----

std::chrono::milliseconds DurableReader::backoff(int attempt) {
    auto wait = options_.first_retry;
    for (int n = 1; n < attempt && wait < options_.last_retry; ++n)
        wait *= 2;
    wait = std::min(wait, options_.last_retry);
    std::uniform_int_distribution<std::int64_t> jitter(0, wait.count() / 4);
    return wait + std::chrono::milliseconds(jitter(random_));
}

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

void DurableReader::end() {
    gate_.close();
    gate_.wait_empty(std::chrono::hours(24), inside_of == this ? 1 : 0);
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
