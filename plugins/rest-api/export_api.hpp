// GET /api/v1/streams/export: all streams in one answer, part after part, so that their number does
// not matter to memory.
#pragma once

#include "feature_gate.hpp"
#include "routes.hpp"

#include <streamwall/contracts/streams.hpp>

namespace streamwall::rest_api {

// All of these outlive the routes.
void add_export_routes(Routes& routes, const contracts::streams::Client& client, const Host& host,
                       const FeatureGate& gate);

}  // namespace streamwall::rest_api
