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
    static constexpr std::size_t kMaxEvents = 8192;
    static constexpr std::size_t kMaxBytes = 16u << 20;

    // Events in sequence order; a new epoch or a gap forgets what was kept.
    void committed(const sw_event* events, std::size_t count);

    struct Batch {
        bool kept = false;  // false: the journal has to be read for what follows `after`
        std::vector<EventPtr> events;
        std::uint64_t last = 0;  // the newest committed sequence seen here; 0: none of that epoch
    };
    // Up to `limit` events behind `after`.
    Batch after(const std::string& epoch, std::uint64_t after, std::size_t limit) const;

    // `wake` is called after each commit, on the committing thread, with the sequence of its first
    // event. Returns an id.
    std::uint64_t watch(std::function<void(std::uint64_t first)> wake);
    void unwatch(std::uint64_t id);
    void on_event(std::function<void(const EventPtr&)> seen) { seen_ = std::move(seen); }

  private:
    mutable std::mutex mutex_;
    std::deque<EventPtr> events_;
    std::size_t bytes_ = 0;
    std::string epoch_;
    std::vector<std::pair<std::uint64_t, std::function<void(std::uint64_t)>>> watchers_;
    std::uint64_t next_watcher_ = 1;
    std::function<void(const EventPtr&)> seen_;
};

}  // namespace streamwall::bus
