// Journals that come and go, and who of several reads them.
#include "bus/subscription.hpp"

namespace streamwall::bus {

DurableSubscription::DurableSubscription(Party& owner, SubscriptionOptions options, Handler handler,
                                         SubscriptionParts parts, Warn warn)
    : owner_(owner),
      options_(std::move(options)),
      handler_(handler),
      parts_(parts),
      warn_(std::move(warn)),
      self_(std::make_shared<Party>()) {
    self_->instance = "bus";
    self_->address = owner.address;
    self_->patient = true;
    self_->strand = exec::Strand::make("bus:" + options_.reader.name, parts_.pool);
}

// The last reference may go inside a reply to `self_`, which must outlive that reply.
DurableSubscription::~DurableSubscription() {
    auto strand = self_->strand;
    std::vector<std::shared_ptr<JournalPort>> ports;
    for (const auto& [key, follower] : followers_)
        ports.push_back(follower.journal->port);
    strand->post_function([party = std::move(self_), ports = std::move(ports)] {
        for (const auto& port : ports)
            port->forget(*party);
    });
}

void DurableSubscription::start() {
    settled_ns_ =
        parts_.clock.monotonic_ns() + static_cast<std::uint64_t>(parts_.journals.settle().count());
    watch_ = parts_.journals.watch(
        [weak = weak_from_this(), strand = self_->strand](const JournalPtr& journal, bool is_new) {
            strand->post_function([weak, journal, is_new] {
                if (auto self = weak.lock()) self->seen(journal, is_new);
            });
        });
}

void DurableSubscription::seen(const JournalPtr& journal, bool is_new) {
    if (stopped_) return;
    const auto known = followers_.find(journal.get());
    if (known == followers_.end()) return follow(journal, is_new);
    auto& follower = known->second;
    const bool is_reachable = journal->is_reachable;
    const bool came_back = is_reachable && !follower.was_reachable;
    follower.was_reachable = is_reachable;
    if (follower.reader) follower.reader->told(journal->last, is_reachable);
    if (follower.keeper && came_back) follower.keeper->hurry();
}

void DurableSubscription::follow(const JournalPtr& journal, bool is_new) {
    Follower* made = nullptr;
    {
        std::lock_guard lock(mutex_);
        made = &followers_[journal.get()];
    }
    made->journal = journal;
    made->is_younger = is_new;
    made->is_late = !journal->peer.empty() && parts_.clock.monotonic_ns() > settled_ns_;
    if (!options_.shared) return begin(*made, 0);
    // Who stands by in one journal must know whether its name is new in another.
    JournalClient(*journal->port, *self_).position(name(), [self = shared_from_this()](auto found) {
        if (found) self->is_old_ = true;
    });
    ask_for_lease(*made);
}

// Keeps the subscription, which ends its party as that has to be ended.
std::shared_ptr<Party> DurableSubscription::as_caller() {
    return {shared_from_this(), self_.get()};
}

void DurableSubscription::ask_for_lease(Follower& follower) {
    const auto weak = weak_from_this();
    // Followers stay where they are for as long as the subscription lives.
    LeaseEvents events;
    events.gained = [weak, &follower](std::uint64_t token) {
        auto self = weak.lock();
        if (!self || self->stopped_) return;
        if (follower.is_leaving)
            follower.granted = token;
        else
            self->begin(follower, token);
    };
    events.lost = [weak, &follower] {
        if (auto self = weak.lock(); self && !self->stopped_) self->leave(follower);
    };
    events.refused = [](const std::string&) {};
    follower.keeper =
        std::make_shared<LeaseKeeper>(*follower.journal->port, as_caller(),
                                      LeaseOptions{.name = name(), .owner = options_.lease_owner},
                                      parts_.timers, parts_.clock, std::move(events));
    follower.keeper->start();
}

Beginning DurableSubscription::beginning_of(const Follower& follower) const {
    if (is_old_ || follower.is_late) return Beginning::oldest;
    if (parts_.clock.monotonic_ns() < settled_ns_) return Beginning::later;
    return Beginning::newest;
}

void DurableSubscription::begin(Follower& follower, std::uint64_t token) {
    auto options = options_.reader;
    options.lease = follower.keeper;
    options.lease_token = token;
    options.since_feed_began = follower.is_younger && follower.journal->peer.empty();
    DurableEvents events;
    events.warn = warn_;
    events.known = [weak = weak_from_this()] {
        if (auto self = weak.lock()) self->is_old_ = true;
    };
    events.beginning = [weak = weak_from_this(), &follower] {
        auto self = weak.lock();
        return self ? self->beginning_of(follower) : Beginning::later;
    };
    auto reader = std::make_shared<DurableReader>(
        owner_, std::move(options), handler_,
        DurableServices{follower.journal, parts_.timers, parts_.clock, parts_.pool, parts_.link},
        std::move(events));
    {
        std::lock_guard lock(mutex_);
        if (has_ended_) return;
        follower.reader = reader;
    }
    reader->start();
    if (!follower.journal->is_reachable) reader->told(follower.journal->last, false);
}

// The next owner begins at the saved position; here, what is under way may still finish.
void DurableSubscription::leave(Follower& follower) {
    follower.granted = 0;
    if (!follower.reader) return;
    auto reader = follower.reader;
    {
        std::lock_guard lock(mutex_);
        follower.reader = nullptr;
    }
    warn_("subscription.lost_lease", name() + " is another's, or its journal can't be reached");
    follower.is_leaving = true;
    reader->abandon([self = shared_from_this(), &follower, reader] {
        self->self_->strand->post_function([self, &follower] {
            follower.is_leaving = false;
            const auto token = std::exchange(follower.granted, 0);
            if (token != 0 && !self->stopped_ && follower.keeper->holds()) {
                self->begin(follower, token);
            }
        });
    });
}

void DurableSubscription::stop(std::function<void()> done) {
    {
        std::lock_guard lock(mutex_);
        has_ended_ = true;
    }
    self_->strand->post_function([self = shared_from_this(), done = std::move(done)] {
        self->stopped_ = true;
        self->parts_.journals.unwatch(self->watch_);
        self->stop_followers(done);
    });
}

void DurableSubscription::stop_followers(std::function<void()> done) {
    auto left = std::make_shared<std::atomic<std::size_t>>(followers_.size() + 1);
    // The subscription is kept until its own strand has passed the stop.
    const auto one_less = [self = shared_from_this(), left, done = std::move(done)] {
        if (left->fetch_sub(1) == 1) done();
    };
    for (auto& [key, follower] : followers_) {
        // Saved first: the lease proves the save.
        const auto give_back = [self = shared_from_this(), keeper = follower.keeper, one_less] {
            if (!keeper) return one_less();
            self->self_->strand->post_function([keeper, one_less] { keeper->stop(one_less); });
        };
        if (follower.reader)
            follower.reader->stop(give_back);
        else
            give_back();
    }
    one_less();
}

void DurableSubscription::end() {
    {
        std::lock_guard lock(mutex_);
        has_ended_ = true;
    }
    for (const auto& reader : readers())
        reader->end();
}

std::vector<std::shared_ptr<DurableReader>> DurableSubscription::readers() const {
    std::lock_guard lock(mutex_);
    std::vector<std::shared_ptr<DurableReader>> out;
    for (const auto& [key, follower] : followers_) {
        if (follower.reader) out.push_back(follower.reader);
    }
    return out;
}

}  // namespace streamwall::bus
