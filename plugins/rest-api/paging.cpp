#include "paging.hpp"

#include "list_query.hpp"
#include "query_string.hpp"

#include <streamwall/sdk/json.hpp>
#include <streamwall/sdk/json_scan.hpp>

#include <algorithm>

namespace streamwall::rest_api {
namespace {

constexpr std::int64_t kMaxPage = 1'000'000'000;
constexpr std::string_view kRange = "must be 1 to 1000000000";

std::string error_json(std::string_view field, std::string_view code, std::string_view message) {
    return "[" +
           json::Writer().text("field", field).text("code", code).text("message", message).take() +
           "]";
}

}  // namespace

std::expected<Paging, Problem> parse_paging(std::string_view query) {
    const auto parameters = parse_query(query);
    if (!parameters) return std::unexpected(invalid_query({}, "The query is malformed."));
    Paging out;
    for (const auto& [name, value, raw_value, raw] : *parameters) {
        if (name != "page" && name != "per_page") {
            return std::unexpected(invalid_query(error_json(name, "unknown", "is not known here"),
                                                 "The parameter " + name + " is not known."));
        }
        const auto number = json::to_integer(value);
        if (!number || *number < 1 || *number > kMaxPage) {
            return std::unexpected(
                invalid_query(error_json(name, "out_of_range", kRange),
                              "The parameter " + name + " " + std::string(kRange) + "."));
        }
        if (name == "page") {
            out.page = *number;
        } else {
            out.per_page = std::min(*number, kMaxPerPage);
        }
    }
    return out;
}

Buffer paged(const Paging& paging, std::string_view name, std::string_view reply) {
    const auto count = json::to_integer(json::find_member(reply, "count")).value_or(0);
    const auto meta = json::Writer()
                          .number("current_page", paging.page)
                          .number("per_page", paging.per_page)
                          .number("total_pages", (count + paging.per_page - 1) / paging.per_page)
                          .number("total_count", count)
                          .take();
    return json::Writer().raw(name, json::find_member(reply, "records")).raw("meta", meta).buffer();
}

}  // namespace streamwall::rest_api
