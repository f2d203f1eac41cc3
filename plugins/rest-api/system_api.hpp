// What is open to everybody: health, metrics, the interface's description.
#pragma once

#include "routes.hpp"

#include <functional>
#include <string_view>

namespace streamwall::rest_api {

// What the host and the listener tell about themselves.
struct SystemDocuments {
    std::function<Buffer(std::string_view what)> introspect;  // empty where unknown
    std::function<Buffer()> routes;
};

void add_system_routes(Routes& routes, SystemDocuments documents);

// /health from the host's own document: its bytes, and whether it means that we are up.
struct Health {
    int status = 503;
    Buffer body;
};
Health health_answer(const Buffer& document);
// /health/ready, from the same document.
Health ready_answer(const Buffer& document);

}  // namespace streamwall::rest_api
