#include "timestamps_api.hpp"

#include "conditional.hpp"
#include "request_parts.hpp"

#include <streamwall/sdk/json_scan.hpp>

namespace streamwall::rest_api {
namespace {

namespace names = contracts::resources;
using Kind = ListParameter::Kind;

constexpr Audience kWriters{.access = SW_HTTP_EDITOR, .scope = "streams:write"};

constexpr std::array<std::string_view, 4> kStatuses = {"pending", "reviewed", "resolved",
                                                       "dismissed"};
constexpr std::array kFilters =
    std::to_array<ListParameter>({{"status", "status", Kind::kChoice, kStatuses},
                                  {"user_id", "user_id", Kind::kId},
                                  {"stream_id", "stream_id", Kind::kId},
                                  {"from", "from", Kind::kDay},
                                  {"to", "to", Kind::kEndOfDay},
                                  {"search", "search", Kind::kWords}});
constexpr std::array kSorts = std::to_array<ListSort>({{"event_at", "event_at"}});

constexpr ResourceRoutes kRoutes{.path = "/api/v1/timestamps",
                                 .plural = "timestamps",
                                 .schema = "Timestamp",
                                 .title = "timestamp",
                                 .list = {.filters = kFilters, .sorts = kSorts},
                                 .readers = {.access = SW_HTTP_VIEWER, .scope = "streams:read"},
                                 .writers = kWriters};

std::string describe(std::string_view id, std::string_view summary, std::string_view body = {}) {
    boost::json::array parameters{openapi::id_parameter()};
    if (!body.empty()) parameters.push_back(openapi::strict_parameter());
    parameters.push_back(openapi::if_match_parameter());
    return openapi::render({.id = id,
                            .summary = summary,
                            .tag = "timestamps",
                            .parameters = std::move(parameters),
                            .body = body,
                            .answer = openapi::reference("Timestamp"),
                            .problems = {400, 401, 403, 404, 409, 412, 415, 422, 503, 507}});
}

std::string describe_removal() {
    auto stream = openapi::id_parameter();
    stream["name"] = "stream_id";
    stream["description"] = "The stream's id.";
    return openapi::render(
        {.id = "removeTimestampStream",
         .summary = "Take a stream off a timestamp",
         .tag = "timestamps",
         .parameters = {openapi::id_parameter(), stream, openapi::if_match_parameter()},
         .answer = openapi::reference("Timestamp"),
         .problems = {400, 401, 403, 404, 409, 412, 503, 507}});
}

std::string describe_streams() {
    return openapi::render({.id = "timestampStreams",
                            .summary = "The streams that show a moment",
                            .tag = "timestamps",
                            .parameters = {openapi::id_parameter()},
                            .answer = openapi::reference("TimestampStreams"),
                            .problems = {400, 401, 403, 404, 503}});
}

void list_streams(const ResourceClient& client, const http::Request& request, Call call) {
    const auto id = id_in_path(request);
    if (!id) return call.fail(to_problem(Error::not_found("There is nothing with this id.")));
    if (const auto problem = check_no_query(request)) return call.fail(*problem);
    client.call(names::kGet, contracts::streams::id_request(*id), request.context(),
                [call = std::move(call)](Result<Buffer> record) mutable {
                    if (!record) return call.fail(to_problem(record.error()));
                    json::Writer out;
                    out.raw("streams", json::find_member(record->view(), "streams"));
                    http::Response response(200, out.buffer());
                    call.send(response.header("content-type", kJsonType));
                });
}

void remove_stream(const ResourceClient& client, const http::Request& request, Call call) {
    const auto id = id_in_path(request);
    const auto stream = json::to_integer(request.parameter(1));
    if (!id || !stream || *stream < 1) {
        return call.fail(to_problem(Error::not_found("There is nothing with this id.")));
    }
    if (const auto problem = check_no_query(request)) return call.fail(*problem);
    json::Writer body;
    body.number("id", *id).number("stream_id", *stream);
    contracts::streams::detail::add_versions(body, accepted_versions(request.header("if-match")));
    client.call(names::kRemoveStream, body.buffer(), request.context(),
                [call = std::move(call)](Result<Buffer> record) mutable {
                    if (!record) return call.fail(to_problem(record.error()));
                    call.send_record(200, *record);
                });
}

}  // namespace

Result<ResourceClient> resolve_timestamps(const Services& services) {
    return ResourceClient::resolve(
        services, names::kTimestamps,
        {names::kResolve, names::kDismiss, names::kAddStream, names::kRemoveStream});
}

void add_timestamp_routes(Routes& routes, const ResourceClient& client) {
    add_resource_routes(routes, client, kRoutes);
    const auto one = std::string(kRoutes.path) + "/{id}";
    const auto add = [&](std::string_view method, std::string_view suffix, std::string openapi,
                         auto handler) {
        routes.add({.method = std::string(method),
                    .path = one + std::string(suffix),
                    .access = kWriters.access,
                    .scope = std::string(kWriters.scope),
                    .openapi = std::move(openapi)},
                   [&client, handler](const http::Request& request, Call call) {
                       handler(client, request, std::move(call));
                   });
    };
    const auto act = [](std::string_view method) {
        return [method](const ResourceClient& to, const http::Request& request, Call call) {
            act_on_record(to, method, 200, request, std::move(call));
        };
    };
    add("POST", "/resolve", describe("resolveTimestamp", "Mark a timestamp as resolved"),
        act(names::kResolve));
    add("POST", "/dismiss", describe("dismissTimestamp", "Mark a timestamp as dismissed"),
        act(names::kDismiss));
    routes.add({.path = one + "/streams",
                .access = kRoutes.readers.access,
                .scope = std::string(kRoutes.readers.scope),
                .openapi = describe_streams()},
               [&client](const http::Request& request, Call call) {
                   list_streams(client, request, std::move(call));
               });
    add("POST", "/streams",
        describe("addTimestampStream", "Add a stream to a timestamp", "TimestampStream"),
        [](const ResourceClient& to, const http::Request& request, Call call) {
            change_record(to, names::kAddStream, request, std::move(call));
        });
    add("DELETE", "/streams/{stream_id}", describe_removal(), remove_stream);
}

boost::json::object openapi::timestamp_schemas() {
    namespace bj = boost::json;
    const bj::object offset{{"type", "integer"}, {"minimum", 0}, {"nullable", true}};
    const auto statuses = word_schema({"pending", "reviewed", "resolved", "dismissed"});
    auto title = text_schema(200);
    title["minLength"] = 3;
    const bj::object written{{"event_at", time_schema()},
                             {"title", std::move(title)},
                             {"description", text_schema(2000, true)},
                             {"status", statuses},
                             {"streams", list_schema(reference("TimestampStream"))}};
    auto shown = written;
    auto owner = id_schema();
    owner["nullable"] = true;
    shown["user_id"] = std::move(owner);
    bj::object out;
    out["TimestampStream"] =
        object_schema({{"stream_id", id_schema()}, {"offset_seconds", offset}}, {"stream_id"});
    out["TimestampStreams"] =
        object_schema({{"streams", list_schema(reference("TimestampStream"))}}, {"streams"});
    out["Timestamp"] = record_schema(std::move(shown));
    out["TimestampInput"] = object_schema(written);
    out["NewTimestamp"] = object_schema(written, {"event_at", "title"});
    return out;
}

}  // namespace streamwall::rest_api
