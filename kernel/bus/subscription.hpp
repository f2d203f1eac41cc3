// DurableSubscription: what a plugin subscribed to, over every journal that this process can read.
//
// It has a DurableReader for each journal, its own position in each, and order per subject within
// each. A shared one asks each journal for a lease of its name and reads while it holds it, so that
// one of all instances of the plugin gets an event, wherever they run.
//
// A name begins behind the newest event of a journal where both are new to each other. A journal
// that comes into sight later is read from its oldest event: nothing of it was delivered yet.
#pragma once

#include "bus/durable.hpp"

#include <map>

namespace streamwall::bus {

struct SubscriptionOptions {
    DurableOptions reader{};
    bool shared = false;
    std::string lease_owner{};  // "<instance>@<node>"
};

struct SubscriptionParts {
    Journals& journals;
    exec::Timers& timers;
    const exec::Clock& clock;
    exec::Executor& pool;
    EventLink* link = nullptr;
};

class DurableSubscription final : public std::enable_shared_from_this<DurableSubscription> {
  public:
    using Warn = std::function<void(const std::string& event, const std::string& message)>;
    DurableSubscription(Party& owner, SubscriptionOptions options, Handler handler,
                        SubscriptionParts parts, Warn warn);
    ~DurableSubscription();

    // All [any].
    void start();
    // Saves positions and gives leases back; no handler runs after `done`.
    void stop(std::function<void()> done);
    // No handler runs afterwards, but one further down this thread's stack.
    void end();
    std::vector<std::shared_ptr<DurableReader>> readers() const;
    const std::string& name() const { return options_.reader.name; }

  private:
    struct Follower {
        JournalPtr journal;
        std::shared_ptr<LeaseKeeper> keeper;    // of a shared one
        std::shared_ptr<DurableReader> reader;  // null: another process has it
        bool is_late = false;     // came into sight after the subscription had settled
        bool is_younger = false;  // than the subscription: opened after its start
        bool was_reachable = true;
        bool is_leaving = false;    // the last reader still has deliveries under way
        std::uint64_t granted = 0;  // token that waits for that
    };

    void seen(const JournalPtr& journal, bool is_new);
    void follow(const JournalPtr& journal, bool is_new);
    std::shared_ptr<Party> as_caller();
    void ask_for_lease(Follower& follower);
    void begin(Follower& follower, std::uint64_t token);
    void leave(Follower& follower);
    Beginning beginning_of(const Follower& follower) const;
    void stop_followers(std::function<void()> done);

    Party& owner_;
    const SubscriptionOptions options_;
    const Handler handler_;
    const SubscriptionParts parts_;
    const Warn warn_;
    std::shared_ptr<Party> self_;  // as a caller of the journals
    std::uint64_t watch_ = 0;
    std::uint64_t settled_ns_ = 0;
    std::atomic<bool> is_old_{false};  // some journal knows the name
    bool stopped_ = false;
    std::map<const Journal*, Follower> followers_;  // changed on the strand, under the mutex
    mutable std::mutex mutex_;
    bool has_ended_ = false;
};

}  // namespace streamwall::bus
