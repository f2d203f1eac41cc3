#include "nodes_api.hpp"

#include "openapi_nodes.hpp"

#include <streamwall/contracts/store.hpp>
#include <streamwall/sdk/json_scan.hpp>

#include <expected>
#include <utility>

namespace streamwall::rest_api {
namespace {

constexpr std::uint32_t kOrderTimeoutMs = 120'000;  // a plugin stops, then starts

constexpr std::string_view kReconfigure = "reconfigure";

// What a plugin's failure means to who gave the order; the rest as for other services.
Problem to_order_problem(const Error& error) {
    if (contracts::store::has_code(error, "order_failed")) {
        return {.status = 409, .code = "order_failed", .detail = error.message, .errors_json = {}};
    }
    auto problem = to_problem(error);
    if (error.code == SW_INVALID_ARGUMENT) problem.detail = error.message;
    return problem;
}

void send_json(Call& call, int status, const Buffer& body) {
    http::Response response(status, body);
    call.send(response.header("content-type", kJsonType).header("cache-control", "no-store"));
}

void list(const NodesClient& client, const http::Request& request, Call call) {
    client.call(NodesClient::kList, Buffer("{}"), request.context(),
                [call = std::move(call)](Result<Buffer> nodes) mutable {
                    if (!nodes) return call.fail(to_order_problem(nodes.error()));
                    send_json(call, 200, *nodes);
                });
}

void plugins(const NodesClient& client, const http::Request& request, Call call) {
    const auto body = json::Writer().text("node", request.parameter(0)).buffer();
    client.call(NodesClient::kPlugins, body, request.context(),
                [call = std::move(call)](Result<Buffer> node) mutable {
                    if (!node) return call.fail(to_order_problem(node.error()));
                    const auto list = json::find_member(node->view(), "plugins");
                    send_json(call, 200, json::Writer().raw("plugins", list).buffer());
                });
}

// The settings of {"settings":{…}}, as they stand.
std::expected<std::string_view, Problem> settings_of(const http::Request& request) {
    if (!is_json_body(request.header("content-type"))) {
        return std::unexpected(Problem{.status = 415,
                                       .code = "unsupported_media_type",
                                       .detail = "The body must be application/json.",
                                       .errors_json = {}});
    }
    const auto body = json::parse_object(request.body());
    if (!body) return std::unexpected(malformed_json("The body must be a JSON object."));
    for (const auto& member : *body) {
        if (member.key() == "settings") continue;
        return std::unexpected(
            invalid_field(member.key(), "unknown_field", "is nothing that is asked for"));
    }
    const auto* settings = body->if_contains("settings");
    if (settings == nullptr) {
        return std::unexpected(invalid_field("settings", "required", "must be given"));
    }
    if (!settings->is_object()) {
        return std::unexpected(invalid_field("settings", "invalid_type", "must be an object"));
    }
    return json::find_member(request.body(), "settings");
}

// {"accepted":true,"plugin":{…}} as it is, {"plugin":{…}} as the plugin alone.
void answer_order(Call& call, const Result<Buffer>& reply) {
    if (!reply) return call.fail(to_order_problem(reply.error()));
    if (is_accepted(*reply)) return send_json(call, 202, *reply);
    const auto plugin = json::find_member(reply->view(), "plugin");
    send_json(call, 200, Buffer(plugin.empty() ? std::string_view("{}") : plugin));
}

// The event of an order.
std::string_view deed_of(std::string_view order) {
    static constexpr std::pair<std::string_view, std::string_view> kDeeds[] = {
        {"enable", "plugin.enabled"},
        {"disable", "plugin.disabled"},
        {"restart", "plugin.restarted"},
        {"reset", "plugin.reset"},
        {kReconfigure, "plugin.reconfigured"}};
    for (const auto& [name, deed] : kDeeds) {
        if (name == order) return deed;
    }
    return {};
}

void order(const NodesClient& client, Deeds& deeds, std::size_t method,
           const http::Request& request, Call call) {
    json::Writer body;
    body.text("node", request.parameter(0)).text("plugin", request.parameter(1));
    if (NodesClient::kMethods[method] == kReconfigure) {
        const auto settings = settings_of(request);
        if (!settings) return call.fail(settings.error());
        body.raw("settings", *settings);
    }
    auto plugin = std::string(request.parameter(0)).append("/").append(request.parameter(1));
    client.call(method, body.buffer(), request.context(),
                deeds.noting({.action = deed_of(NodesClient::kMethods[method]),
                              .resource_id = std::move(plugin)},
                             request.context(), std::move(call), answer_order));
}

}  // namespace

Result<NodesClient> NodesClient::resolve(const Services& services) {
    NodesClient client;
    client.services_ = &services;
    for (std::size_t n = 0; n < kMethods.size(); ++n) {
        auto method = services.resolve("kernel.nodes", kMethods[n]);
        if (!method) return std::move(method).error();
        client.methods_[n] = *method;
    }
    return client;
}

void add_node_routes(Routes& routes, const NodesClient& client, Deeds& deeds) {
    const auto add = [&](http::Route route, auto handler) {
        route.access = SW_HTTP_ADMIN;
        route.scope = "admin";
        routes.add(std::move(route), [&client, handler](const http::Request& request, Call call) {
            handler(client, request, std::move(call));
        });
    };
    add({.method = "GET", .path = "/api/v1/nodes", .openapi = openapi::list_nodes()}, list);
    add({.method = "GET",
         .path = "/api/v1/nodes/{node}/plugins",
         .openapi = openapi::list_node_plugins()},
        plugins);
    for (std::size_t n = NodesClient::kFirstOrder; n < NodesClient::kMethods.size(); ++n) {
        const auto name = NodesClient::kMethods[n];
        add({.method = "POST",
             .path = "/api/v1/nodes/{node}/plugins/{plugin}/" + std::string(name),
             .timeout_ms = kOrderTimeoutMs,
             .openapi = openapi::plugin_order(name, name == kReconfigure)},
            [n, &deeds](const NodesClient& to, const http::Request& request, Call call) {
                order(to, deeds, n, request, std::move(call));
            });
    }
}

}  // namespace streamwall::rest_api
