// /api/v1/dead_letters: events that subscriptions gave up, of every node's journal.
#pragma once

#include "nodes_api.hpp"

#include <boost/json/object.hpp>

namespace streamwall::rest_api {

// A dead letter's id is NODE:NUMBER, as each journal counts for itself. `client` outlives the
// routes.
void add_dead_letter_routes(Routes& routes, const NodesClient& client, Deeds& deeds);

namespace openapi {
boost::json::object dead_letter_schemas();
}  // namespace openapi

}  // namespace streamwall::rest_api
