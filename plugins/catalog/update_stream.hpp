// Changing and removing a stream under expected versions.
#pragma once

#include "input.hpp"
#include "stream_records.hpp"

namespace streamwall::catalog {

// Whether the caller needs rights to the record beyond what its route asked for.
enum class Check { kRights, kNone };

// Makes `values` (as model::read_stream_input gives them) those of the stream and replies with its
// record. What makes no difference writes nothing. A change that lost a race is planned anew on the
// newer record until the context's deadline; where the caller named versions,
// FAILED_PRECONDITION with details.version. [any thread]
// A streamer or a place that `values` name are found or made.
void update_stream(StreamRecords& records, StreamTarget target, boost::json::object values,
                   Check check, const sw_context& context, Reply reply);

// The same for values that name neither, or whose ids are there already. [any thread]
void set_in_stream(StreamRecords& records, StreamTarget target, boost::json::object values,
                   Check check, const sw_context& context, Reply reply);

// The same without asking for rights; the history says that a rule made the change, not a person.
void update_by_rule(StreamRecords& records, StreamTarget target, boost::json::object values,
                    const sw_context& context, Reply reply);

// Replies with the record as it was. [any thread]
void remove_stream(StreamRecords& records, StreamTarget target, const sw_context& context,
                   Reply reply);

}  // namespace streamwall::catalog
