// Many changes in one request (contracts/streams.hpp, `batch`).
#pragma once

#include "stream_records.hpp"

namespace streamwall::catalog {

// Replies with one result for each item, in order. Streams that differ are changed side by side,
// one stream's changes in the order of the list. [any thread]
void update_batch(StreamRecords& records, std::string_view request, const sw_context& context,
                  Reply reply);

}  // namespace streamwall::catalog
