// What the recorded history of a stream says about a span of time.
#pragma once

#include "stream_records.hpp"

#include <streamwall/model/rfc3339.hpp>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace streamwall::catalog {

// One remembered change.
struct HistoryStep {
    model::UtcTime at;
    std::string previous_status;
    std::string status;
};

// The figures as JSON, see contracts/streams.hpp. `steps` are all that happened after `from`,
// oldest first; `record` is the stream as it is at `to`. Pure.
std::string analyse(std::string_view record, const std::vector<HistoryStep>& steps,
                    model::UtcTime from, model::UtcTime to);

struct AnalyticsOptions {
    std::function<std::int64_t()> wall_ms;
    std::chrono::milliseconds kept = std::chrono::days(90);  // how long the history goes back
};

// Answers `analytics`. [any thread]
void read_analytics(StreamRecords& records, const AnalyticsOptions& options,
                    std::string_view request, const sw_context& context, Reply reply);

}  // namespace streamwall::catalog
