// The routes under /api/v1/ignore_lists: who and what discovery passes over.
#pragma once

#include "resource_api.hpp"

namespace streamwall::rest_api {

Result<ResourceClient> resolve_ignore_lists(const Services& services);

// `client` outlives the routes.
void add_ignore_list_routes(Routes& routes, const ResourceClient& client);

namespace openapi {
// IgnoreEntry, IgnoreEntryInput and so on: for `components.schemas`.
boost::json::object ignore_list_schemas();
}  // namespace openapi

}  // namespace streamwall::rest_api
