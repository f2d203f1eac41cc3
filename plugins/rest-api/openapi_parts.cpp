#include "openapi_parts.hpp"

#include "media_types.hpp"
#include "problem.hpp"

#include <streamwall/model/fields.hpp>

#include <boost/json.hpp>

namespace streamwall::rest_api::openapi {
namespace {

namespace bj = boost::json;

bj::object content(std::string_view type, bj::object schema) {
    return {{type, {{"schema", std::move(schema)}}}};
}

bj::object parameter(std::string_view name, std::string_view in, bj::object schema,
                     std::string_view description, bool required = false) {
    return {{"name", name},
            {"in", in},
            {"required", required},
            {"description", description},
            {"schema", std::move(schema)}};
}

bj::object problem_response(int status) {
    return {{"description", reason_phrase(status)},
            {"content", content(kProblemType, reference("Problem"))}};
}

bj::object* find_header(bj::array& parameters, std::string_view name) {
    for (auto& parameter : parameters) {
        auto& object = parameter.as_object();
        if (object.at("name").as_string() == name && object.at("in") == "header") return &object;
    }
    return nullptr;
}

// The parameter If-Match of an operation.
bj::object* find_if_match(bj::value& operation) {
    auto* parameters = operation.as_object().if_contains("parameters");
    return parameters == nullptr ? nullptr : find_header(parameters->as_array(), "If-Match");
}

bj::object text_of_any_kind() {
    return {{"schema", {{"type", "string"}}}};
}

}  // namespace

bj::object reference(std::string_view schema) {
    return {{"$ref", "#/components/schemas/" + std::string(schema)}};
}

bj::object text_schema(std::size_t longest, bool nullable) {
    bj::object out{{"type", "string"}, {"maxLength", longest}};
    if (nullable) out["nullable"] = true;
    return out;
}
bj::object id_schema() {
    return {{"type", "integer"}, {"format", "int64"}, {"minimum", 1}, {"maximum", model::kMaxId}};
}
bj::object flag_schema() {
    return {{"type", "boolean"}};
}
bj::object time_schema(bool nullable) {
    bj::object out{{"type", "string"}, {"format", "date-time"}};
    if (nullable) out["nullable"] = true;
    return out;
}
bj::object word_schema(std::initializer_list<std::string_view> words) {
    bj::array list;
    for (const auto word : words)
        list.emplace_back(word);
    return {{"type", "string"}, {"enum", std::move(list)}};
}
bj::object list_schema(bj::object item) {
    return {{"type", "array"}, {"items", std::move(item)}};
}

bj::object object_schema(bj::object properties, bj::array required) {
    bj::object out{{"type", "object"}, {"properties", std::move(properties)}};
    if (!required.empty()) out["required"] = std::move(required);
    return out;
}

bj::object record_schema(bj::object properties) {
    bj::object all{{"id", id_schema()}};
    for (auto& property : properties)
        all[property.key()] = std::move(property.value());
    all["created_at"] = time_schema();
    all["updated_at"] = time_schema();
    all["version"] = id_schema();
    bj::array required;
    for (const auto& property : all)
        required.emplace_back(property.key());
    return object_schema(std::move(all), std::move(required));
}

bj::object page_schema(std::string_view name, std::string_view item) {
    const bj::object count{{"type", "integer"}, {"format", "int64"}};
    bj::object meta{{"current_page", count},
                    {"per_page", count},
                    {"total_pages", count},
                    {"total_count", count},
                    {"next_cursor", {{"type", "string"}, {"nullable", true}}}};
    bj::object properties{{name, list_schema(reference(item))}};
    properties["meta"] = object_schema(std::move(meta));
    return object_schema(std::move(properties), {name, "meta"});
}

bj::object id_parameter() {
    return parameter("id", "path", id_schema(), "The record's id.", true);
}
bj::object if_match_parameter() {
    return parameter("If-Match", "header", {{"type", "string"}},
                     "Entity tags of the versions that may be changed.");
}
bj::object if_none_match_parameter() {
    return parameter("If-None-Match", "header", {{"type", "string"}},
                     "Entity tags that the client has: answered 304 where one is current.");
}
bj::object strict_parameter() {
    return parameter("strict", "query", {{"type", "string"}, {"enum", {"0", "1"}}},
                     "1: unknown fields are refused.");
}
bj::object header_parameter(std::string_view name, std::string_view description) {
    return parameter(name, "header", {{"type", "string"}}, description);
}
bj::object query_parameter(std::string_view name, std::string_view description) {
    return parameter(name, "query", {{"type", "string"}}, description);
}

std::string render(Operation operation) {
    const std::string_view usual = operation.answer.empty() ? "Done." : "As asked.";
    bj::object good{{"description", operation.said.empty() ? usual : operation.said}};
    if (!operation.answer.empty()) {
        good["content"] = content(operation.answer_type, std::move(operation.answer));
    }
    for (const auto type : operation.other_types)
        good["content"].as_object()[type] = text_of_any_kind();
    bj::object responses;
    if (find_header(operation.parameters, "If-None-Match") != nullptr)
        responses["304"] = {{"description", "Not modified."}};
    if (operation.other_status != 0) responses[std::to_string(operation.other_status)] = good;
    responses[std::to_string(operation.status)] = std::move(good);
    const auto add_problem = [&](int status) {
        responses[std::to_string(status)] = problem_response(status);
    };
    for (const int status : operation.problems)
        add_problem(status);
    if (operation.further_problem != 0) add_problem(operation.further_problem);
    bj::object out{{"operationId", operation.id},
                   {"summary", operation.summary},
                   {"tags", bj::array{operation.tag}}};
    if (!operation.parameters.empty()) out["parameters"] = std::move(operation.parameters);
    if (!operation.body.empty()) {
        auto body = content(kJsonType, reference(operation.body));
        if (!operation.other_body_type.empty())
            body[operation.other_body_type] = text_of_any_kind();
        out["requestBody"] = {{"required", operation.needs_body}, {"content", std::move(body)}};
    }
    out["responses"] = std::move(responses);
    return bj::serialize(out);
}

bool takes_if_match(const http::Route& route) {
    const bool changes =
        route.method == "PATCH" || route.method == "PUT" || route.method == "DELETE";
    if (!changes || route.openapi.empty()) return false;
    auto operation = bj::parse(route.openapi);
    return find_if_match(operation) != nullptr;
}

void require_if_match(http::Route& route) {
    auto operation = bj::parse(route.openapi);
    if (auto* parameter = find_if_match(operation)) (*parameter)["required"] = true;
    operation.at("responses").get_object()["428"] = problem_response(428);
    route.openapi = bj::serialize(operation);
}

}  // namespace streamwall::rest_api::openapi
