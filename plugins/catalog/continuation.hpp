// Bringing a stream back that the archive rule has put away, instead of making a new one.
#pragma once

#include "stream_records.hpp"

#include <boost/json/object.hpp>

namespace streamwall::catalog {

// Replies with the record after the change where the values of a new stream continue one that
// rests, else with NOT_FOUND: then a new one is made. Its URL and status become those of the
// values. [any thread]
void continue_stream(StreamRecords& records, const boost::json::object& values,
                     const sw_context& context, Reply reply);

}  // namespace streamwall::catalog
