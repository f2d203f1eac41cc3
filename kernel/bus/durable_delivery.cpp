// How a durable subscription hands over events: one at a time for each subject, tried again, given
// up.
#include "bus/durable.hpp"

#include "exec/fault.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace streamwall::bus {

namespace {
thread_local const DurableReader* inside_of = nullptr;  // whose handler this thread runs

bool is_passing(sw_status status) {
    return status == SW_UNAVAILABLE || status == SW_DEADLINE_EXCEEDED || status == SW_ABORTED ||
           status == SW_RESOURCE_EXHAUSTED || status == SW_CANCELLED;
}
}  // namespace

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
        // Asked here and not only by a timer: the process may have stood still until now.
        const bool allowed = hold && (!options_.lease || options_.lease->holds());
        if (allowed && attempt == 1) event->reached(owner_);
        if (allowed) status = handler_.function(handler_.ctx, &frame.event, error.get());
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
    if (stopping_ && tickets_.empty() && when_quiet_) return std::exchange(when_quiet_, {})();
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
    if (!std::exchange(lane.is_stale, false)) outstanding_.erase(sequence);
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
    if (lane.is_stale) return succeeded(at);  // its log is gone, and with it what to try again
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

// ---- trying again ----

std::chrono::milliseconds DurableReader::backoff(int attempt) {
    auto wait = options_.first_retry;
    for (int n = 1; n < attempt && wait < options_.last_retry; ++n)
        wait *= 2;
    wait = std::min(wait, options_.last_retry);
    std::uniform_int_distribution<std::int64_t> jitter(0, wait.count() / 4);
    return wait + std::chrono::milliseconds(jitter(random_));
}

void DurableReader::end() {
    gate_.close();
    gate_.wait_empty(std::chrono::hours(24), inside_of == this ? 1 : 0);
}

}  // namespace streamwall::bus
