#include "batch_items.hpp"

#include <streamwall/sdk/json.hpp>
#include <streamwall/sdk/json_scan.hpp>

#include <boost/json/serialize.hpp>

namespace streamwall::catalog {
namespace {

namespace bj = boost::json;

Error field_error(std::string_view field, std::string_view code, std::string_view message) {
    const auto errors =
        json::Writer().text("field", field).text("code", code).text("message", message).take();
    const auto line =
        field.empty() ? std::string(message) : std::string(field) + " " + std::string(message);
    return {SW_INVALID_ARGUMENT, line, std::string(field),
            json::Writer().raw("errors", "[" + errors + "]").take()};
}

// The object that holds the fields: a whole body may be nested under `stream`.
const bj::object& fields_of(const bj::object& item) {
    const auto* nested = item.if_contains("stream");
    return nested != nullptr && nested->is_object() ? nested->get_object() : item;
}

std::optional<Error> read_id(const bj::object& item, BatchItem& out) {
    const auto* id = item.if_contains("id");
    if (id == nullptr) id = fields_of(item).if_contains("id");
    if (id == nullptr || id->is_null()) return std::nullopt;
    if (!id->is_int64()) return field_error("id", "invalid_type", "must be an integer");
    out.id = id->get_int64();
    if (out.id < 1 || out.id > model::kMaxId) {
        return field_error("id", "out_of_range",
                           "must be from 1 to " + std::to_string(model::kMaxId));
    }
    return std::nullopt;
}

// Without an id, the URL is a name and nothing that changes; neither is the platform that was read
// from it.
std::optional<Error> take_url(const bj::object& item, BatchItem& out) {
    const auto* url = out.values.if_contains("url");
    if (url == nullptr) return field_error("id", "required", "or url must be given");
    out.url = url->get_string();
    out.values.erase("url");
    if (!fields_of(item).contains("platform")) out.values.erase("platform");
    return std::nullopt;
}

BatchItem read_item(const bj::value& value, bool strict) {
    BatchItem out;
    const auto* item = value.if_object();
    if (item == nullptr) {
        out.error = field_error("", "invalid_type", "an item must be a JSON object");
        return out;
    }
    out.error = read_id(*item, out);
    if (out.error) return out;
    auto values = read_fields(value, model::InputMode::kPatch, strict);
    if (!values) {
        out.error = std::move(values).error();
        return out;
    }
    out.values = std::move(*values);
    if (out.id == 0) out.error = take_url(*item, out);
    return out;
}

}  // namespace

Result<Batch> read_batch(std::string_view request) {
    const auto parsed = json::parse_strict(json::find_member(request, "updates"));
    const auto* items = parsed ? parsed->if_array() : nullptr;
    if (items == nullptr) return field_error("updates", "invalid_type", "must be an array");
    if (items->size() > contracts::streams::kMaxBatch) {
        return field_error("updates", "too_many",
                           "takes at most " + std::to_string(contracts::streams::kMaxBatch));
    }
    const bool strict = json::find_member(request, "strict") == "true";
    Batch out;
    out.atomic = json::find_member(request, "atomic") == "true";
    out.items.reserve(items->size());
    for (const auto& item : *items)
        out.items.push_back(read_item(item, strict));
    return out;
}

Error error_of_item(const Error& error, std::size_t index) {
    const auto prefix = "updates[" + std::to_string(index) + "]";
    const auto named = [&](std::string_view field) {
        return field.empty() ? prefix : prefix + "." + std::string(field);
    };
    Error out = error;
    out.where = named(error.where);
    out.message = prefix + ": " + error.message;
    auto details = json::parse_object(error.details.empty() ? "{}" : error.details);
    if (!details) return out;
    if (auto* errors = details->if_contains("errors"); errors != nullptr && errors->is_array()) {
        for (auto& one : errors->get_array()) {
            if (!one.is_object()) continue;
            const auto* field = one.get_object().if_contains("field");
            const bool has_field = field != nullptr && field->is_string();
            one.get_object()["field"] = named(has_field ? field->get_string() : "");
        }
    }
    out.details = bj::serialize(*details);
    return out;
}

}  // namespace streamwall::catalog
