// The desktop app's feed: GET /feed/streams.json and /feed/streams.toml, with the filters of
// /api/v1/streams.
#pragma once

#include "routes.hpp"

#include <streamwall/contracts/streams.hpp>

namespace streamwall::rest_api {

// `client` outlives the routes. The app can send a key only in the query; where
// `is_open_on_loopback`, it needs none on the host's own machine.
void add_feed_routes(Routes& routes, const contracts::streams::Client& client,
                     bool is_open_on_loopback);

}  // namespace streamwall::rest_api
