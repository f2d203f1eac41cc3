// What operators can ask of a running node and order it to do, as verbs of the control socket.
//
//   status                                     node and state of every instance
//   introspect       {what, node}              a document of Node::introspect; text as a string
//   plugins.list                               state of every instance
//   plugins.enable|disable|restart {instance, node}
//   plugins.reconfigure {instance, node, settings}
//   plugins.reset    {instance, node}          no instance: all of them
//   nodes                                      what kernel.nodes lists
//   plan, reload     {node}
//   events.tap       {pattern, nodes: [names] or "*"}  streams envelopes; no nodes: this one
//   dead_letters.list {after, limit, node}
//   dead_letters.retry|drop {id, node}
//   call             {service, method, request, timeout_ms}
// Without `node` this node is meant. What concerns others goes through the service kernel.nodes.
#pragma once

#include "runtime/control/control_server.hpp"
#include "runtime/node.hpp"

namespace streamwall::control {

// The node outlives the server that gets the handler.
Handler make_node_handler(runtime::Node& node);

}  // namespace streamwall::control
