// The routes under /api/v1/streams.
#pragma once

#include "routes.hpp"

#include <streamwall/contracts/streams.hpp>

namespace streamwall::rest_api {

// `client` outlives the routes.
void add_stream_routes(Routes& routes, const contracts::streams::Client& client);

}  // namespace streamwall::rest_api
