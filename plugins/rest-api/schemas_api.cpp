#include "schemas_api.hpp"

#include "openapi_nodes.hpp"

#include <streamwall/sdk/json.hpp>

#include <boost/json.hpp>

#include <memory>
#include <optional>

namespace streamwall::rest_api {
namespace {

namespace bj = boost::json;

std::optional<bj::array> parsed(const Buffer& document) {
    auto list = json::parse(document.view());
    if (!list || !list->is_array()) return std::nullopt;
    return std::move(list->get_array());
}

void send_json(Call& call, const bj::value& body) {
    http::Response response(200, Buffer(bj::serialize(body)));
    call.send(response.header("content-type", kJsonType));
}

void fail_without_list(Call& call) {
    call.fail(to_problem(Error::unavailable("the host gives no schemas")));
}

bool is_text(const bj::object& entry, std::string_view member, std::string_view wanted) {
    const auto* value = entry.if_contains(member);
    return value && value->is_string() && value->get_string() == wanted;
}

}  // namespace

void add_schema_routes(Routes& routes, std::function<Buffer()> given) {
    const auto schemas = std::make_shared<const std::function<Buffer()>>(std::move(given));
    const auto add = [&](std::string path, std::string openapi, auto handler) {
        routes.add({.method = "GET",
                    .path = std::move(path),
                    .access = SW_HTTP_VIEWER,
                    .scope = "events:read",
                    .openapi = std::move(openapi)},
                   handler);
    };
    add("/api/v1/schemas", openapi::list_event_schemas(),
        [schemas](const http::Request&, Call call) {
            auto list = parsed((*schemas)());
            if (!list) return fail_without_list(call);
            for (auto& entry : *list)
                entry.as_object().erase("schema");
            send_json(call, bj::object{{"schemas", std::move(*list)}});
        });
    add("/api/v1/schemas/{type}/{version}", openapi::get_event_schema(),
        [schemas](const http::Request& request, Call call) {
            const auto list = parsed((*schemas)());
            if (!list) return fail_without_list(call);
            for (const auto& value : *list) {
                const auto& entry = value.as_object();
                if (is_text(entry, "type", request.parameter(0)) &&
                    is_text(entry, "version", request.parameter(1))) {
                    return send_json(call, entry.at("schema"));
                }
            }
            call.fail(to_problem(Error::not_found("There is no such schema.")));
        });
}

}  // namespace streamwall::rest_api
