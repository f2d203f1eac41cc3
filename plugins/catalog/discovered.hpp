// What the catalog makes of `stream.discovered`: one stream, once, however often the event comes.
#pragma once

#include "stream_records.hpp"

namespace streamwall::catalog {

using Finished = std::move_only_function<void(Result<>)>;

struct DiscoveredEvent {
    std::string_view id;
    std::string_view data;  // JSON object
};

// `finished` with success once the event has had its effect, now or at an earlier delivery.
// [any thread]
void take_discovered(StreamRecords& records, const DiscoveredEvent& event,
                     const sw_context& context, Finished finished);

}  // namespace streamwall::catalog
