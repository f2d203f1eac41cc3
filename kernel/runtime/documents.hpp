// What a node says of itself, as JSON.
#pragma once

#include "runtime/node.hpp"

#include <boost/json/object.hpp>

namespace streamwall::runtime {

// {name, plugin, version, state, reason, health, health_reason, dependencies: {name: {health,
// reason}}, required, restarts, since}
boost::json::object describe(const InstanceStatus& status);

// What describe() said, in another process; without the time, which is empty then.
InstanceStatus read_status(const boost::json::object& described);

InstanceStatus status_of(const Instance& instance);  // [any]

}  // namespace streamwall::runtime
