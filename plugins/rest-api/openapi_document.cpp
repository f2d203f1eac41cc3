#include "openapi_document.hpp"

#include "audit_api.hpp"
#include "catalog_api.hpp"
#include "collaboration_api.hpp"
#include "dead_letters_api.hpp"
#include "features_api.hpp"
#include "messages_api.hpp"
#include "openapi_common.hpp"
#include "openapi_streams.hpp"
#include "openapi_users.hpp"
#include "stream_history_api.hpp"

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

// An object of which nothing is said may hold anything; generators of types want that in words.
void open_up(bj::value& value) {
    if (auto* array = value.if_array()) {
        for (auto& item : *array)
            open_up(item);
        return;
    }
    auto* object = value.if_object();
    if (object == nullptr) return;
    for (auto& member : *object)
        open_up(member.value());
    const auto* type = object->if_contains("type");
    const bool is_object = type != nullptr && type->is_string() && *type == "object";
    if (is_object && !object->contains("properties") && !object->contains("required"))
        object->emplace("additionalProperties", true);
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

// The listener says it as a word, others as the number of the interface.
std::string_view access_of(const bj::object& route) {
    constexpr std::string_view kWords[] = {"open", "viewer", "editor", "admin"};
    const auto* access = route.if_contains("access");
    if (access == nullptr) return kWords[SW_HTTP_ADMIN];
    if (access->is_string()) return access->get_string();
    const bool is_known = access->is_int64() && access->get_int64() >= SW_HTTP_OPEN &&
                          access->get_int64() <= SW_HTTP_ADMIN;
    return kWords[is_known ? access->get_int64() : SW_HTTP_ADMIN];
}

void add_security(bj::object& operation, const RouteView& route) {
    if (route.access == "open") operation["security"] = bj::array{};
    if (!route.scope.empty()) operation["x-required-scopes"] = scopes_of(route);
    operation["x-required-role"] = route.access;
}

bj::object all_schemas() {
    auto all = schemas();
    for (auto&& more :
         {account_schemas(), feature_schemas(), audit_schemas(), catalog_schemas(),
          history_schemas(), dead_letter_schemas(), message_schemas(), collaboration_schemas()}) {
        for (const auto& member : more)
            all[member.key()] = member.value();
    }
    return all;
}

bj::object components(bj::object schemas) {
    return {{"schemas", std::move(schemas)},
            {"headers", common_headers()},
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
    auto schemas = all_schemas();
    bj::object paths;
    for (const auto& item : list->get_array()) {
        const auto* route = item.if_object();
        if (route == nullptr) continue;
        auto operation = operation_of(*route);
        if (operation.empty()) continue;
        const RouteView view{.method = text_of(*route, "method"),
                             .path = text_of(*route, "path"),
                             .access = access_of(*route),
                             .scope = text_of(*route, "scope")};
        add_security(operation, view);
        complete_operation(operation, view, schemas);
        auto& path = paths[view.path];
        if (!path.is_object()) path = bj::object{};
        path.get_object()[model::to_lower(view.method)] = std::move(operation);
    }
    drop_unused(schemas, paths);
    auto tags = tags_of(paths);
    bj::value out = {{"openapi", version == Version::k30 ? "3.0.3" : "3.1.0"},
                     {"info",
                      {{"title", "Streamwall Host"},
                       {"version", "1"},
                       {"description",
                        "Live streams: list, create, change, watch. Errors are problem documents "
                        "(RFC 9457); every change is durable once it is answered."},
                       {"contact", {{"name", "The operators of this host"}}}}},
                     {"servers", {{{"url", "/"}}}},
                     {"security", {{{"bearer", bj::array{}}}}},
                     {"tags", std::move(tags)},
                     {"paths", std::move(paths)},
                     {"components", components(std::move(schemas))}};
    open_up(out);
    if (version == Version::k31) modernise(out);
    return Buffer(bj::serialize(out));
}

}  // namespace streamwall::rest_api::openapi
