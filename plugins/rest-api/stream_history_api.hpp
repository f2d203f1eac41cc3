// GET /api/v1/streams/{id}/history and /analytics.
#pragma once

#include "feature_gate.hpp"
#include "routes.hpp"

#include <streamwall/contracts/streams.hpp>

#include <boost/json/object.hpp>

namespace streamwall::rest_api {

// The client must outlive the routes.
void add_stream_history_routes(Routes& routes, const contracts::streams::Client& client,
                               const FeatureGate& gate);

namespace openapi {
// StreamImport, HistoryEntry, History, Analytics: for `components.schemas`.
boost::json::object history_schemas();
}  // namespace openapi

}  // namespace streamwall::rest_api
