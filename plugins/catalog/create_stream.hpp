// Creating a stream, or finding the one that has its URL.
#pragma once

#include "stream_records.hpp"

#include <boost/json/object.hpp>

namespace streamwall::catalog {

// `values` as model::read_stream_input gives them for a new record. Replies
// {"created":bool,"stream":record}. Any number of callers may create one URL at once: one does, the
// others find. [any thread]
void create_stream(StreamRecords& records, const boost::json::object& values,
                   const sw_context& context, Reply reply);

}  // namespace streamwall::catalog
