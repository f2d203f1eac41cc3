// The OpenAPI document, made from the routes that are really mounted.
#pragma once

#include <streamwall/sdk/buffer.hpp>

#include <string_view>

namespace streamwall::rest_api::openapi {

enum class Version { k30, k31 };

// `routes` is the listener's list: [{"method","path","access","scope","openapi"}]. Routes without
// an operation are left out. INTERNAL where the list is none.
Result<Buffer> document(std::string_view routes, Version version);

}  // namespace streamwall::rest_api::openapi
