// Errors as clients see them: application/problem+json (RFC 9457) with the contract's additions.
#pragma once

#include <streamwall/sdk/buffer.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace streamwall::rest_api {

// Code of the answer while the system is being worked on.
inline constexpr std::string_view kMaintenance = "maintenance";

struct Problem {
    int status = 500;
    std::string code;                // for programs
    std::string detail;              // one line for people
    std::string errors_json;         // [{"field","code","message"}] or empty
    int retry_after = 0;             // seconds; 0: no header
    std::string holder_json = {};    // who has what was asked for
    std::string versions_json = {};  // of the interface, where an unknown one was asked for
};

// What a service's error means over HTTP. Messages of our own failures stay inside.
Problem to_problem(const Error& error);
// The same for a request that only asks: bad arguments came from the query, not from a body.
Problem to_query_problem(const Error& error);

// 422 about one field of a body: "settings must be an object.".
Problem invalid_field(std::string_view field, std::string_view code, std::string_view message);
Problem malformed_json(std::string detail);
Problem invalid_query(std::string errors_json, std::string detail);

std::string_view reason_phrase(int status);
Buffer render(const Problem& problem, std::string_view path, std::string_view request_id);

}  // namespace streamwall::rest_api
