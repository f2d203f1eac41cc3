// What the catalog does by itself, again and again: archives streams that nobody has seen live,
// forgets history that is too old, and learns which streams rest.
#pragma once

#include "flow.hpp"
#include "stream_records.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

namespace streamwall::catalog {

struct UpkeepRules {
    // Not live and last checked longer ago: archived. Streams that were never checked stay. 0: none
    // is archived.
    std::chrono::milliseconds archive_after = std::chrono::minutes(30);
    // Back within this time after that: the same stream goes on.
    std::chrono::milliseconds continue_within = std::chrono::minutes(30);
    std::chrono::milliseconds history_for = std::chrono::days(90);
};

// One run is bounded: it looks at kLook streams and changes kChange. The next one goes on behind
// them. Runs must not overlap.
class Upkeep {
  public:
    static constexpr std::size_t kLook = 10'000;
    static constexpr std::size_t kChange = 500;

    // `owner` names this instance among those that keep the same store; of all of them one archives
    // at a time.
    Upkeep(StreamRecords& records, UpkeepRules rules, std::function<std::int64_t()> wall_ms,
           std::string owner)
        : records_(records),
          rules_(rules),
          wall_ms_(std::move(wall_ms)),
          owner_(std::move(owner)) {}

    // Replies {"archived":n,"forgotten":n}; both 0 where another instance does it.
    Flow<> run_once(std::chrono::milliseconds lease_for, Context context);
    // Reads from the history which streams rest. All instances need that.
    Flow<> learn_resting(Context context);

  private:
    Flow<> claim(std::chrono::milliseconds lease_for, const Context& context);
    Flow<> archive_page(const Context& context, std::size_t& looked, std::size_t& archived);
    Flow<> forget_history(const Context& context);
    std::string time_before(std::chrono::milliseconds age) const;

    StreamRecords& records_;
    UpkeepRules rules_;
    std::function<std::int64_t()> wall_ms_;
    std::string owner_;
    std::string cursor_;           // where the next run goes on; empty: from the beginning
    std::int64_t last_entry_ = 0;  // of the history, that was learned from
};

}  // namespace streamwall::catalog
