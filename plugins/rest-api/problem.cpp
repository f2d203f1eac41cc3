#include "problem.hpp"

#include <streamwall/contracts/store.hpp>
#include <streamwall/contracts/streams.hpp>
#include <streamwall/sdk/json.hpp>

#include <array>

namespace streamwall::rest_api {
namespace {

struct Mapping {
    sw_status from;
    int status;
    std::string_view code;
    std::string_view detail;  // replaces the message where that could tell of our insides
};

// The one table from the boundary's codes to HTTP.
constexpr std::array<Mapping, 16> kMappings{{
    {SW_CANCELLED, 503, "cancelled", "The request was given up."},
    {SW_UNKNOWN, 500, "internal", "The request failed."},
    {SW_INVALID_ARGUMENT, 422, "validation_failed", {}},
    {SW_DEADLINE_EXCEEDED, 503, "timeout", "The answer took too long."},
    {SW_NOT_FOUND, 404, "not_found", {}},
    {SW_ALREADY_EXISTS, 409, "conflict", "A value that must be unique is in use."},
    {SW_PERMISSION_DENIED, 403, "forbidden", {}},
    {SW_RESOURCE_EXHAUSTED, 503, "overloaded", "The service has too much to do."},
    {SW_FAILED_PRECONDITION, 412, "precondition_failed", {}},
    {SW_ABORTED, 409, "conflict", "Others changed the same record at the same time."},
    {SW_OUT_OF_RANGE, 400, "out_of_range", {}},
    {SW_UNIMPLEMENTED, 501, "not_implemented", "This host cannot do that."},
    {SW_INTERNAL, 500, "internal", "The request failed."},
    {SW_UNAVAILABLE, 503, "unavailable", "A part of the service is not available."},
    {SW_DATA_LOSS, 500, "internal", "The request failed."},
    {SW_UNAUTHENTICATED, 401, "unauthenticated", {}},
}};

Mapping mapping_of(sw_status status) {
    for (const auto& mapping : kMappings) {
        if (mapping.from == status) return mapping;
    }
    return kMappings[1];
}

}  // namespace

Problem to_problem(const Error& error) {
    const auto mapping = mapping_of(error.code);
    Problem out;
    out.status = mapping.status;
    out.code = mapping.code;
    out.detail = mapping.detail.empty() ? error.message : std::string(mapping.detail);
    out.errors_json = json::find_member(error.details, "errors");
    if (contracts::store::has_code(error, contracts::streams::kMalformedJson)) {
        return malformed_json(error.message);
    }
    if (contracts::store::has_code(error, contracts::store::kDiskFull)) {
        out.status = 507;
        out.code = contracts::store::kDiskFull;
        out.detail = "The disk is full.";
    }
    if (out.status == 503 || out.status == 507) {
        const auto wait = contracts::store::detail_number(error, "retry_after");
        out.retry_after = wait > 0 && wait < 3600 ? static_cast<int>(wait) : 1;
    }
    return out;
}

Problem to_query_problem(const Error& error) {
    if (error.code == SW_INVALID_ARGUMENT) return invalid_query({}, error.message);
    return to_problem(error);
}

Problem invalid_field(std::string_view field, std::string_view code, std::string_view message) {
    const auto errors =
        json::Writer().text("field", field).text("code", code).text("message", message).take();
    return {.status = 422,
            .code = "validation_failed",
            .detail = std::string(field) + " " + std::string(message) + ".",
            .errors_json = "[" + errors + "]"};
}

Problem malformed_json(std::string detail) {
    return {.status = 400,
            .code = std::string(contracts::streams::kMalformedJson),
            .detail = std::move(detail),
            .errors_json = {}};
}

Problem invalid_query(std::string errors_json, std::string detail) {
    return {.status = 400,
            .code = "invalid_query",
            .detail = std::move(detail),
            .errors_json = std::move(errors_json)};
}

std::string_view reason_phrase(int status) {
    switch (status) {
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 406:
            return "Not Acceptable";
        case 409:
            return "Conflict";
        case 410:
            return "Gone";
        case 412:
            return "Precondition Failed";
        case 413:
            return "Content Too Large";
        case 415:
            return "Unsupported Media Type";
        case 422:
            return "Unprocessable Content";
        case 428:
            return "Precondition Required";
        case 429:
            return "Too Many Requests";
        case 501:
            return "Not Implemented";
        case 503:
            return "Service Unavailable";
        case 507:
            return "Insufficient Storage";
        default:
            return "Internal Server Error";
    }
}

Buffer render(const Problem& problem, std::string_view path, std::string_view request_id) {
    json::Writer out;
    out.text("type", "about:blank").text("title", reason_phrase(problem.status));
    out.number("status", problem.status).text("detail", problem.detail);
    out.text("instance", path).text("error", problem.detail).text("code", problem.code);
    out.text("request_id", request_id);
    if (!problem.errors_json.empty()) out.raw("errors", problem.errors_json);
    if (!problem.holder_json.empty()) out.raw("holder", problem.holder_json);
    if (!problem.versions_json.empty()) out.raw("versions", problem.versions_json);
    if (problem.code == kMaintenance) out.boolean("maintenance", true);  // as old clients know it
    return out.buffer();
}

}  // namespace streamwall::rest_api
