// What is remembered of a stream's changes: each change of its status and each way into and out of
// the archive, written in the same transaction as the change itself. Nothing else is, so changes of
// titles and checks cost nothing here.
#pragma once

#include "stream_change.hpp"
#include "stream_records.hpp"

#include <string>
#include <string_view>

namespace streamwall::catalog {

inline constexpr std::string_view kHistoryCollection = "stream_history";
// `reason` of an entry that the archive rule made.
inline constexpr std::string_view kRule = "rule";

// The collection, as store.declare takes it.
std::string history_declaration();

// Whether a change belongs into the history.
bool is_remembered(const StreamChange& change);
// The entry of a change of `record`, the text before it.
std::string history_entry(std::string_view record, const StreamChange& change,
                          const sw_context& context, std::string_view reason = {});

// Replies {"records":[entry…],"count":n}, newest first. `request`: {"id","limit","offset"}.
// [any thread]
void read_history(StreamRecords& records, std::string_view request, const sw_context& context,
                  Reply reply);

}  // namespace streamwall::catalog
