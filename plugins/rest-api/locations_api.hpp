// The routes under /api/v1/locations.
#pragma once

#include "resource_api.hpp"

namespace streamwall::rest_api {

Result<ResourceClient> resolve_locations(const Services& services);

// `client` outlives the routes.
void add_location_routes(Routes& routes, const ResourceClient& client);

namespace openapi {
// Location, LocationInput and so on: for `components.schemas`.
boost::json::object location_schemas();
}  // namespace openapi

}  // namespace streamwall::rest_api
