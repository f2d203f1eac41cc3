// The routes under /api/v1/walls: what walls show, and their saved layouts.
#pragma once

#include "resource_api.hpp"

namespace streamwall::rest_api {

Result<ResourceClient> resolve_walls(const Services& services);
Result<ResourceClient> resolve_layouts(const Services& services);

// `client` outlives the routes.
void add_wall_routes(Routes& routes, const ResourceClient& client);
void add_layout_routes(Routes& routes, const ResourceClient& client);

namespace openapi {
// Wall, WallInput, Layout and so on: for `components.schemas`.
boost::json::object wall_schemas();
}  // namespace openapi

}  // namespace streamwall::rest_api
