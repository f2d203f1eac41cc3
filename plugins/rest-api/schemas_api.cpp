#include "schemas_api.hpp"

#include "openapi_nodes.hpp"

#include <streamwall/sdk/json.hpp>

#include <boost/json.hpp>

#include <string>
#include <utility>

namespace streamwall::rest_api {
namespace {

namespace bj = boost::json;

void send_json(Call& call, const bj::value& body) {
    http::Response response(200, Buffer(bj::serialize(body)));
    call.send(response.header("content-type", kJsonType));
}

bool is_text(const bj::object& entry, std::string_view member, std::string_view wanted) {
    const auto* value = entry.if_contains(member);
    return value && value->is_string() && value->get_string() == wanted;
}

// Calls `answer(call, schemas)`, or fails the call.
template <class Answer>
void with_schemas(const NodesClient& client, const http::Request& request, Call call,
                  Answer answer) {
    client.call(NodesClient::kSchemas, Buffer("{}"), request.context(),
                [call = std::move(call), answer = std::move(answer)](Result<Buffer> reply) mutable {
                    if (!reply) return call.fail(to_problem(reply.error()));
                    auto body = json::parse_object(reply->view());
                    auto* schemas = body ? body->if_contains("schemas") : nullptr;
                    if (!schemas || !schemas->is_array()) {
                        return call.fail(to_problem(Error::internal("no list of schemas")));
                    }
                    answer(call, schemas->get_array());
                });
}

}  // namespace

void add_schema_routes(Routes& routes, const NodesClient& client) {
    const auto add = [&](std::string path, std::string openapi, auto handler) {
        routes.add({.method = "GET",
                    .path = std::move(path),
                    .access = SW_HTTP_VIEWER,
                    .scope = "events:read",
                    .openapi = std::move(openapi)},
                   handler);
    };
    add("/api/v1/schemas", openapi::list_event_schemas(),
        [&client](const http::Request& request, Call call) {
            with_schemas(client, request, std::move(call), [](Call& to, bj::array& schemas) {
                for (auto& entry : schemas)
                    entry.as_object().erase("schema");
                send_json(to, bj::object{{"schemas", std::move(schemas)}});
            });
        });
    add("/api/v1/schemas/{type}/{version}", openapi::get_event_schema(),
        [&client](const http::Request& request, Call call) {
            const auto find = [type = std::string(request.parameter(0)),
                               version = std::string(request.parameter(1))](
                                  Call& to, const bj::array& schemas) {
                for (const auto& value : schemas) {
                    const auto& entry = value.as_object();
                    if (is_text(entry, "type", type) && is_text(entry, "version", version)) {
                        return send_json(to, entry.at("schema"));
                    }
                }
                to.fail(to_problem(Error::not_found("There is no such schema.")));
            };
            with_schemas(client, request, std::move(call), find);
        });
}

}  // namespace streamwall::rest_api
