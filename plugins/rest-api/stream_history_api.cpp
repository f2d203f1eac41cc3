#include "stream_history_api.hpp"

#include "list_query.hpp"
#include "openapi_parts.hpp"
#include "pages.hpp"
#include "query_string.hpp"
#include "request_parts.hpp"
#include "stream_request.hpp"

#include <streamwall/sdk/json_scan.hpp>

#include <boost/json.hpp>

#include <optional>

namespace streamwall::rest_api {
namespace {

using contracts::streams::Client;
using contracts::streams::kMaxAnalyticsDays;
using contracts::streams::Operation;

void history(const Client& client, const http::Request& request, Call call) {
    const auto id = id_in_path(request);
    if (!id) return call.fail(no_such_stream());
    auto query = parse_list_query(request.query(), ListRules{});
    if (!query) return call.fail(query.error());
    json::Writer wanted;
    wanted.number("id", *id).number("limit", query->list.limit);
    if (query->by_cursor)
        wanted.text("cursor", query->list.cursor);
    else
        wanted.number("offset", query->list.offset);
    client.call(Operation::kHistory, wanted.buffer(), request.context(),
                [call = std::move(call), query = std::move(*query)](Result<Buffer> reply) mutable {
                    if (!reply) return call.fail(to_query_problem(reply.error()));
                    const auto page = make_page(query, call.path(), reply->view(), "history");
                    if (!page) return call.fail(to_problem(page.error()));
                    http::Response response(200, page->body);
                    if (!page->link.empty()) response.header("link", page->link);
                    call.send(response.header("content-type", kJsonType));
                });
}

// `?days=`; nothing where it is none, or where there is any other parameter.
std::optional<std::int64_t> days_of(std::string_view query) {
    std::int64_t out = 7;
    const auto parameters = parse_query(query);
    if (!parameters) return std::nullopt;
    for (const auto& parameter : *parameters) {
        const auto days = json::to_integer(parameter.value);
        if (parameter.name != "days" || !days || *days < 1 || *days > kMaxAnalyticsDays) return {};
        out = *days;
    }
    return out;
}

void analytics(const Client& client, const http::Request& request, Call call) {
    const auto id = id_in_path(request);
    if (!id) return call.fail(no_such_stream());
    const auto days = days_of(request.query());
    if (!days) {
        return call.fail(invalid_query(
            R"([{"field":"days","code":"out_of_range","message":"must be from 1 to 90"}])",
            "The only parameter is days, from 1 to 90."));
    }
    const auto wanted = json::Writer().number("id", *id).number("days", *days).buffer();
    client.call(Operation::kAnalytics, wanted, request.context(),
                [call = std::move(call)](Result<Buffer> reply) mutable {
                    if (!reply) return call.fail(to_query_problem(reply.error()));
                    http::Response response(200, *reply);
                    call.send(response.header("content-type", kJsonType));
                });
}

std::string describe_history() {
    return openapi::render(
        {.id = "streamHistory",
         .summary = "Changes of a stream's status, and its ways into and out of the archive",
         .tag = "streams",
         .parameters = {openapi::id_parameter(),
                        openapi::query_parameter("page", "The page, from 1."),
                        openapi::query_parameter("per_page", "Entries a page; at most 100."),
                        openapi::query_parameter("cursor", "next_cursor of the page before.")},
         .answer = openapi::reference("History"),
         .problems = {400, 401, 403, 404, 503}});
}

std::string describe_analytics() {
    return openapi::render(
        {.id = "streamAnalytics",
         .summary = "Figures from the recorded history of a stream",
         .tag = "streams",
         .parameters = {openapi::id_parameter(),
                        openapi::query_parameter("days", "How far back, 1 to 90; 7 if absent.")},
         .answer = openapi::reference("Analytics"),
         .problems = {400, 401, 403, 404, 503}});
}

}  // namespace

void add_stream_history_routes(Routes& routes, const Client& client, const FeatureGate& gate) {
    routes.add({.method = "GET",
                .path = "/api/v1/streams/{id}/history",
                .access = SW_HTTP_VIEWER,
                .scope = "streams:read",
                .openapi = describe_history()},
               [&client](const http::Request& request, Call call) {
                   history(client, request, std::move(call));
               });
    routes.add({.method = "GET",
                .path = "/api/v1/streams/{id}/analytics",
                .access = SW_HTTP_EDITOR,
                .scope = "streams:read",
                .openapi = describe_analytics()},
               [&client, gate](const http::Request& request, Call call) {
                   constexpr auto kFlag = contracts::features::kStreamAnalytics;
                   if (!gate(kFlag, request.context())) return call.fail(feature_disabled(kFlag));
                   analytics(client, request, std::move(call));
               });
}

namespace openapi {

boost::json::object history_schemas() {
    namespace bj = boost::json;
    const bj::object text = text_schema(255, true);
    const bj::object number{{"type", "integer"}, {"format", "int64"}};
    const auto described = [](bj::object schema, std::string_view what) {
        schema["description"] = what;
        return schema;
    };
    bj::object actor = object_schema({{"type", text}, {"id", text}, {"name", text}});
    actor["nullable"] = true;
    bj::object entry = record_schema({
        {"stream_id", id_schema()},
        {"previous_status", text},
        {"status", text},
        {"archived", flag_schema()},
        {"reason", described(text, "rule where the archive rule or a return made the change")},
        {"changed_by", std::move(actor)},
    });
    bj::object share{{"type", "number"}, {"nullable", true}};
    bj::object analytics = object_schema({
        {"stream_id", id_schema()},
        {"from", time_schema()},
        {"to", time_schema()},
        {"observed_seconds", described(number, "from `from` to `to`")},
        {"seconds_by_status", bj::object{{"type", "object"}, {"additionalProperties", number}}},
        {"live_share", described(std::move(share), "live to observed seconds")},
        {"status_changes", number},
        {"live_sessions", described(number, "unbroken spans of live; one that goes on counts")},
        {"longest_live_seconds", number},
        {"is_live", flag_schema()},
    });
    const bj::object items = list_schema(reference("NewStream"));
    bj::object import{{"oneOf", {items, object_schema({{"streams", items}}, {"streams"})}},
                      {"description", "As application/x-ndjson: one stream a line."}};
    return {{"StreamImport", std::move(import)},
            {"HistoryEntry", std::move(entry)},
            {"History", page_schema("history", "HistoryEntry")},
            {"Analytics", std::move(analytics)}};
}

}  // namespace openapi

}  // namespace streamwall::rest_api
