// Feed: what a journal has just committed, kept in memory so that readers who keep up never ask
// disk.
#pragma once

#include "bus/event.hpp"

#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

namespace streamwall::bus {

// Thread-safe. Bounded by events and by bytes of data.
class Feed {
  public:
    // About what a processor's cache holds: all of it is written and freed round and round.
    static constexpr std::size_t kMaxEvents = 2048;
    static constexpr std::size_t kMaxBytes = 1u << 20;
    static constexpr std::size_t kMaxUnseen = 1024;

    // Events in sequence order; a new epoch or a gap forgets what was kept.
    void committed(const sw_event* events, std::size_t count);
    void committed(const std::vector<EventPtr>& events);

    struct Batch {
        bool kept = false;  // false: the journal has to be read for what follows `after`
        std::vector<EventPtr> events;
        std::uint64_t through = 0;  // all that match up to here are among `events`
        std::uint64_t last = 0;  // the newest committed sequence seen here; 0: none of that epoch
    };
    // Up to `limit` events behind `after` whose types match.
    Batch after(const std::string& epoch, std::uint64_t after, std::size_t limit,
                std::string_view pattern) const;

    // The first sequence of that epoch that ever came; 0: none.
    std::uint64_t first_of(std::string_view epoch) const;

    // `wake` is called after a commit that brings matching types, on the committing thread, with
    // the sequence of the commit's first event; now and then also where nothing has matched for
    // kMaxUnseen events, so that positions move. Returns an id.
    using Wake = std::function<void(std::uint64_t first)>;
    std::uint64_t watch(std::string pattern, Wake wake);
    void unwatch(std::uint64_t id);
    void on_event(std::function<void(const EventPtr&)> seen) { seen_ = std::move(seen); }
    // Gets what one commit brought, on the committing thread. Before any commit.
    using Committed = std::function<void(const std::vector<EventPtr>&)>;
    void on_commit(Committed committed) { committed_ = std::move(committed); }

  private:
    struct Watcher {
        std::uint64_t id;
        std::string pattern;
        Wake wake;
        std::size_t unseen;  // events since it was woken
    };
    void keep(const std::vector<EventPtr>& events);
    void wake(const std::vector<EventPtr>& events);

    mutable std::mutex mutex_;
    std::deque<EventPtr> events_;
    std::size_t bytes_ = 0;
    std::string epoch_;
    std::uint64_t first_of_epoch_ = 0;
    std::vector<Watcher> watchers_;
    std::uint64_t next_watcher_ = 1;
    std::function<void(const EventPtr&)> seen_;
    Committed committed_;
};

}  // namespace streamwall::bus
