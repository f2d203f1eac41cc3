// What clients may set of a flag, checked field by field.
#pragma once

#include <streamwall/records/input.hpp>

#include <boost/json.hpp>

#include <string_view>
#include <vector>

namespace streamwall::features {

// 1 to 63 of a-z, 0-9 and _, beginning with a letter.
bool is_key(std::string_view text);

// Members that a body sets: enabled, nodes, roles, users, percentage_of_actors, percentage_of_time.
// null opens a gate. `request` holds "body" and "strict"; with `is_new` the body names the key,
// too.
Result<boost::json::object> read_flag_body(std::string_view request, bool is_new);

// The list "nodes" of `from`, where it is there. Lists are kept sorted and without repeats.
std::optional<boost::json::array> read_nodes(const boost::json::object& from,
                                             records::FieldErrors& errors);

// {"enabled":true,"nodes":[…]} and so on: what is to be set in the flag `now` so that it is on for
// `nodes` alone, or for those as well where it is on already; empty: everywhere.
boost::json::object enabling(const boost::json::object& now, const boost::json::array& nodes);
// So that it is off for `nodes`; empty: everywhere. `known` are the nodes of the system: a flag
// that is on everywhere stays on for the others of them.
boost::json::object disabling(const boost::json::object& now, const boost::json::array& nodes,
                              const boost::json::array& known);

}  // namespace streamwall::features
