// Bus: transient and local events, from publishers to subscriptions. Durable ones are in
// durable.hpp.
#pragma once

#include "bus/event.hpp"
#include "exec/clock.hpp"
#include "exec/party.hpp"

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace streamwall::bus {

struct Handler {
    sw_event_fn function = nullptr;
    void* ctx = nullptr;
};

// What a handler is called with: the event, and what defer() needs to find behind it.
struct Frame {
    sw_event event;
    class DurableReader* reader = nullptr;  // null: transient, nothing to complete
    EventPtr record;
    bool deferred = false;
    std::uint64_t ticket = 0;  // of the durable delivery
};

struct TransientOptions {
    int policy = SW_DROP_OLDEST;
    std::size_t limit = 1024;
};

// One transient subscription. A parallel owner is called on the publisher's thread.
class Subscription final : public std::enable_shared_from_this<Subscription> {
  public:
    Subscription(Party& owner, std::string pattern, Handler handler, TransientOptions options)
        : owner_(owner), pattern_(std::move(pattern)), handler_(handler), options_(options) {}

    void deliver(const EventPtr& event);
    bool lies_behind(const class EventLink& link, const Party& publisher);
    // No handler runs afterwards, but one that is further down this thread's stack.
    void end();

    Party& owner() const { return owner_; }
    const std::string& pattern() const { return pattern_; }
    int policy() const { return options_.policy; }
    std::uint64_t delivered() const { return delivered_; }
    std::uint64_t dropped() const { return dropped_; }
    std::uint64_t failed() const { return failed_; }
    std::size_t depth() const;

  private:
    void drain();
    void handle(const EventPtr& event);
    bool make_room(const EventPtr& event);

    Party& owner_;
    const std::string pattern_;
    const Handler handler_;
    const TransientOptions options_;
    exec::Gate gate_;
    mutable std::mutex mutex_;
    std::deque<EventPtr> queue_;
    bool scheduled_ = false;
    std::atomic<std::uint64_t> delivered_{0}, dropped_{0}, failed_{0};
};

// Carries events between parties that do not share memory; see transport.
class EventLink {
  public:
    virtual ~EventLink() = default;
    virtual bool separates(std::string_view publisher, const Party& subscriber) const = 0;
    virtual void carry(const EventPtr& event, std::function<void(EventPtr)> deliver) = 0;
};

// Brings events to other processes; see transport/mesh.
class EventRelay {
  public:
    virtual ~EventRelay() = default;
    // Somebody elsewhere subscribes to the type. Bus::interest_changed() follows each change.
    virtual bool wants(std::string_view type) const = 0;
    virtual void relay(const EventPtr& event) = 0;
    // Bus::patterns() says something else now.
    virtual void patterns_changed() = 0;
};

// Who may get a transient event.
enum class Reach { everywhere, process };

class Bus {
  public:
    explicit Bus(const exec::Clock& clock) : clock_(clock) {}

    // Makes the event (id, time, producer) and hands it to every matching subscription.
    void publish(const Party& publisher, const sw_event_draft& draft, const sw_context& context,
                 Reach reach = Reach::everywhere);
    // Hands an event that another process published to every matching subscription.
    void arrive(const EventPtr& event);

    std::shared_ptr<Subscription> subscribe(Party& owner, std::string pattern, Handler handler,
                                            TransientOptions options);
    void unsubscribe(const std::shared_ptr<Subscription>& subscription);

    // Sees every event, durable ones too, for `events tap`. Returns an id for untap.
    std::uint64_t tap(std::string pattern, std::function<void(const EventPtr&)> watcher);
    void untap(std::uint64_t id);
    // A durable event that was committed: counted, and shown to the taps. Its subscriptions read
    // the journal.
    void observe(const EventPtr& event);

    void set_link(EventLink* link) { link_ = link; }
    EventLink* link() const { return link_; }
    // Before any event; null ends it.
    void set_relay(EventRelay* relay) { relay_ = relay; }
    void interest_changed();
    // What is subscribed to here, each once.
    std::set<std::string> patterns() const;

    struct Counts {
        std::unordered_map<std::string, std::uint64_t> published;
    };
    Counts counts() const;
    std::vector<std::shared_ptr<Subscription>> list() const;

  private:
    struct Matches {
        std::vector<std::shared_ptr<Subscription>> subscriptions;
        bool relayed = false;  // another process wants it
        bool empty() const { return subscriptions.empty() && !relayed; }
    };
    // Everything known of one type; rebuilt when a subscription comes or goes, here or elsewhere.
    struct Topic {
        std::shared_ptr<const Matches> matches;
        std::atomic<std::uint64_t> published{0};
    };
    std::shared_ptr<const Matches> count_and_match(std::string_view type);
    void forget_matches();
    void show(const EventPtr& event);  // to the taps

    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const {
            return std::hash<std::string_view>{}(text);
        }
    };
    const exec::Clock& clock_;
    EventLink* link_ = nullptr;
    EventRelay* relay_ = nullptr;
    mutable std::shared_mutex mutex_;
    std::vector<std::shared_ptr<Subscription>> subscriptions_;
    std::unordered_map<std::string, std::unique_ptr<Topic>, Hash, std::equal_to<>> topics_;
    struct Tap {
        std::uint64_t id;
        std::string pattern;
        std::function<void(const EventPtr&)> watcher;
    };
    mutable std::mutex taps_mutex_;
    std::vector<Tap> taps_;
    std::atomic<int> tap_count_{0};
    std::uint64_t next_tap_ = 1;
};

}  // namespace streamwall::bus
