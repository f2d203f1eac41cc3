// The routes under /api/v1/timestamps: marked moments.
#pragma once

#include "resource_api.hpp"

namespace streamwall::rest_api {

Result<ResourceClient> resolve_timestamps(const Services& services);

// `client` outlives the routes.
void add_timestamp_routes(Routes& routes, const ResourceClient& client);

namespace openapi {
// Timestamp, TimestampInput and so on: for `components.schemas`.
boost::json::object timestamp_schemas();
}  // namespace openapi

}  // namespace streamwall::rest_api
