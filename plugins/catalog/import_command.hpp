// `streamwall import FILE`: streams of another system, row by row.
#pragma once

#include "flow.hpp"
#include "stream_records.hpp"

#include <functional>
#include <string>

namespace streamwall::catalog {

// Replies with the text of a file. May wait: not on the caller's thread.
using ReadFile = std::function<void(std::string path, Reply reply)>;

// Makes what the rows tell of; URLs that are known are passed over, so an import can be run again
// and goes on where it ended. Replies {"out":report}: counts, and each refused row with the reason.
// `request` is that of a command (streamwall/records/command_line.hpp).
Flow<> import_streams(StreamRecords& records, ReadFile read_file, std::string request,
                      Context context);

}  // namespace streamwall::catalog
