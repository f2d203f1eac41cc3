// The latest changes of streams, in order of arrival: by them, what is kept of lists is carried on.
#pragma once

#include <streamwall/sdk/buffer.hpp>

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>

#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

namespace streamwall::catalog {

// Safe on every thread.
class ChangeLog {
  public:
    struct Change {
        Buffer before;              // empty: the stream is new
        Buffer after;               // empty: it was deleted
        std::int64_t sequence = 0;  // of an event of the same commit; 0: there was none
    };

    // Those who make a change and hear of it as well add it twice; it counts once.
    void add(Change change);
    // Whether a change would count no more: the one that made this record, or ended it. It may
    // still be under way here.
    bool knows(std::string_view record, bool is_end);
    // The change that makes the next version of `record` is under way here, and will be added.
    void expect(std::string_view record);
    // It has been added, or failed. True where knows() was asked of it meanwhile: after a failure
    // that was a change by somebody else.
    bool settle(std::string_view record);
    // Everything may be different from here on.
    void forget();

    // How many there have been.
    std::uint64_t position() const { return position_.load(std::memory_order_acquire); }
    // Those behind `from` up to `through`, or nothing where the log doesn't go back that far.
    std::optional<std::vector<Change>> between(std::uint64_t from, std::uint64_t through) const;

  private:
    static constexpr std::size_t kKept = 1024;
    // Of more changes it is known that they were there, because events may come late.
    static constexpr std::size_t kKnown = 65536;

    struct Expected {
        std::size_t count = 0;
        bool was_asked = false;
    };
    struct Known {
        std::uint64_t key;
        std::int64_t sequence;
    };
    // False where it was there before.
    bool learn(const Change& change);
    void forget_locked();

    mutable std::mutex mutex_;
    std::atomic<std::uint64_t> position_{0};
    std::deque<Change> changes_;
    std::deque<Known> by_arrival_;
    boost::unordered_flat_set<std::uint64_t> known_;
    boost::unordered_flat_map<std::uint64_t, Expected> expected_;
    std::int64_t unknown_through_ = 0;  // events up to here may be known no longer
};

}  // namespace streamwall::catalog
