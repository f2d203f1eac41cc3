// DurableReader: one durable subscription. At least once, in order per subject.
//
// It keeps a position in the journal, takes events from the feed while it keeps up and from
// `journal.read` otherwise, and has up to `limit` events in flight, one per subject. An event that
// fails is tried again with exponential back-off and parks its own subject only; after five tries
// it becomes a dead letter. Failures that say "not now" (UNAVAILABLE, DEADLINE_EXCEEDED, ABORTED,
// RESOURCE_EXHAUSTED, CANCELLED) do not use up the tries. With 1,000 parked subjects it pauses.
//
// It reads one journal; DurableSubscription has one for each. A log that ends before what was read
// of it already, or has another epoch, has lost what was behind: it is read again from its oldest
// event, so that nothing new in it is missed.
//
// Everything below runs on the reader's own strand but what is marked [any].
#pragma once

#include "bus/bus.hpp"
#include "bus/journals.hpp"
#include "bus/lease.hpp"
#include "exec/timers.hpp"

#include <map>
#include <optional>
#include <random>
#include <set>

struct sw_delivery {
    std::shared_ptr<streamwall::bus::DurableReader> reader;
    streamwall::bus::EventPtr event;
    std::uint64_t ticket;
};

namespace streamwall::bus {

// Where a name that the journal does not know begins.
enum class Beginning {
    newest,
    oldest,
    later,  // cannot be said yet
};

struct DurableOptions {
    std::string name{};  // "<instance>@<node>/<name>", or "<plugin>/<name>" where it is shared
    std::string pattern{};
    int start = SW_START_NEW;
    bool since_feed_began = false;  // what came before this reader started is not older than it
    std::size_t limit = 64;
    int tries = 5;
    std::chrono::milliseconds first_retry{1000};
    std::chrono::milliseconds last_retry{30'000};
    std::chrono::milliseconds save_every{200};
    std::size_t max_parked = 1000;
    // Where there is one, nothing is handed over without holding it, and its token proves saves.
    std::shared_ptr<const LeaseKeeper> lease{};
    std::uint64_t lease_token = 0;
};

// Told of what an operator should know; called on the reader's strand.
struct DurableEvents {
    std::function<void(const std::string& event, const std::string& message)> warn;
    std::function<void()> known = [] {};  // the journal has a position of that name
    std::function<Beginning()> beginning = [] { return Beginning::newest; };  // for SW_START_NEW
};

struct DurableServices {
    JournalPtr journal;
    exec::Timers& timers;
    const exec::Clock& clock;
    exec::Executor& pool;
    EventLink* link = nullptr;
};

class DurableReader final : public std::enable_shared_from_this<DurableReader> {
  public:
    DurableReader(Party& owner, DurableOptions options, Handler handler, DurableServices parts,
                  DurableEvents events);
    ~DurableReader();

    void start();  // [any]
    void stop(
        std::function<void()> done);  // [any] saves the position; no handler runs after `done`
    // Another may begin where the last saved position says: nothing is saved any more. `done` runs
    // once no delivery is under way. [any]
    void abandon(std::function<void()> done);
    // No handler runs afterwards, but one further down this thread's stack. [any]
    void end();
    // The journal has committed up to `last`, or it has come back or gone away. [any]
    void told(std::uint64_t last, bool is_reachable);
    // Delivers one event outside of the order, for dead letters that are tried again; `done` gets
    // the handler's outcome. [any]
    void redeliver(EventPtr event, std::function<void(sw_status)> done);
    // The outcome of a delivery. [any]
    void complete(std::uint64_t ticket, sw_status status, Failure failure);

    struct Stats {
        std::string name, pattern, epoch, peer;
        std::uint64_t position = 0, last = 0, delivered = 0, dead_letters = 0, retries = 0;
        std::size_t in_flight = 0, parked = 0;
        bool paused = false;
    };
    Stats stats() const;  // [any]
    const DurableOptions& options() const { return options_; }

  private:
    struct Lane {  // one subject
        std::deque<EventPtr> queue;
        int attempts = 0;
        std::uint64_t ticket = 0;  // of the delivery under way
        std::uint64_t timer = 0;
        bool parked = false;
        std::uint64_t resume_at = 0;  // parked before the start, still being read again
        bool is_stale = false;        // what is under way is of a log that was lost since
    };
    using Lanes = std::map<std::string, Lane, std::less<>>;

    template <class F>
    void run(F function) {
        self_->strand->post_function(
            [self = shared_from_this(), f = std::move(function)]() mutable { f(); });
    }
    void load();
    void begin_new();
    void begin_behind(const ReadResult& found);
    void begin_at(Position position);
    void reload_parked(std::vector<Parked> parked);
    void reload_lane(const std::string& subject, std::uint64_t after, std::uint64_t upto);
    void wake();
    void pump();
    void read_journal();
    void took(std::expected<ReadResult, Failure> result);
    void start_over(const std::string& why, const ReadResult& found);
    void take(const EventPtr& event);
    void advance_to(std::uint64_t sequence);
    void deliver(const std::string& subject, Lane& lane);
    void invoke(const EventPtr& event, std::uint64_t ticket, std::uint32_t attempt);
    void handle(const EventPtr& event, std::uint64_t ticket, std::uint32_t attempt);
    void finished(std::uint64_t ticket, sw_status status, const Failure& failure);
    void succeeded(Lanes::iterator lane);
    void failed(Lanes::iterator lane, sw_status status, const Failure& failure);
    void park(Lanes::iterator lane, std::chrono::milliseconds wait);
    void bury(Lanes::iterator lane, const Failure& failure);
    void retry_later(std::function<void()> step);
    void halt();
    void mark_dirty();
    void save_later();
    void save(std::function<void()> then);
    std::uint64_t watermark() const;
    std::chrono::milliseconds backoff(int attempt);

    Party& owner_;
    const DurableOptions options_;
    const Handler handler_;
    const DurableServices parts_;
    const DurableEvents events_;
    std::shared_ptr<Party> self_;  // as a caller of the journal
    JournalClient journal_;
    exec::Gate gate_;
    std::minstd_rand random_{std::random_device{}()};

    bool running_ = false, stopping_ = false, reading_ = false, dirty_ = false;
    bool paused_ = false, is_reachable_ = true;
    bool lost_place_ = false;  // goes on at the oldest event
    std::string epoch_;
    std::optional<std::uint64_t> newest_;  // when the journal was first seen, for a new name
    std::uint64_t cursor_ = 0;             // read up to here
    std::uint64_t last_ = 0;               // the journal's newest, as far as known
    Lanes lanes_;
    std::set<std::uint64_t> outstanding_;  // read, not done, not parked
    std::map<std::uint64_t, std::string> tickets_;
    std::map<std::uint64_t, std::function<void(sw_status)>> redeliveries_;
    std::size_t parked_ = 0;
    std::uint64_t next_ticket_ = 1;
    std::uint64_t feed_watch_ = 0, save_timer_ = 0, retry_timer_ = 0;
    int load_failures_ = 0;
    std::atomic<bool> wake_posted_{false};
    std::atomic<bool> has_committed_{false};           // since the feed was last asked
    std::atomic<std::uint64_t> first_since_start_{0};  // sequence; 0: none was committed
    std::function<void()> when_quiet_;

    mutable std::mutex stats_mutex_;
    Stats stats_;
    void publish_stats();
};

}  // namespace streamwall::bus
