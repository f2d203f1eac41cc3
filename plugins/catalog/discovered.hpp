// What the catalog makes of a link that somebody posted: one stream. As the event
// `stream.discovered` once, however often that comes; as a call, with an answer.
#pragma once

#include "stream_records.hpp"

namespace streamwall::catalog {

struct Taken {
    bool created = false;  // a new stream; else one that was known, or comes back from its rest
    std::int64_t stream_id = 0;  // 0: an earlier delivery had the effect
};
using Finished = std::move_only_function<void(Result<Taken>)>;

struct DiscoveredEvent {
    std::string_view id;    // empty: no event, a call
    std::string_view data;  // JSON object
};

// Whether the catalog was called about it before it became an event.
bool is_taken_already(std::string_view data);

// `finished` with success once the event has had its effect, now or at an earlier delivery.
// [any thread]
void take_discovered(StreamRecords& records, const DiscoveredEvent& event,
                     const sw_context& context, Finished finished);

// `discover`: {"data"} → {"created","stream_id"}. [any thread]
void answer_discover(StreamRecords& records, std::string_view request, const sw_context& context,
                     Reply reply);

}  // namespace streamwall::catalog
