#include "features_api.hpp"

#include "conditional.hpp"
#include "openapi_parts.hpp"
#include "paging.hpp"
#include "request_parts.hpp"

#include <streamwall/contracts/store.hpp>
#include <streamwall/sdk/json_scan.hpp>

#include <boost/json.hpp>

namespace streamwall::rest_api {
namespace {

namespace bj = boost::json;
namespace names = contracts::features;

constexpr std::string_view kPath = "/api/v1/features";
constexpr std::string_view kOne = "/api/v1/features/{key}";

void fail(Call& call, const Error& error) {
    auto problem = to_problem(error);
    if (contracts::store::has_code(error, names::kTooManyFlags)) {
        problem.status = 409;
        problem.code = names::kTooManyFlags;
    }
    call.fail(problem);
}

void send_flag(Call& call, const FeaturesClient& client, int status, const Buffer& flag) {
    client.learn(flag.view());
    const RecordTag tag(flag.view());
    http::Response response(status, flag);
    response.header("content-type", kJsonType).header("etag", tag.text());
    if (status != 201) return call.send(response);
    const auto key = json::to_plain_text(json::find_member(flag.view(), "key")).value_or("");
    const auto location = std::string(kPath) + "/" + std::string(key);
    call.send(response.header("location", location));
}

// {"key","versions"} of the path and If-Match.
json::Writer begin_request(const http::Request& request) {
    json::Writer out;
    out.text("key", request.parameter(0));
    contracts::streams::detail::add_versions(out, accepted_versions(request.header("if-match")));
    return out;
}

void list(const FeaturesClient& client, const http::Request& request, Call call) {
    const auto paging = parse_paging(request.query());
    if (!paging) return call.fail(paging.error());
    const auto body = json::Writer()
                          .number("limit", paging->per_page)
                          .number("offset", paging->offset())
                          .buffer();
    client.call(names::kList, body, request.context(),
                [call = std::move(call), paging = *paging](Result<Buffer> reply) mutable {
                    if (!reply) return fail(call, reply.error());
                    http::Response response(200, paged(paging, "features", reply->view()));
                    response.header("content-type", kJsonType);
                    call.send(response.header("cache-control", "no-store"));
                });
}

void get(const FeaturesClient& client, const http::Request& request, Call call) {
    if (const auto wrong = check_no_query(request)) return call.fail(*wrong);
    const auto body = json::Writer().text("key", request.parameter(0)).buffer();
    const std::string seen(request.header("if-none-match"));
    client.call(names::kGet, body, request.context(),
                [call = std::move(call), seen](Result<Buffer> flag) mutable {
                    if (!flag) return fail(call, flag.error());
                    if (!matches_none_match(seen, RecordTag(flag->view()).text()))
                        return call.send_record(200, *flag);
                    const RecordTag tag(flag->view());
                    http::Response unchanged(304);
                    call.send(unchanged.header("etag", tag.text()));
                });
}

// `method` with a body of fields; answered with the flag.
void write(const FeaturesClient& client, std::string_view method, int status, json::Writer ask,
           const http::Request& request, Call call) {
    const auto strict = check_object_body(request);
    if (!strict) return call.fail(strict.error());
    ask.boolean("strict", *strict).raw("body", request.body());
    client.call(method, ask.buffer(), request.context(),
                [call = std::move(call), &client, status](Result<Buffer> flag) mutable {
                    if (!flag) return fail(call, flag.error());
                    send_flag(call, client, status, *flag);
                });
}

// The nodes that a body names, as JSON; empty where there is none.
std::expected<std::string, Problem> nodes_in_body(const http::Request& request) {
    if (request.body().empty()) {
        if (const auto wrong = check_no_query(request)) return std::unexpected(*wrong);
        return std::string();
    }
    if (const auto strict = check_object_body(request); !strict) {
        return std::unexpected(strict.error());
    }
    const auto body = json::parse_strict(request.body());
    if (!body) return std::unexpected(malformed_json(body.error().message));
    const auto* nodes = body->as_object().if_contains("nodes");
    return nodes == nullptr ? std::string() : bj::serialize(*nodes);
}

void flip(const FeaturesClient& client, std::string_view method, const http::Request& request,
          Call call) {
    const auto nodes = nodes_in_body(request);
    if (!nodes) return call.fail(nodes.error());
    auto ask = begin_request(request);
    if (!nodes->empty()) ask.raw("nodes", *nodes);
    client.call(method, ask.buffer(), request.context(),
                [call = std::move(call), &client](Result<Buffer> flag) mutable {
                    if (!flag) return fail(call, flag.error());
                    send_flag(call, client, 200, *flag);
                });
}

bj::object key_parameter() {
    return {{"name", "key"},
            {"in", "path"},
            {"required", true},
            {"description", "The flag's key."},
            {"example", "stream_tags"},
            {"schema", openapi::text_schema(63)}};
}

std::string describe_list() {
    return openapi::render(
        {.id = "listFeatures",
         .summary = "List feature flags",
         .tag = "features",
         .parameters = {openapi::query_parameter("page", "The page, from 1."),
                        openapi::query_parameter("per_page", "At most 100 a page.")},
         .answer = openapi::page_schema("features", "Feature"),
         .problems = {400, 401, 403, 503}});
}

std::string describe_create() {
    return openapi::render({.id = "createFeature",
                            .summary = "Make a feature flag",
                            .tag = "features",
                            .parameters = {openapi::strict_parameter()},
                            .body = "NewFeature",
                            .status = 201,
                            .answer = openapi::reference("Feature"),
                            .problems = {400, 401, 403, 409, 415, 422, 503, 507}});
}

std::string describe_get() {
    return openapi::render({.id = "getFeature",
                            .summary = "Read a feature flag",
                            .tag = "features",
                            .parameters = {key_parameter(), openapi::if_none_match_parameter()},
                            .answer = openapi::reference("Feature"),
                            .problems = {400, 401, 403, 404, 503}});
}

std::string describe_update() {
    return openapi::render({.id = "updateFeature",
                            .summary = "Change a feature flag: its gates, and whether it is on",
                            .tag = "features",
                            .parameters = {key_parameter(), openapi::if_match_parameter(),
                                           openapi::strict_parameter()},
                            .body = "FeatureInput",
                            .answer = openapi::reference("Feature"),
                            .problems = {400, 401, 403, 404, 409, 412, 415, 422, 503, 507}});
}

std::string describe_switch(std::string_view id, std::string_view summary) {
    return openapi::render({.id = id,
                            .summary = summary,
                            .tag = "features",
                            .parameters = {key_parameter(), openapi::if_match_parameter()},
                            .body = "FeatureNodes",
                            .needs_body = false,
                            .answer = openapi::reference("Feature"),
                            .problems = {400, 401, 403, 404, 409, 412, 415, 422, 503, 507}});
}

}  // namespace

Result<FeaturesClient> FeaturesClient::resolve(const Services& services, Learn learn) {
    FeaturesClient out;
    out.services_ = &services;
    out.learn_ = std::move(learn);
    for (const auto name : {names::kList, names::kGet, names::kCreate, names::kUpdate,
                            names::kEnable, names::kDisable}) {
        auto found = services.resolve(names::kService, name);
        if (!found) return std::move(found).error();
        out.methods_.emplace(name, *found);
    }
    return out;
}

void add_feature_routes(Routes& routes, const FeaturesClient& client) {
    const auto add = [&](std::string method, std::string path, std::string openapi, auto handler) {
        routes.add({.method = std::move(method),
                    .path = std::move(path),
                    .access = SW_HTTP_ADMIN,
                    .openapi = std::move(openapi)},
                   [&client, handler](const http::Request& request, Call call) {
                       handler(client, request, std::move(call));
                   });
    };
    using Client = const FeaturesClient&;
    using Request = const http::Request&;
    const std::string one(kOne);
    add("GET", std::string(kPath), describe_list(), list);
    add("POST", std::string(kPath), describe_create(), [](Client to, Request request, Call call) {
        write(to, names::kCreate, 201, json::Writer(), request, std::move(call));
    });
    add("GET", one, describe_get(), get);
    add("PATCH", one, describe_update(), [](Client to, Request request, Call call) {
        write(to, names::kUpdate, 200, begin_request(request), request, std::move(call));
    });
    for (const std::string method : {"POST", "PUT"}) {
        const bool is_described = method == "POST";
        const auto on = describe_switch("enableFeature", "Switch a flag on, or on for some nodes");
        const auto off =
            describe_switch("disableFeature", "Switch a flag off, or off for some nodes");
        add(method, one + "/enable", is_described ? on : "",
            [](Client to, Request request, Call call) {
                flip(to, names::kEnable, request, std::move(call));
            });
        add(method, one + "/disable", is_described ? off : "",
            [](Client to, Request request, Call call) {
                flip(to, names::kDisable, request, std::move(call));
            });
    }
}

bj::object openapi::feature_schemas() {
    const auto nodes = list_schema(text_schema(63));
    const bj::object percentage{
        {"type", "integer"}, {"minimum", 0}, {"maximum", 100}, {"nullable", true}};
    bj::object written{{"enabled", flag_schema()},
                       {"nodes", nodes},
                       {"roles", list_schema(word_schema({"viewer", "editor", "admin"}))},
                       {"users", list_schema(id_schema())},
                       {"percentage_of_actors", percentage},
                       {"percentage_of_time", percentage}};
    const bj::object key{{"type", "string"}, {"pattern", "^[a-z][a-z0-9_]{0,62}$"}};
    bj::object whole{{"key", key}};
    for (const auto& member : written)
        whole[member.key()] = member.value();
    bj::object out;
    out["Feature"] = record_schema(whole);
    // On input null says nothing, as if it were not there.
    for (auto* input : {&whole, &written}) {
        for (const auto* name : {"enabled", "nodes", "roles", "users"})
            (*input)[name].as_object()["nullable"] = true;
    }
    const auto some_nodes = written.at("nodes");
    out["NewFeature"] = object_schema(std::move(whole), {"key"});
    out["FeatureInput"] = object_schema(std::move(written));
    out["FeatureNodes"] = object_schema({{"nodes", some_nodes}});
    return out;
}

}  // namespace streamwall::rest_api
