#include "collection.hpp"

#include "stream_history.hpp"

#include <streamwall/contracts/streams.hpp>
#include <streamwall/model/fields.hpp>

#include <array>
#include <string_view>

namespace streamwall::catalog {
namespace {

using model::FieldSpec;
using model::FieldType;

struct Repeated {
    std::string_view field;
    std::string_view name;
};
// Kept in the store under both names, so that the rendered record needs no second rendering.
constexpr std::array<Repeated, 2> kRepeated{{{"url", "link"}, {"last_checked_at", "last_checked"}}};

constexpr std::string_view store_type(FieldType type) {
    switch (type) {
        case FieldType::kInteger:
        case FieldType::kId:
            return "integer";
        case FieldType::kBoolean:
            return "boolean";
        case FieldType::kTime:
            return "time";
        case FieldType::kLabels:
            return "json";
        default:
            return "text";
    }
}

constexpr std::string_view default_json(std::string_view field) {
    if (field == "status") return R"("unknown")";
    if (field == "platform") return R"("other")";
    if (field == "kind") return R"("video")";
    if (field == "pinned" || field == "archived") return "false";
    if (field == "labels") return "[]";
    return {};
}

bool is_set_by_store(std::string_view field) {
    return field == "id" || field == "created_at" || field == "updated_at" || field == "version";
}

std::string field_json(std::string_view name, FieldType type) {
    json::Writer out;
    out.text("name", name).text("type", store_type(type));
    if (const auto value = default_json(name); !value.empty()) out.raw("default", value);
    return out.take();
}

std::string fields_json() {
    std::string out = "[";
    const auto add = [&](std::string_view name, FieldType type) {
        if (out.size() > 1) out += ',';
        out += field_json(name, type);
    };
    for (const FieldSpec& field : model::stream_fields()) {
        if (is_set_by_store(field.name)) continue;
        add(field.name, field.type);
        if (const auto other = repeated_field(field.name); !other.empty()) add(other, field.type);
    }
    return out + "]";
}

constexpr std::string_view kKeys = R"([{"name":"url","fields":["url"],)"
                                   R"("where":{"field":"archived","op":"eq","value":false}}])";

// What one in many streams has is looked up; it changes with none of a stream's usual changes, so
// an index of it costs a new stream a microsecond and a change nothing. Others (kind, orientation,
// source, poster) are met while the list is walked, and counted once.
//
// City and state are mostly asked for together. Each stands behind the id in the index of the
// other, out of the order: so that no stream has to be looked at to find that it is in another
// place.
//
// The id ends every index by itself. Read backwards, `list` gives the default order,
// and `created` that of creation.
constexpr std::string_view kIndexes =
    R"([{"name":"list","fields":["archived","pinned"]},)"
    R"({"name":"created","fields":["archived"]},)"
    R"({"name":"status","fields":["archived","status","pinned"]},)"
    R"({"name":"platform","fields":["archived","platform","pinned"]},)"
    R"({"name":"place","fields":["archived","state","pinned","id","city"]},)"
    R"({"name":"city","fields":["archived","city","pinned","id","state"]},)"
    R"({"name":"streamer","fields":["archived","streamer_id","pinned"]},)"
    R"({"name":"location","fields":["archived","location_id","pinned"]},)"
    R"({"name":"user","fields":["archived","user_id","pinned"]},)"
    R"({"name":"external","fields":["archived","external_id","pinned"]}])";

constexpr std::array<std::string_view, 7> kSearched = {"title", "url",     "notes",    "city",
                                                       "state", "country", "posted_by"};

// Nearly every search is one among the streams that are not archived, pinned ones first.
std::string search_json() {
    std::string fields = "[";
    for (const auto field : kSearched) {
        fields += fields.size() > 1 ? "," : "";
        json::append_string(fields, field);
    }
    return json::Writer()
        .raw("fields", fields + "]")
        .raw("beside", R"(["archived","pinned"])")
        .take();
}

}  // namespace

std::string_view repeated_field(std::string_view name) {
    for (const auto& [field, other] : kRepeated) {
        if (field == name) return other;
    }
    return {};
}

std::span<const std::string_view> searched_fields() {
    return kSearched;
}

std::string streams_declaration() {
    const auto collection = json::Writer()
                                .text("name", contracts::streams::kCollection)
                                .raw("fields", fields_json())
                                .raw("unique", kKeys)
                                .raw("indexes", kIndexes)
                                .raw("search", search_json())
                                .take();
    return R"({"collections":[)" + collection + "," + history_declaration() + "]}";
}

}  // namespace streamwall::catalog
