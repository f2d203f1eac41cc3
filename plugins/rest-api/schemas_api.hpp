// /api/v1/schemas: the JSON Schemas of events, from the host's own list.
#pragma once

#include "routes.hpp"

#include <functional>

namespace streamwall::rest_api {

// `schemas` gives [{"type","version","plugin","schema"}]; empty where the host gives none.
void add_schema_routes(Routes& routes, std::function<Buffer()> schemas);

}  // namespace streamwall::rest_api
