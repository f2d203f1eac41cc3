// Burst: changes that come faster than anybody reads them one by one wait a moment, so that they go
// out together, and of updates of one stream that follow each other the last one stands for all.
//
// Nothing waits while changes come now and then. What appears, goes or changes its status is never
// merged into something else: a merged update says in its `changes` what all of them changed.
#pragma once

#include <streamwall/sdk/buffer.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace streamwall::hub {

struct BurstOptions {
    std::chrono::milliseconds delay{5};  // that nothing waits longer than; 0: nothing waits
    std::size_t calm = 16;               // changes in that time that are no burst
    std::size_t most = 1'000;            // that wait; more go out at once
};

// One change of a stream, on its way to the subscribers.
struct HeldChange {
    std::string subject;      // names the stream; empty where a later one stands for this
    std::string_view action;  // one of choose_action()'s
    Buffer record;
    std::string changes;  // a JSON object or empty
};

// What `older` and then `newer` changed, as one: each field from its first value to its last.
std::string merge_changes(std::string_view older, std::string_view newer);

// Not thread-safe.
class Burst {
  public:
    using Time = std::chrono::steady_clock::time_point;

    explicit Burst(BurstOptions options) : options_(options) {}

    // Counts a change that comes at `now`: whether it has to wait, by hold().
    bool begins(Time now);
    // Keeps it. Whoever holds the first one sees to it that all are taken after `delay`. True where
    // it stands for an earlier one, too.
    bool hold(HeldChange change, Time now);
    bool is_empty() const { return changes_.empty(); }
    bool is_first() const { return changes_.size() == 1; }
    bool is_due(Time now) const;
    // What waits, in order.
    std::vector<HeldChange> take();

  private:
    const BurstOptions options_;
    Time window_{};  // begins here and lasts for `delay`
    std::size_t in_window_ = 0;
    bool is_busy_ = false;  // the window before was a burst
    Time since_{};          // the first one that waits
    std::vector<HeldChange> changes_;
    std::unordered_map<std::string, std::size_t> newest_;  // by subject
};

}  // namespace streamwall::hub
