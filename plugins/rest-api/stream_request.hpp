// What requests about streams have in common: flags in queries, bodies.
#pragma once

#include "problem.hpp"

#include <streamwall/sdk/http.hpp>

#include <expected>
#include <optional>
#include <string_view>

namespace streamwall::rest_api {

// Either lets a key in; what it may change then depends on which it has (catalog/permissions.hpp).
inline constexpr std::string_view kChangeScopes = "streams:write status:write";

Problem no_such_stream();

// A parameter that is 1 or 0, true or false, absent: false. 400 for any other value.
std::expected<bool, Problem> flag_of(std::string_view query, std::string_view name);

// 415 where the body is not said to be JSON.
std::optional<Problem> check_type(const http::Request& request);
// What is wrong with the body before its fields are looked at; else whether `?strict=1`.
std::expected<bool, Problem> check_body(const http::Request& request);

}  // namespace streamwall::rest_api
