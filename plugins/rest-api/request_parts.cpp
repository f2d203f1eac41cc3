#include "request_parts.hpp"

#include "media_types.hpp"
#include "query_string.hpp"

#include <streamwall/model/fields.hpp>
#include <streamwall/sdk/json.hpp>
#include <streamwall/sdk/json_scan.hpp>

namespace streamwall::rest_api {
namespace {

Problem unknown_parameter(const std::string& name) {
    const auto error = json::Writer()
                           .text("field", name)
                           .text("code", "unknown_parameter")
                           .text("message", "is not a parameter of this route")
                           .take();
    return invalid_query("[" + error + "]", name + " is not a parameter of this route.");
}

Problem broken_query() {
    return invalid_query({}, "The query holds a broken escape or a control character.");
}

}  // namespace

std::optional<std::int64_t> id_in_path(const http::Request& request, std::size_t n) {
    const auto text = request.parameter(n);
    const auto id = json::to_integer(text);
    if (!id || *id < 1 || *id > model::kMaxId || text.front() == '0') return std::nullopt;
    return id;
}

std::expected<bool, Problem> check_object_body(const http::Request& request) {
    if (!is_json_body(request.header("content-type"))) {
        return std::unexpected(Problem{.status = 415,
                                       .code = "unsupported_media_type",
                                       .detail = "The body must be application/json.",
                                       .errors_json = {}});
    }
    const auto parameters = parse_query(request.query());
    if (!parameters) return std::unexpected(broken_query());
    bool strict = false;
    for (const auto& [name, value, raw_value, raw] : *parameters) {
        if (name != "strict") return std::unexpected(unknown_parameter(name));
        if (value != "1" && value != "true" && value != "0" && value != "false") {
            return std::unexpected(invalid_query({}, "The parameter strict must be 1 or 0."));
        }
        strict = value == "1" || value == "true";
    }
    if (!json::is_enclosed_object(request.body())) {
        const auto parsed = json::parse_strict(request.body());
        return std::unexpected(
            malformed_json(parsed ? "The body must be a JSON object." : parsed.error().message));
    }
    return strict;
}

std::optional<Problem> check_no_query(const http::Request& request) {
    const auto parameters = parse_query(request.query());
    if (!parameters) return broken_query();
    if (parameters->empty()) return std::nullopt;
    return unknown_parameter(parameters->front().name);
}

}  // namespace streamwall::rest_api
