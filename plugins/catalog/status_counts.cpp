#include "status_counts.hpp"

#include <streamwall/contracts/record.hpp>

#include <algorithm>

namespace streamwall::catalog {

void StatusCounts::expose(const Host& host) {
    for (std::size_t i = 0; i < kStatuses.size(); ++i) {
        series_[i] = host.gauge("streamwall_streams", "Streams that are not archived, by status.",
                                {{"status", kStatuses[i]}});
    }
}

void StatusCounts::set(std::string_view status, std::int64_t count) {
    const auto* found = std::ranges::find(kStatuses, status);
    if (found == kStatuses.end()) return;
    series_[static_cast<std::size_t>(found - kStatuses.begin())].set(static_cast<double>(count));
}

void StatusCounts::move(std::string_view record, double by) {
    const auto stream = contracts::glance_at_stream(record);
    const auto* found = std::ranges::find(kStatuses, stream.status);
    if (stream.archived || found == kStatuses.end()) return;
    series_[static_cast<std::size_t>(found - kStatuses.begin())].add(by);
}

}  // namespace streamwall::catalog
