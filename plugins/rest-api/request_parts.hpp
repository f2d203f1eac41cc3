// What the routes of several resources read from a request.
#pragma once

#include "problem.hpp"

#include <streamwall/sdk/http.hpp>

#include <cstdint>
#include <expected>
#include <optional>

namespace streamwall::rest_api {

// The id in the path, the n-th parameter; nothing for what can be none.
std::optional<std::int64_t> id_in_path(const http::Request& request, std::size_t n = 0);

// Whether unknown fields are refused (`?strict=1`), for a body that is one JSON object and may be
// placed inside a service's request; else what is wrong with the request before its fields are
// looked at. `strict` is the only parameter.
std::expected<bool, Problem> check_object_body(const http::Request& request);

// Refuses any parameter.
std::optional<Problem> check_no_query(const http::Request& request);

}  // namespace streamwall::rest_api
