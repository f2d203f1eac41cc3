// File descriptors of the process: every connection needs one, and so does everything else.
#pragma once

#include <cstddef>

namespace streamwall::http_server {

// Raises the limit of this process as far as it may; how many there are then.
std::size_t raise_descriptor_limit();

// How many of the wanted connections `descriptors` are enough for, with some left for files,
// databases and other servers.
std::size_t connections_that_fit(std::size_t wanted, std::size_t descriptors);

}  // namespace streamwall::http_server
