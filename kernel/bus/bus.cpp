// Publishing, matching and bounded queues.
#include "bus/bus.hpp"

#include "bus/envelope.hpp"
#include "bus/pattern.hpp"
#include "telemetry/log_render.hpp"

#include <algorithm>

namespace streamwall::bus {

namespace {
// How often the current thread is inside a handler of a subscription, so that end() called from
// there does not wait for itself.
thread_local const Subscription* inside_of = nullptr;

// Rendering the time of day costs more than publishing, and changes once a millisecond.
std::string_view time_text(std::int64_t ms) {
    thread_local std::int64_t cached_ms = -1;
    thread_local char text[25];
    if (ms != cached_ms) {
        cached_ms = ms;
        const auto rendered = telemetry::format_time(ms);
        std::memcpy(text, rendered.data(), std::min(rendered.size(), sizeof text - 1));
    }
    return {text, 24};
}
}  // namespace

void Subscription::deliver(const EventPtr& event) {
    // The owner is there as long as somebody is inside.
    const exec::GateHold hold(gate_);
    if (!hold) return;
    if (owner_.parallel) return handle(event);
    {
        std::lock_guard lock(mutex_);
        if (!make_room(event)) return;
        queue_.push_back(event);
        if (std::exchange(scheduled_, true)) return;
    }
    owner_.strand->post_function([self = shared_from_this()] { self->drain(); });
}

bool Subscription::lies_behind(const EventLink& link, const Party& publisher) {
    const exec::GateHold hold(gate_);
    return hold && link.separates(publisher.instance, owner_);
}

bool Subscription::make_room(const EventPtr& event) {
    if (options_.policy == SW_KEEP_LATEST) {
        const auto same = std::ranges::find_if(
            queue_, [&](const EventPtr& queued) { return queued->subject() == event->subject(); });
        if (same != queue_.end()) {
            queue_.erase(same);
            ++dropped_;
        }
    }
    if (queue_.size() < options_.limit) return true;
    ++dropped_;
    if (options_.policy == SW_DROP_NEWEST) return false;
    queue_.pop_front();
    return true;
}

void Subscription::drain() {
    std::deque<EventPtr> batch;
    {
        std::lock_guard lock(mutex_);
        batch.swap(queue_);
        scheduled_ = false;
    }
    for (const auto& event : batch) {
        exec::GateHold hold(gate_);
        if (!hold) return;
        handle(event);
    }
}

void Subscription::handle(const EventPtr& event) {
    Frame frame{event->raw(), nullptr, event};
    ErrorSlot error;
    const auto* outer = std::exchange(inside_of, this);
    event->reached(owner_);
    const auto status = handler_.function(handler_.ctx, &frame.event, error.get());
    inside_of = outer;
    if (status == SW_OK || status == SW_PENDING)
        ++delivered_;
    else
        ++failed_;
}

void Subscription::end() {
    gate_.close();
    gate_.wait_empty(std::chrono::hours(24), inside_of == this ? 1 : 0);
    std::lock_guard lock(mutex_);
    queue_.clear();
}

std::size_t Subscription::depth() const {
    std::lock_guard lock(mutex_);
    return queue_.size();
}

std::shared_ptr<const Bus::Matches> Bus::count_and_match(std::string_view type) {
    {
        std::shared_lock lock(mutex_);
        if (const auto found = topics_.find(type);
            found != topics_.end() && found->second->matches) {
            found->second->published.fetch_add(1, std::memory_order_relaxed);
            return found->second->matches;
        }
    }
    std::unique_lock lock(mutex_);
    auto& topic = topics_[std::string(type)];
    if (!topic) topic = std::make_unique<Topic>();
    auto matching = std::make_shared<Matches>();
    for (const auto& subscription : subscriptions_) {
        if (matches(subscription->pattern(), type)) matching->subscriptions.push_back(subscription);
    }
    matching->relayed = relay_ && relay_->wants(type);
    topic->matches = matching;
    ++topic->published;
    return matching;
}

void Bus::publish(const Party& publisher, const sw_event_draft& draft, const sw_context& context,
                  Reach reach) {
    const auto matching = count_and_match(view(draft.type));
    if (matching->empty() && tap_count_.load(std::memory_order_relaxed) == 0) return;
    const auto id = make_event_id();
    sw_event raw{};
    raw.size = sizeof raw;
    raw.id = str(id);
    raw.type = draft.type;
    raw.version = draft.version;
    raw.timestamp = str(time_text(clock_.wall_ms()));
    raw.producer = str(publisher.address);
    raw.subject = draft.subject;
    raw.data = draft.data;
    raw.changes = draft.changes;
    raw.context = &context;
    const auto event = std::make_shared<const EventRecord>(raw);
    for (const auto& subscription : matching->subscriptions) {
        if (link_ && subscription->lies_behind(*link_, publisher)) {
            link_->carry(event, [subscription](EventPtr copy) { subscription->deliver(copy); });
        } else {
            subscription->deliver(event);
        }
    }
    if (matching->relayed && reach == Reach::everywhere) relay_->relay(event);
    show(event);
}

void Bus::arrive(const EventPtr& event) {
    for (const auto& subscription : count_and_match(event->type())->subscriptions)
        subscription->deliver(event);
    show(event);
}

std::shared_ptr<Subscription> Bus::subscribe(Party& owner, std::string pattern, Handler handler,
                                             TransientOptions options) {
    auto made = std::make_shared<Subscription>(owner, std::move(pattern), handler, options);
    {
        std::unique_lock lock(mutex_);
        subscriptions_.push_back(made);
        forget_matches();
    }
    if (relay_) relay_->patterns_changed();
    return made;
}

void Bus::unsubscribe(const std::shared_ptr<Subscription>& subscription) {
    {
        std::unique_lock lock(mutex_);
        std::erase(subscriptions_, subscription);
        forget_matches();
    }
    if (relay_) relay_->patterns_changed();
    subscription->end();
}

// With the lock held.
void Bus::forget_matches() {
    for (auto& [type, topic] : topics_)
        topic->matches = nullptr;
}

void Bus::interest_changed() {
    std::unique_lock lock(mutex_);
    forget_matches();
}

std::set<std::string> Bus::patterns() const {
    std::shared_lock lock(mutex_);
    std::set<std::string> out;
    for (const auto& subscription : subscriptions_)
        out.insert(subscription->pattern());
    return out;
}

std::uint64_t Bus::tap(std::string pattern, std::function<void(const EventPtr&)> watcher) {
    std::lock_guard lock(taps_mutex_);
    taps_.push_back({next_tap_, std::move(pattern), std::move(watcher)});
    tap_count_ = static_cast<int>(taps_.size());
    return next_tap_++;
}

void Bus::untap(std::uint64_t id) {
    std::lock_guard lock(taps_mutex_);
    std::erase_if(taps_, [&](const Tap& tap) { return tap.id == id; });
    tap_count_ = static_cast<int>(taps_.size());
}

void Bus::observe(const EventPtr& event) {
    count_and_match(event->type());
    show(event);
}

void Bus::show(const EventPtr& event) {
    if (tap_count_.load(std::memory_order_relaxed) == 0) return;
    std::lock_guard lock(taps_mutex_);
    for (const auto& tap : taps_) {
        if (matches(tap.pattern, event->type())) tap.watcher(event);
    }
}

Bus::Counts Bus::counts() const {
    Counts out;
    std::shared_lock lock(mutex_);
    for (const auto& [type, topic] : topics_)
        out.published[type] = topic->published;
    return out;
}

std::vector<std::shared_ptr<Subscription>> Bus::list() const {
    std::shared_lock lock(mutex_);
    return subscriptions_;
}

}  // namespace streamwall::bus
