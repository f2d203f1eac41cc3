#include "openapi_streams.hpp"

#include "media_types.hpp"
#include "problem.hpp"

#include <streamwall/model/fields.hpp>

#include <boost/json/serialize.hpp>

#include <initializer_list>

namespace streamwall::rest_api::openapi {
namespace {

namespace bj = boost::json;
using model::FieldSpec;
using model::FieldType;

bj::object reference(std::string_view schema) {
    return {{"$ref", "#/components/schemas/" + std::string(schema)}};
}

bj::object content(std::string_view type, std::string_view schema) {
    return {{type, {{"schema", reference(schema)}}}};
}

bj::object answer(std::string_view description, std::string_view schema) {
    return {{"description", description}, {"content", content(kJsonType, schema)}};
}

bj::object with_problems(bj::object responses, std::initializer_list<int> statuses) {
    for (const int status : statuses) {
        responses[std::to_string(status)] = {{"description", reason_phrase(status)},
                                             {"content", content(kProblemType, "Problem")}};
    }
    return responses;
}

bj::object parameter(std::string_view name, std::string_view in, bj::object schema,
                     std::string_view description, bool required = false) {
    return {{"name", name},
            {"in", in},
            {"required", required},
            {"description", description},
            {"schema", std::move(schema)}};
}

bj::object text_schema() {
    return {{"type", "string"}};
}
bj::object id_schema() {
    return {{"type", "integer"}, {"format", "int64"}, {"minimum", 1}, {"maximum", model::kMaxId}};
}

bj::object id_parameter() {
    return parameter("id", "path", id_schema(), "The stream's id.", true);
}
bj::object strict_parameter() {
    return parameter("strict", "query", {{"type", "string"}, {"enum", {"0", "1"}}},
                     "1: unknown fields are refused.");
}
bj::object if_match_parameter() {
    return parameter("If-Match", "header", text_schema(),
                     "Entity tags of the versions that may be changed.");
}
bj::object if_none_match_parameter() {
    return parameter("If-None-Match", "header", text_schema(),
                     "Entity tags that the client has: answered 304 where one is current.");
}

bj::object body(std::string_view schema) {
    return {{"required", true}, {"content", content(kJsonType, schema)}};
}

bj::object operation(std::string_view id, std::string_view summary, bj::array parameters,
                     bj::object responses) {
    bj::object out{{"operationId", id}, {"summary", summary}, {"tags", {"streams"}}};
    if (!parameters.empty()) out["parameters"] = std::move(parameters);
    out["responses"] = std::move(responses);
    return out;
}

struct Filter {
    std::string_view name;
    std::string_view description;
};

constexpr Filter kFilters[] = {
    {"url", "The stream's URL, in any spelling; bare hosts too."},
    {"link", "The same as url."},
    {"status", "One or several of unknown, checking, live, offline, error."},
    {"notStatus", "Leaves these statuses out."},
    {"platform", "One or several platforms."},
    {"kind", "One or several kinds."},
    {"orientation", "vertical or horizontal."},
    {"city", "One or several cities."},
    {"state", "One or several states or provinces."},
    {"source", "Where the stream came from."},
    {"posted_by", "Who posted it."},
    {"external_id", "Ids of another system."},
    {"user_id", "Ids of owners."},
    {"streamer_id", "Ids of streamers."},
    {"location_id", "Ids of locations."},
    {"pinned", "true or false."},
    {"is_pinned", "The same as pinned."},
    {"archived", "true, false (default), or both."},
    {"is_archived", "The same as archived."},
    {"since", "Created at this time or later (RFC 3339)."},
    {"updated_since", "Changed at this time or later (RFC 3339)."},
    {"search", "Words; each begins a word of title, url, notes, place or posted_by."},
    {"sort",
     "created_at, updated_at, last_checked_at, last_live_at, title, status, platform, city, "
     "state, name, -name, created or -created."},
    {"direction", "asc or desc."},
    {"cursor", "next_cursor of the page before; not together with page."},
};

bj::object integer_schema(std::int64_t default_value) {
    return {{"type", "integer"}, {"minimum", 1}, {"default", default_value}};
}

bj::object nullable(bj::object schema, bool is_nullable) {
    if (is_nullable) schema["nullable"] = true;
    return schema;
}

bj::object field_schema(const FieldSpec& field) {
    bj::object out;
    switch (field.type) {
        case FieldType::kInteger:
            out = {{"type", "integer"}, {"format", "int64"}};
            break;
        case FieldType::kId:
            out = id_schema();
            break;
        case FieldType::kBoolean:
            out = {{"type", "boolean"}};
            break;
        case FieldType::kTime:
            out = {{"type", "string"}, {"format", "date-time"}};
            break;
        case FieldType::kUrl:
            out = {{"type", "string"}, {"format", "uri"}, {"maxLength", model::kMaxUrlBytes}};
            break;
        case FieldType::kLabels:
            out = {{"type", "array"},
                   {"maxItems", model::kMaxLabels},
                   {"items", {{"type", "string"}, {"maxLength", model::kMaxLabelSize}}}};
            break;
        case FieldType::kChoice: {
            bj::array words;
            for (const auto word : field.choices)
                words.emplace_back(word);
            if (field.nullable) words.emplace_back(nullptr);
            out = {{"type", "string"}, {"enum", std::move(words)}};
            break;
        }
        case FieldType::kText:
            out = {{"type", "string"}, {"maxLength", field.max_size}};
            break;
    }
    return nullable(std::move(out), field.nullable);
}

bj::object stream_schema() {
    bj::object properties;
    bj::array required;
    const auto add = [&](std::string_view name, const FieldSpec& field) {
        properties[name] = field_schema(field);
        required.emplace_back(name);
    };
    const auto add_old_name = [&](std::string_view name, const FieldSpec& field) {
        add(name, field);
        auto& schema = properties[name].get_object();
        schema["deprecated"] = true;
        schema["description"] = "The same as " + std::string(field.name) + ", for older clients.";
    };
    for (const FieldSpec& field : model::stream_fields()) {
        add(field.name, field);
        if (field.name == "url") add_old_name("link", field);
        if (field.name == "last_checked_at") add_old_name("last_checked", field);
    }
    return {{"type", "object"},
            {"properties", std::move(properties)},
            {"required", std::move(required)}};
}

bj::object input_schema() {
    bj::object properties;
    for (const FieldSpec& field : model::stream_fields()) {
        if (field.writable) properties[field.name] = field_schema(field);
    }
    return {{"type", "object"}, {"properties", std::move(properties)}};
}

// Whole: of two parts generators make types that nothing fits.
bj::object new_stream_schema() {
    auto out = input_schema();
    out["required"] = bj::array{"url"};
    return out;
}

bj::object list_schema() {
    const bj::object count{{"type", "integer"}, {"format", "int64"}};
    bj::object meta{{"current_page", count},
                    {"per_page", count},
                    {"total_pages", count},
                    {"total_count", count},
                    {"next_cursor", {{"type", "string"}, {"nullable", true}}}};
    return {{"type", "object"},
            {"required", {"streams", "meta"}},
            {"properties",
             {{"streams", {{"type", "array"}, {"items", reference("Stream")}}},
              {"meta", {{"type", "object"}, {"properties", std::move(meta)}}}}}};
}

bj::object batch_schema() {
    const bj::object id{{"type", "object"}, {"properties", {{"id", id_schema()}}}};
    const bj::object item{{"allOf", {reference("StreamInput"), id}}};
    const bj::object list{{"type", "array"}, {"maxItems", 1000}, {"items", item}};
    const bj::object wrapped{
        {"type", "object"}, {"required", {"updates"}}, {"properties", {{"updates", list}}}};
    return {{"oneOf", {list, wrapped}},
            {"description", "Each item names its stream by id or, without one, by url."}};
}

bj::object batch_results_schema() {
    bj::object result{{"type", "object"},
                      {"required", {"index", "status"}},
                      {"properties",
                       {{"index", {{"type", "integer"}}},
                        {"status", {{"type", "integer"}}},
                        {"stream", reference("Stream")},
                        {"error", reference("Problem")}}}};
    return {{"type", "object"},
            {"required", {"results"}},
            {"properties", {{"results", {{"type", "array"}, {"items", std::move(result)}}}}}};
}

bj::object problem_schema() {
    const bj::object text = text_schema();
    const bj::object error{{"type", "object"},
                           {"properties", {{"field", text}, {"code", text}, {"message", text}}}};
    return {{"type", "object"},
            {"required", {"type", "title", "status", "error", "code"}},
            {"properties",
             {{"type", text},
              {"title", text},
              {"status", {{"type", "integer"}}},
              {"detail", text},
              {"instance", text},
              {"error", text},
              {"code", text},
              {"request_id", text},
              {"errors", {{"type", "array"}, {"items", error}}}}}};
}

}  // namespace

std::string list_streams() {
    bj::array parameters;
    parameters.push_back(parameter("page", "query", integer_schema(1), "The page, from 1."));
    parameters.push_back(
        parameter("per_page", "query", integer_schema(25), "Streams a page; at most 100."));
    for (const auto& [name, description] : kFilters) {
        auto filter = parameter(name, "query", text_schema(), description);
        if (description.starts_with("The same as ")) filter["deprecated"] = true;  // old names
        parameters.push_back(std::move(filter));
    }
    parameters.push_back(if_none_match_parameter());
    bj::object responses{{"200", answer("A page of streams.", "StreamList")},
                         {"304", {{"description", "Not modified."}}}};
    return bj::serialize(operation("listStreams", "List streams", std::move(parameters),
                                   with_problems(std::move(responses), {400, 401, 403, 503})));
}

std::string create_stream() {
    bj::object responses{{"201", answer("Created.", "Stream")},
                         {"200", answer("The stream that has this URL already.", "Stream")}};
    auto out = operation("createStream", "Create a stream, or find the one with this URL",
                         {strict_parameter()},
                         with_problems(std::move(responses), {400, 401, 403, 415, 422, 503, 507}));
    out["requestBody"] = body("NewStream");
    return bj::serialize(out);
}

std::string get_stream() {
    bj::object responses{{"200", answer("The stream.", "Stream")},
                         {"304", {{"description", "Not modified."}}}};
    return bj::serialize(operation("getStream", "Read a stream",
                                   {id_parameter(), if_none_match_parameter()},
                                   with_problems(std::move(responses), {401, 403, 404, 503})));
}

std::string update_stream(bool replaces) {
    auto out = operation(replaces ? "replaceStream" : "updateStream", "Change fields of a stream",
                         {id_parameter(), strict_parameter(), if_match_parameter()},
                         with_problems({{"200", answer("The stream after the change.", "Stream")}},
                                       {400, 401, 403, 404, 409, 412, 415, 422, 503, 507}));
    out["requestBody"] = body(replaces ? "NewStream" : "StreamInput");
    return bj::serialize(out);
}

std::string stream_action(std::string_view id, std::string_view summary, bool answers_nothing) {
    bj::object responses;
    if (answers_nothing)
        responses["204"] = {{"description", "Done."}};
    else
        responses["200"] = answer("The stream after the change.", "Stream");
    return bj::serialize(
        operation(id, summary, {id_parameter(), if_match_parameter()},
                  with_problems(std::move(responses), {401, 403, 404, 409, 412, 503, 507})));
}

std::string batch_streams(bool posts) {
    bj::object atomic = parameter("atomic", "query", {{"type", "string"}, {"enum", {"0", "1"}}},
                                  "1: all items or none.");
    bj::object responses{{"200", answer("All items were carried out.", "BatchResults")},
                         {"207", answer("Some items were refused.", "BatchResults")}};
    auto out = operation(
        posts ? "postBatch" : "updateStreams",
        "Change many streams, each for itself or all or none",
        {strict_parameter(), std::move(atomic)},
        with_problems(std::move(responses), {400, 401, 403, 404, 409, 413, 415, 422, 503, 507}));
    out["requestBody"] = body("Batch");
    return bj::serialize(out);
}

std::string plain_operation(std::string_view id, std::string_view summary, std::string_view type) {
    const bj::object schema{{"type", type == kJsonType ? "object" : "string"}};
    bj::object response{{"description", summary}, {"content", {{type, {{"schema", schema}}}}}};
    bj::object out{{"operationId", id},
                   {"summary", summary},
                   {"tags", {"system"}},
                   {"responses", {{"200", std::move(response)}}}};
    return bj::serialize(out);
}

bj::object schemas() {
    return {{"Stream", stream_schema()},        {"StreamInput", input_schema()},
            {"NewStream", new_stream_schema()}, {"StreamList", list_schema()},
            {"Batch", batch_schema()},          {"BatchResults", batch_results_schema()},
            {"Problem", problem_schema()}};
}

}  // namespace streamwall::rest_api::openapi
