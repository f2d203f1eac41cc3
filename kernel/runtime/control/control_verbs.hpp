// What operators can ask of a running node and order it to do, as verbs of the control socket.
//
//   status                                     node and state of every instance
//   introspect       {what}                    a document of Node::introspect; text as a string
//   plugins.list                               state of every instance
//   plugins.enable|disable|restart {instance}
//   events.tap       {pattern}                 streams envelopes
//   dead_letters.list {after, limit}
//   dead_letters.retry|drop {id}
//   call             {service, method, request, timeout_ms}
#pragma once

#include "runtime/control/control_server.hpp"
#include "runtime/node.hpp"

namespace streamwall::control {

// Orders are logged. The node and the logger outlive the server that gets the handler.
Handler make_node_handler(runtime::Node& node, telemetry::Logger& log);

}  // namespace streamwall::control
