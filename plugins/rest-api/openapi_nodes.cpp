#include "openapi_nodes.hpp"

#include "media_types.hpp"
#include "problem.hpp"

#include <boost/json.hpp>

#include <initializer_list>

namespace streamwall::rest_api::openapi {
namespace {

namespace bj = boost::json;

const bj::object kAnyObject{{"type", "object"}};

bj::object plugin_schema() {
    bj::object properties;
    for (const auto* name :
         {"name", "plugin", "version", "state", "reason", "health", "health_reason", "since"}) {
        properties[name] = {{"type", "string"}};
    }
    properties["required"] = {{"type", "boolean"}};
    properties["restarts"] = {{"type", "integer"}};
    properties["dependencies"] = kAnyObject;
    return {{"type", "object"}, {"properties", std::move(properties)}};
}

bj::object node_schema() {
    return {{"type", "object"},
            {"properties",
             {{"node", {{"type", "string"}}},
              {"peer", {{"type", "string"}}},
              {"state",
               {{"type", "string"}, {"enum", {"starting", "ready", "stopping", "unreachable"}}}},
              {"health", {{"type", "string"}, {"enum", {"ok", "degraded", "error"}}}},
              {"version", {{"type", "string"}}},
              {"pid", {{"type", "integer"}, {"nullable", true}}},
              {"plugins", {{"type", "array"}, {"items", plugin_schema()}}}}}};
}

bj::object list_of(std::string_view name, bj::object item) {
    return {{"type", "object"},
            {"properties", {{name, {{"type", "array"}, {"items", std::move(item)}}}}}};
}

bj::object answer(std::string_view description, bj::object schema) {
    return {{"description", description},
            {"content", {{kJsonType, {{"schema", std::move(schema)}}}}}};
}

bj::object text_parameter(std::string_view name, std::string_view description) {
    return {{"name", name},
            {"in", "path"},
            {"required", true},
            {"description", description},
            {"schema", {{"type", "string"}}}};
}

std::string operation(std::string_view id, std::string_view summary, std::string_view tag,
                      bj::array parameters, bj::object responses,
                      std::initializer_list<int> problems, bj::object body = {}) {
    for (const int status : problems) {
        responses[std::to_string(status)] = {
            {"description", reason_phrase(status)},
            {"content",
             {{kProblemType, {{"schema", {{"$ref", "#/components/schemas/Problem"}}}}}}}};
    }
    bj::object out{{"operationId", id}, {"summary", summary}, {"tags", {tag}}};
    if (!parameters.empty()) out["parameters"] = std::move(parameters);
    if (!body.empty()) out["requestBody"] = std::move(body);
    out["responses"] = std::move(responses);
    return bj::serialize(out);
}

bj::object node_parameter() {
    return text_parameter("node", "A node's name, as GET /nodes lists it.");
}

}  // namespace

std::string list_nodes() {
    return operation("listNodes", "List the nodes and their plugins", "nodes", {},
                     {{"200", answer("The nodes; the one that is asked first.",
                                     list_of("nodes", node_schema()))}},
                     {401, 403, 503});
}

std::string list_node_plugins() {
    return operation(
        "listNodePlugins", "List the plugins of a node", "nodes", {node_parameter()},
        {{"200", answer("State and health of each.", list_of("plugins", plugin_schema()))}},
        {401, 403, 404, 503});
}

std::string plugin_order(std::string_view name, bool takes_settings) {
    bj::object accepted{
        {"type", "object"},
        {"properties", {{"accepted", {{"type", "boolean"}}}, {"plugin", plugin_schema()}}}};
    bj::object responses{
        {"200", answer("Carried out: the plugin as it is now.", plugin_schema())},
        {"202", answer("Will be carried out in a moment: this answer comes through that plugin.",
                       std::move(accepted))}};
    bj::object body;
    if (takes_settings) {
        const bj::object schema{
            {"type", "object"},
            {"required", {"settings"}},
            {"properties",
             {{"settings",
               {{"type", "object"},
                {"description", "Laid over the file's; null takes a setting back."}}}}}};
        body = {{"required", true}, {"content", {{kJsonType, {{"schema", schema}}}}}};
    }
    return operation(
        std::string(name) + "Plugin", "Orders: " + std::string(name) + " a plugin", "nodes",
        {node_parameter(), text_parameter("plugin", "An instance, as the configuration names it.")},
        std::move(responses), {401, 403, 404, 409, 415, 422, 503}, std::move(body));
}

std::string list_event_schemas() {
    const bj::object item{{"type", "object"},
                          {"properties",
                           {{"type", {{"type", "string"}}},
                            {"version", {{"type", "string"}}},
                            {"plugin", {{"type", "string"}}}}}};
    return operation("listEventSchemas", "List the types of events that have a schema", "events",
                     {}, {{"200", answer("Types and versions.", list_of("schemas", item))}},
                     {401, 403, 503});
}

std::string get_event_schema() {
    return operation("getEventSchema", "Read the JSON Schema of an event's data", "events",
                     {text_parameter("type", "Such as stream.created."),
                      text_parameter("version", "Such as 1.0.")},
                     {{"200", answer("The schema.", kAnyObject)}}, {401, 403, 404, 503});
}

}  // namespace streamwall::rest_api::openapi
