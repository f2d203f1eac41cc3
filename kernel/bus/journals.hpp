// Journals: every log that this process can read, its own and those of its peers.
#pragma once

#include "bus/feed.hpp"
#include "bus/journal_client.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace streamwall::bus {

// One log. Kept once it was seen: who has it may go away and come back.
struct Journal {
    Journal(std::string epoch_of, std::string peer_of, std::shared_ptr<JournalPort> port_of,
            std::shared_ptr<Feed> feed_of)
        : epoch(std::move(epoch_of)),
          peer(std::move(peer_of)),
          port(std::move(port_of)),
          feed(std::move(feed_of)) {}

    const std::string epoch;  // empty: this process's own, whose epoch is learnt by reading it
    const std::string peer;   // who has it; empty: this process
    const std::shared_ptr<JournalPort> port;
    const std::shared_ptr<Feed> feed;
    std::atomic<bool> is_reachable{true};
    std::atomic<std::uint64_t> last{0};  // committed there, as far as it was told
};
using JournalPtr = std::shared_ptr<Journal>;

// For a journal of parts that outlive it anyway.
template <class T>
std::shared_ptr<T> unowned(T& part) {
    return {std::shared_ptr<void>(), &part};
}

// Thread-safe.
class Journals {
  public:
    explicit Journals(JournalPtr own) : own_(std::move(own)) {}

    // How long after a start it takes until all journals that are there have been seen.
    void set_settle(std::chrono::nanoseconds settle) { settle_ = settle; }
    std::chrono::nanoseconds settle() const { return settle_; }

    // Whoever keeps this process's own journal serves now, or does not any more.
    void open_own();
    void close_own();

    // `seen` gets every journal that is known already (`is_new` false), then each one that appears
    // (true), has committed more, or whose reachability has changed. It runs under a lock: it must
    // only post. Returns an id.
    using Seen = std::function<void(const JournalPtr& journal, bool is_new)>;
    std::uint64_t watch(Seen seen);
    void unwatch(std::uint64_t id);  // no call begins afterwards

    void add(JournalPtr journal);
    JournalPtr find(const std::string& epoch, const std::string& peer) const;
    void told(const JournalPtr& journal, std::uint64_t last, bool is_reachable);
    std::vector<JournalPtr> list() const;

  private:
    const JournalPtr own_;
    std::atomic<std::chrono::nanoseconds> settle_{std::chrono::nanoseconds(0)};
    mutable std::mutex mutex_;
    std::vector<JournalPtr> journals_;
    std::vector<std::pair<std::uint64_t, Seen>> watchers_;
    std::uint64_t next_ = 1;
};

}  // namespace streamwall::bus
