// `streamwall import FILE`: streams of another system, row by row, and what a dump holds beside
// them.
#pragma once

#include "import_beside.hpp"

#include <functional>
#include <string>

namespace streamwall::catalog {

// Replies with the text of a file. May wait: not on the caller's thread.
using ReadFile = std::function<void(std::string path, Reply reply)>;

// Told now and then how far it is: the subject of the events that say so, rows done, rows in all.
using TellProgress =
    std::function<void(const std::string& subject, std::int64_t done, std::int64_t total)>;

// Makes what the rows tell of; URLs that are known are passed over, so an import can be run again
// and goes on where it ended. Replies {"out":report}: counts, and each refused row with the reason.
// Where nobody looks on, `tell` is not called. `request` is that of a command
// (streamwall/records/command_line.hpp).
Flow<> import_streams(ImportDoors doors, ReadFile read_file, TellProgress tell, std::string request,
                      Context context);

}  // namespace streamwall::catalog
