// The methods of catalog.streams.
#pragma once

#include "stream_records.hpp"

#include <streamwall/contracts/streams.hpp>

namespace streamwall::catalog {

// Answers one request, now or later. [any thread]
void serve(StreamRecords& records, contracts::streams::Operation operation,
           std::string_view request, const sw_context& context, Reply reply);

// `list` without waiting: empty where the store must be asked. [any thread]
Buffer list_from_memory(StreamRecords& records, std::string_view request);

// `get` without waiting: nothing where the store must be asked. [any thread]
std::optional<Result<Buffer>> serve_from_memory(StreamRecords& records, std::string_view request);

}  // namespace streamwall::catalog
