#include "audit_api.hpp"

#include "openapi_parts.hpp"
#include "paging.hpp"
#include "query_string.hpp"

#include <streamwall/contracts/audit.hpp>
#include <streamwall/model/rfc3339.hpp>

#include <boost/json.hpp>

#include <algorithm>
#include <array>

namespace streamwall::rest_api {
namespace {

namespace names = contracts::audit;

constexpr std::string_view kSince = "since";
constexpr std::array<std::string_view, 4> kFilters = {"actor", "resource", "resource_id", kSince};
constexpr std::size_t kMaxValue = 255;

Problem refused(const std::string& name, std::string_view code, std::string_view message) {
    const auto error =
        json::Writer().text("field", name).text("code", code).text("message", message).take();
    return invalid_query("[" + error + "]",
                         "The parameter " + name + " " + std::string(message) + ".");
}

struct AuditQuery {
    Paging paging;
    std::string request;  // of the service
};

std::expected<AuditQuery, Problem> read_query(std::string_view query) {
    const auto parameters = parse_query(query);
    if (!parameters) return std::unexpected(invalid_query({}, "The query is malformed."));
    std::string pages;
    json::Writer ask;
    std::vector<std::string_view> seen;
    for (const auto& [name, value, raw_value, raw] : *parameters) {
        if (std::ranges::find(kFilters, name) == kFilters.end()) {
            pages.append(pages.empty() ? "" : "&").append(raw);
            continue;
        }
        if (std::ranges::find(seen, name) != seen.end()) {
            return std::unexpected(refused(name, "repeated", "is given twice"));
        }
        seen.push_back(name);
        if (value.empty() || value.size() > kMaxValue) {
            return std::unexpected(refused(name, "length", "must have 1 to 255 bytes"));
        }
        if (name == kSince && !model::parse_time(value)) {
            return std::unexpected(refused(name, "format", "must be a time as of RFC 3339"));
        }
        ask.text(name, value);
    }
    const auto paging = parse_paging(pages);
    if (!paging) return std::unexpected(paging.error());
    ask.number("limit", paging->per_page).number("offset", paging->offset());
    return AuditQuery{*paging, ask.take()};
}

void list(const AuditClient& client, const http::Request& request, Call call) {
    const auto query = read_query(request.query());
    if (!query) return call.fail(query.error());
    client.services->call(
        client.list, Buffer(query->request), request.context(),
        [call = std::move(call), paging = query->paging](Result<Buffer> reply) mutable {
            if (!reply) return call.fail(to_query_problem(reply.error()));
            http::Response response(200, paged(paging, "audit", reply->view()));
            response.header("content-type", kJsonType);
            call.send(response.header("cache-control", "no-store"));
        });
}

std::string describe_list() {
    using openapi::query_parameter;
    return openapi::render(
        {.id = "listAudit",
         .summary = "Who changed what, newest first",
         .tag = "audit",
         .parameters = {query_parameter("actor", "Id or name of who made the changes."),
                        query_parameter("resource", "Such as stream, user, feature."),
                        query_parameter("resource_id", "The record's id."),
                        query_parameter("since", "A time as of RFC 3339."),
                        query_parameter("page", "The page, from 1."),
                        query_parameter("per_page", "At most 100 a page.")},
         .answer = openapi::page_schema("audit", "AuditEntry"),
         .problems = {400, 401, 403, 503}});
}

}  // namespace

Result<AuditClient> AuditClient::resolve(const Services& services) {
    auto list = services.resolve(names::kService, names::kList);
    if (!list) return std::move(list).error();
    return AuditClient{&services, *list};
}

void add_audit_routes(Routes& routes, const AuditClient& client) {
    routes.add({.path = "/api/v1/audit", .access = SW_HTTP_ADMIN, .openapi = describe_list()},
               [&client](const http::Request& request, Call call) {
                   list(client, request, std::move(call));
               });
}

boost::json::object openapi::audit_schemas() {
    namespace bj = boost::json;
    const bj::object text{{"type", "string"}, {"nullable", true}};
    const bj::object side{{"type", "object"}, {"nullable", true}};
    const bj::object actor = object_schema({{"type", text}, {"id", text}, {"name", text}});
    bj::object out;
    out["AuditEntry"] = object_schema(
        {{"id", id_schema()},
         {"at", time_schema()},
         {"actor", actor},
         {"action", text_schema()},
         {"resource", text_schema()},
         {"resource_id", text_schema()},
         {"before", side},
         {"after", side},
         {"request_id", text},
         {"hash",
          {{"type", "string"},
           {"pattern", "^[0-9a-f]{64}$"},
           {"example", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}}}},
        {"id", "at", "actor", "action", "resource", "resource_id", "before", "after", "hash"});
    return out;
}

}  // namespace streamwall::rest_api
