// The route of the audit: who changed what, for administrators. There is none that changes it.
#pragma once

#include "routes.hpp"

#include <streamwall/sdk/services.hpp>

#include <boost/json/object.hpp>

namespace streamwall::rest_api {

// `list` of audit.entries; what it names outlives the routes.
struct AuditClient {
    const Services* services = nullptr;
    Method list;

    static Result<AuditClient> resolve(const Services& services);
};

void add_audit_routes(Routes& routes, const AuditClient& client);

namespace openapi {
// AuditEntry: for `components.schemas`.
boost::json::object audit_schemas();
}  // namespace openapi

}  // namespace streamwall::rest_api
