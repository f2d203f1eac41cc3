#include "stream_request.hpp"

#include "media_types.hpp"
#include "query_string.hpp"

#include <streamwall/sdk/json.hpp>
#include <streamwall/sdk/json_scan.hpp>

namespace streamwall::rest_api {

Problem no_such_stream() {
    return to_problem(Error::not_found("There is no such stream."));
}

std::expected<bool, Problem> flag_of(std::string_view query, std::string_view name) {
    if (query.empty()) return false;
    const auto wrong = [name] {
        return std::unexpected(
            invalid_query({}, "The parameter " + std::string(name) + " must be 1 or 0."));
    };
    const auto parameters = parse_query(query);
    if (!parameters) return wrong();
    bool out = false;
    for (const auto& [known, value, raw_value, raw] : *parameters) {
        if (known != name) continue;
        if (value != "1" && value != "true" && value != "0" && value != "false") return wrong();
        out = value == "1" || value == "true";
    }
    return out;
}

std::optional<Problem> check_type(const http::Request& request) {
    if (is_json_body(request.header("content-type"))) return std::nullopt;
    return Problem{.status = 415,
                   .code = "unsupported_media_type",
                   .detail = "The body must be application/json.",
                   .errors_json = {}};
}

std::expected<bool, Problem> check_body(const http::Request& request) {
    if (auto problem = check_type(request)) return std::unexpected(std::move(*problem));
    auto strict = flag_of(request.query(), "strict");
    if (!strict) return strict;
    // What is enclosed may be placed into the service's request; its inside is parsed there, once.
    if (!json::is_enclosed_object(request.body())) {
        const auto parsed = json::parse_strict(request.body());
        return std::unexpected(
            malformed_json(parsed ? "The body must be a JSON object." : parsed.error().message));
    }
    return strict;
}

}  // namespace streamwall::rest_api
