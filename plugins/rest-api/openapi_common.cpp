#include "openapi_common.hpp"

#include "media_types.hpp"
#include "openapi_examples.hpp"
#include "openapi_parts.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace streamwall::rest_api::openapi {
namespace {

namespace bj = boost::json;

constexpr int kUnknownProblem = 500;
constexpr std::string_view kRateHeaders[] = {"X-RateLimit-Limit", "X-RateLimit-Remaining",
                                             "X-RateLimit-Reset"};

constexpr std::pair<std::string_view, std::string_view> kTags[] = {
    {"api_keys", "Keys of services."},
    {"events", "What happened, and the schemas of events."},
    {"features", "Switches of single features."},
    {"ignore_lists", "Whom and what discovery leaves out."},
    {"locations", "Places that streams are seen from."},
    {"nodes", "The processes of this system, and operators' controls."},
    {"session", "Signing up, logging in, logging out."},
    {"streamers", "People who stream, with their accounts."},
    {"streams", "Live streams."},
    {"system", "Health, metrics and this description."},
    {"timestamps", "Moments that somebody marked."},
    {"users", "People who may log in."},
};

bj::array& array_at(bj::object& object, std::string_view name) {
    auto& value = object[name];
    if (!value.is_array()) value = bj::array{};
    return value.get_array();
}
bj::object& object_at(bj::object& object, std::string_view name) {
    auto& value = object[name];
    if (!value.is_object()) value = bj::object{};
    return value.get_object();
}
std::string_view text_at(const bj::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    return value && value->is_string() ? std::string_view(value->get_string()) : std::string_view();
}

bool has_parameter(const bj::array& parameters, std::string_view in, std::string_view name) {
    for (const auto& parameter : parameters) {
        const auto* object = parameter.if_object();
        if (object && text_at(*object, "in") == in && text_at(*object, "name") == name) return true;
    }
    return false;
}

void add_path_parameters(bj::array& parameters, std::string_view path) {
    for (auto begin = path.find('{'); begin != path.npos; begin = path.find('{', begin + 1)) {
        const auto name = path.substr(begin + 1, path.find('}', begin) - begin - 1);
        if (has_parameter(parameters, "path", name)) continue;
        parameters.push_back(
            {{"name", name}, {"in", "path"}, {"required", true}, {"schema", text_schema()}});
    }
}

void add_idempotency_key(bj::array& parameters) {
    parameters.push_back(
        {{"name", "Idempotency-Key"},
         {"in", "header"},
         {"description",
          "Sent again with the same key, the request is carried out once and answered "
          "as the first time, for 24 hours. Best a UUID."},
         {"schema", {{"type", "string"}, {"minLength", 1}, {"maxLength", 255}}},
         {"example", "5c1f2b3e-8a4d-4f0b-9c59-0f6d4b7f6a11"}});
}

void add_description(bj::object& operation, const RouteView& route) {
    if (operation.contains("description")) return;
    std::string text(text_at(operation, "summary"));
    if (!text.empty()) text += ". ";
    if (route.access == "open") {
        text += "Needs no credentials.";
    } else {
        text.append("For the role ").append(route.access);
        if (route.access != "admin") text += " and above";
        std::string_view before = ", or the scope ";
        for (const auto& scope : scopes_of(route)) {
            text.append(before).append(scope.get_string());
            before = " or ";
        }
        text += '.';
    }
    operation["description"] = text;
}

int status_of(std::string_view text) {
    int status = kUnknownProblem;
    std::from_chars(text.data(), text.data() + text.size(), status);
    return status;
}

void add_examples(bj::object& content, int status, const bj::object& schemas) {
    for (auto& [type, media] : content) {
        auto* object = media.if_object();
        if (object == nullptr || object->contains("example") || object->contains("examples"))
            continue;
        const auto* schema = object->if_contains("schema");
        if (schema == nullptr || type.find("json") == type.npos) continue;
        (*object)["example"] = type == kProblemType ? bj::value(problem_example(status))
                                                    : example_of(*schema, schemas);
    }
}

bj::object header_reference(std::string_view name) {
    return {{"$ref", "#/components/headers/" + std::string(name)}};
}

void complete_response(bj::object& response, int status, bool is_counted,
                       const bj::object& schemas) {
    auto& headers = object_at(response, "headers");
    headers.emplace("X-Request-Id", header_reference("X-Request-Id"));
    if (is_counted) {
        for (const auto name : kRateHeaders)
            headers.emplace(name, header_reference(name));
    }
    if (auto* content = response.if_contains("content"); content && content->is_object())
        add_examples(content->get_object(), status, schemas);
}

void collect_references(const bj::value& value, std::set<std::string>& out) {
    if (const auto* array = value.if_array()) {
        for (const auto& item : *array)
            collect_references(item, out);
    } else if (const auto* object = value.if_object()) {
        for (const auto& member : *object) {
            if (member.key() == "$ref" && member.value().is_string())
                out.emplace(member.value().get_string());
            collect_references(member.value(), out);
        }
    }
}

}  // namespace

bj::array scopes_of(const RouteView& route) {
    bj::array out;
    for (auto rest = route.scope; !rest.empty();) {
        const auto scope = rest.substr(0, rest.find(' '));
        if (!scope.empty()) out.emplace_back(scope);
        rest.remove_prefix(std::min(rest.size(), scope.size() + 1));
    }
    return out;
}

void complete_operation(bj::object& operation, const RouteView& route, const bj::object& schemas) {
    add_description(operation, route);
    auto& tags = array_at(operation, "tags");
    if (tags.empty()) tags.emplace_back("system");
    bj::array parameters = std::move(array_at(operation, "parameters"));
    add_path_parameters(parameters, route.path);
    const bool is_open = route.access == "open";
    if (route.method == "POST" && !is_open) add_idempotency_key(parameters);
    for (auto& parameter : parameters) {
        auto* object = parameter.if_object();
        if (object == nullptr || text_at(*object, "in") != "path" || object->contains("example"))
            continue;
        if (const auto* schema = object->if_contains("schema"))
            (*object)["example"] = example_of(*schema, schemas, text_at(*object, "name"));
    }
    operation["parameters"] = std::move(parameters);
    if (auto* body = operation.if_contains("requestBody"); body && body->is_object())
        add_examples(object_at(body->get_object(), "content"), 0, schemas);
    auto& responses = object_at(operation, "responses");
    if (!responses.contains("default")) {
        responses["default"] = {{"description", "The request failed (RFC 9457)."},
                                {"content", {{kProblemType, {{"schema", reference("Problem")}}}}}};
    }
    const bool is_counted = route.path.starts_with("/api/");
    for (auto& [status, response] : responses) {
        if (response.is_object())
            complete_response(response.get_object(), status_of(status), is_counted, schemas);
    }
}

bj::array tags_of(const bj::object& paths) {
    std::map<std::string, std::string_view> used;
    for (const auto& path : paths) {
        for (const auto& operation : path.value().as_object()) {
            for (const auto& tag : operation.value().at("tags").as_array())
                used.emplace(tag.as_string(), "");
        }
    }
    for (const auto& [name, description] : kTags) {
        if (const auto found = used.find(std::string(name)); found != used.end())
            found->second = description;
    }
    bj::array out;
    for (const auto& [name, description] : used)
        out.push_back({{"name", name}, {"description", description.empty() ? name : description}});
    return out;
}

bj::object common_headers() {
    const bj::object number{{"type", "integer"}, {"minimum", 0}};
    return {
        {"X-Request-Id",
         {{"description", "The request's id: the caller's where it is well formed."},
          {"schema", {{"type", "string"}, {"pattern", "^[A-Za-z0-9._-]{1,64}$"}}}}},
        {"X-RateLimit-Limit",
         {{"description", "Requests that may pass in a minute; absent where there is no limit."},
          {"schema", number}}},
        {"X-RateLimit-Remaining",
         {{"description", "How many of them are left."}, {"schema", number}}},
        {"X-RateLimit-Reset",
         {{"description", "When a request is sure to pass, in seconds since 1970."},
          {"schema", number}}}};
}

void drop_unused(bj::object& schemas, const bj::object& paths) {
    constexpr std::string_view kPrefix = "#/components/schemas/";
    std::set<std::string> wanted;
    collect_references(paths, wanted);
    for (bool grows = true; grows;) {
        const auto before = wanted.size();
        for (const auto& schema : schemas) {
            if (wanted.contains(std::string(kPrefix) + std::string(schema.key())))
                collect_references(schema.value(), wanted);
        }
        grows = wanted.size() > before;
    }
    std::vector<std::string> unused;
    for (const auto& schema : schemas) {
        if (!wanted.contains(std::string(kPrefix) + std::string(schema.key())))
            unused.emplace_back(schema.key());
    }
    for (const auto& name : unused)
        schemas.erase(name);
}

}  // namespace streamwall::rest_api::openapi
