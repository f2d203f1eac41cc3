#include "openapi_document.hpp"

#include "features_api.hpp"
#include "catalog_api.hpp"
#include "openapi_streams.hpp"
#include "openapi_users.hpp"

#include <streamwall/ext/http.h>
#include <streamwall/model/text.hpp>
#include <streamwall/sdk/json.hpp>

#include <string>

namespace streamwall::rest_api::openapi {
namespace {

namespace bj = boost::json;

// 3.1 says `type: [T, "null"]` where 3.0 says `nullable: true`.
void modernise(bj::value& value) {
    if (auto* array = value.if_array()) {
        for (auto& item : *array)
            modernise(item);
        return;
    }
    auto* object = value.if_object();
    if (object == nullptr) return;
    for (auto& member : *object)
        modernise(member.value());
    const auto* nullable = object->if_contains("nullable");
    if (nullable == nullptr || !nullable->is_bool()) return;
    const bool is_nullable = nullable->get_bool();
    object->erase("nullable");
    if (const auto* type = object->if_contains("type"); is_nullable && type && type->is_string()) {
        (*object)["type"] = bj::array{*type, "null"};
    }
}

// The operation of a route, as an object or as its text; empty where the route is hidden.
bj::object operation_of(const bj::object& route) {
    const auto* operation = route.if_contains("openapi");
    if (operation == nullptr) return {};
    if (const auto* object = operation->if_object()) return *object;
    if (!operation->is_string() || operation->get_string().empty()) return {};
    auto parsed = json::parse_object(operation->get_string());
    return parsed ? std::move(*parsed) : bj::object{};
}

std::string_view text_of(const bj::object& route, std::string_view name) {
    const auto* value = route.if_contains(name);
    return value && value->is_string() ? std::string_view(value->get_string()) : std::string_view();
}

bool is_open(const bj::object& route) {
    const auto* access = route.if_contains("access");
    if (access == nullptr) return false;
    return *access == SW_HTTP_OPEN || *access == "open";
}

void add_security(bj::object& operation, const bj::object& route) {
    if (is_open(route)) {
        operation["security"] = bj::array{};
        return;
    }
    if (const auto scope = text_of(route, "scope"); !scope.empty()) {
        operation["x-required-scope"] = scope;
    }
}

bj::object components() {
    auto all = schemas();
    for (auto&& more : {account_schemas(), feature_schemas(), catalog_schemas()}) {
        for (const auto& member : more)
            all[member.key()] = member.value();
    }
    return {{"schemas", std::move(all)},
            {"securitySchemes",
             {{"bearer",
               {{"type", "http"},
                {"scheme", "bearer"},
                {"description", "A token from log-in, or an API key."}}}}}};
}

}  // namespace

Result<Buffer> document(std::string_view routes, Version version) {
    auto list = json::parse(routes);
    if (!list || !list->is_array()) return Error::internal("the listener's routes are no list");
    bj::object paths;
    for (const auto& item : list->get_array()) {
        const auto* route = item.if_object();
        if (route == nullptr) continue;
        auto operation = operation_of(*route);
        if (operation.empty()) continue;
        add_security(operation, *route);
        auto& path = paths[text_of(*route, "path")];
        if (!path.is_object()) path = bj::object{};
        path.get_object()[model::to_lower(text_of(*route, "method"))] = std::move(operation);
    }
    bj::value out = {{"openapi", version == Version::k30 ? "3.0.3" : "3.1.0"},
                     {"info",
                      {{"title", "Streamwall Host"},
                       {"version", "1"},
                       {"description", "Live streams: list, create, change, watch."}}},
                     {"servers", {{{"url", "/"}}}},
                     {"security", {{{"bearer", bj::array{}}}}},
                     {"paths", std::move(paths)},
                     {"components", components()}};
    if (version == Version::k31) modernise(out);
    return Buffer(bj::serialize(out));
}

}  // namespace streamwall::rest_api::openapi
