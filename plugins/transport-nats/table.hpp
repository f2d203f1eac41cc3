// The C table of streamwall.transport/1 over a Transport, which is its `self`.
#pragma once

#include <streamwall/transport.h>

namespace streamwall::transport_nats {

const sw_transport_api* transport_table();

}  // namespace streamwall::transport_nats
