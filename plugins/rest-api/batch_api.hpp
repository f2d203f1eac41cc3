// PATCH and POST /api/v1/streams/batch.
#pragma once

#include "routes.hpp"

#include <streamwall/contracts/streams.hpp>

namespace streamwall::rest_api {

// The client must outlive the routes.
void add_batch_routes(Routes& routes, const contracts::streams::Client& client);

}  // namespace streamwall::rest_api
