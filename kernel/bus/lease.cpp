// Claiming, renewing and losing a lease.
#include "bus/lease.hpp"

#include <algorithm>
#include <utility>

namespace streamwall::bus {

LeaseKeeper::LeaseKeeper(JournalPort& port, const std::shared_ptr<Party>& party,
                         LeaseOptions options, exec::Timers& timers, const exec::Clock& clock,
                         LeaseEvents events)
    : client_(port, *party),
      party_(party),
      strand_(party->strand),
      options_(std::move(options)),
      timers_(timers),
      clock_(clock),
      events_(std::move(events)) {}

void LeaseKeeper::start() {
    ask();
}

void LeaseKeeper::hurry() {
    if (stopped_) return;
    timers_.cancel(ask_timer_);
    ask();
}

// Renewals may overlap, so that one lost on its way does not cost the lease; claims may not.
void LeaseKeeper::ask() {
    const auto party = party_.lock();
    if (stopped_ || !party) return;
    schedule(options_.every);
    if (asking_) return;
    asking_ = token_ == 0;
    const auto asked_ns = clock_.monotonic_ns();
    const auto asked_with = token_;
    client_.lease({options_.name, options_.owner, asked_with}, options_.ttl,
                  [self = shared_from_this(), party, asked_ns, asked_with](auto grant) {
                      if (asked_with == 0) self->asking_ = false;
                      if (self->stopped_ && asked_with == 0 && grant && grant->granted) {
                          return self->give_back(grant->token, [] {});
                      }
                      // The answer to a renewal of a lease that was lost meanwhile says nothing.
                      if (self->stopped_ || asked_with != self->token_) return;
                      if (grant) return self->answered(asked_ns, *grant);
                      // The time until the lease ends is for more than one attempt, and a claim
                      // that nobody answered has cost its time already.
                      self->schedule(self->options_.every / 4);
                  });
}

void LeaseKeeper::schedule(std::chrono::milliseconds wait) {
    timers_.cancel(ask_timer_);
    ask_timer_ = timers_.after(strand_, wait, [weak = weak_from_this()] {
        if (auto self = weak.lock()) self->ask();
    });
}

void LeaseKeeper::answered(std::uint64_t asked_ns, const LeaseGrant& grant) {
    if (!grant.granted) {
        lose();
        events_.refused(grant.owner);
        return;
    }
    const auto ttl = std::chrono::nanoseconds(options_.ttl);
    const auto until = asked_ns + static_cast<std::uint64_t>((ttl - ttl / 10).count());
    if (until <= clock_.monotonic_ns() && token_ == 0) return;  // came too late to be of use
    valid_until_ = std::max(valid_until_.load(), until);
    watch_end();
    if (token_ != 0) return;
    token_ = grant.token;
    is_owner_ = true;
    events_.gained(token_);
}

void LeaseKeeper::watch_end() {
    if (options_.outlives_silence) return;
    timers_.cancel(end_timer_);
    const auto now = clock_.monotonic_ns();
    const auto until = valid_until_.load();
    end_timer_ = timers_.after(strand_, std::chrono::nanoseconds(until > now ? until - now : 0),
                               [weak = weak_from_this()] {
                                   auto self = weak.lock();
                                   if (self && !self->stopped_ && !self->holds()) self->lose();
                               });
}

void LeaseKeeper::lose() {
    valid_until_ = 0;
    is_owner_ = false;
    if (std::exchange(token_, 0) != 0) events_.lost();
}

void LeaseKeeper::stop(std::function<void()> done) {
    if (std::exchange(stopped_, true)) return done();
    timers_.cancel(ask_timer_);
    timers_.cancel(end_timer_);
    valid_until_ = 0;
    is_owner_ = false;
    const auto token = std::exchange(token_, 0);
    if (token == 0) return done();
    give_back(token, std::move(done));
}

void LeaseKeeper::give_back(std::uint64_t token, std::function<void()> done) {
    client_.release({options_.name, options_.owner, token},
                    [self = shared_from_this(), party = party_.lock(),
                     done = std::move(done)](auto) { done(); });
}

}  // namespace streamwall::bus
