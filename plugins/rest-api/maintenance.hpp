// Maintenance mode: while the flag maintenance_mode is on, the API answers 503 to all but
// administrators. What tells of the host's health, and log-in, go on.
#pragma once

#include "problem.hpp"

#include <streamwall/sdk/http.hpp>

#include <functional>

namespace streamwall::rest_api {

// Whether the flag is on for who asks. [any thread]
using MaintenanceFlag = std::function<bool(const sw_context&)>;

// False for routes that answer during maintenance, too.
bool pauses_for_maintenance(const http::Route& route);

// Whether the request is turned away. [any thread]
bool is_turned_away(const MaintenanceFlag& flag, const http::Request& request);

Problem maintenance_problem();

}  // namespace streamwall::rest_api
