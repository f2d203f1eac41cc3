// POST /api/v1/streams/bulk_import: many streams in one request, a line of progress for each.
#pragma once

#include "feature_gate.hpp"
#include "routes.hpp"

#include <streamwall/contracts/streams.hpp>

namespace streamwall::rest_api {

// All of these outlive the routes.
void add_import_routes(Routes& routes, const contracts::streams::Client& client, const Host& host,
                       const FeatureGate& gate);

}  // namespace streamwall::rest_api
