// Options: how to connect, and how much may wait on the way.
#pragma once

#include "nats/options.hpp"

#include <cstddef>

namespace streamwall::transport_nats {

using nats::parse_servers;
using nats::ServerUrl;

struct Options : nats::Options {
    std::size_t max_pending = 16 * 1024 * 1024;
    std::size_t max_unread = 64 * 1024 * 1024;
};

}  // namespace streamwall::transport_nats
