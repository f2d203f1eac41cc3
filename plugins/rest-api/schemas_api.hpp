// /api/v1/schemas: the JSON Schemas of events, those of all nodes that can be reached.
#pragma once

#include "nodes_api.hpp"
#include "routes.hpp"

namespace streamwall::rest_api {

// `client` outlives the routes.
void add_schema_routes(Routes& routes, const NodesClient& client);

}  // namespace streamwall::rest_api
