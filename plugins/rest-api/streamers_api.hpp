// The routes under /api/v1/streamers.
#pragma once

#include "resource_api.hpp"

namespace streamwall::rest_api {

Result<ResourceClient> resolve_streamers(const Services& services);

// `client` outlives the routes.
void add_streamer_routes(Routes& routes, const ResourceClient& client);

namespace openapi {
// Streamer, StreamerInput, NewStreamer: for `components.schemas`.
boost::json::object streamer_schemas();
}  // namespace openapi

}  // namespace streamwall::rest_api
