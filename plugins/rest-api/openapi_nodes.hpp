// OpenAPI 3.0.3: the operators' operations and the event schemas, as JSON text.
#pragma once

#include <string>
#include <string_view>

namespace streamwall::rest_api::openapi {

std::string list_nodes();
std::string list_node_plugins();
// "disable", "restart", …
std::string plugin_order(std::string_view name, bool takes_settings);

std::string list_event_schemas();
std::string get_event_schema();

}  // namespace streamwall::rest_api::openapi
