#include "input.hpp"

#include <streamwall/sdk/json_scan.hpp>

#include <algorithm>

namespace streamwall::catalog {
namespace {

Error field_errors(const std::vector<model::FieldError>& errors) {
    boost::json::array list;
    for (const auto& error : errors) {
        list.push_back({{"field", error.field}, {"code", error.code}, {"message", error.message}});
    }
    const auto& first = errors.front();
    const auto message = first.field.empty() ? first.message : first.field + " " + first.message;
    return {SW_INVALID_ARGUMENT, message, first.field,
            boost::json::serialize(boost::json::object{{"errors", std::move(list)}})};
}

Error malformed(const std::string& message) {
    auto details = json::Writer().text("code", contracts::streams::kMalformedJson).take();
    return {SW_INVALID_ARGUMENT, message, {}, std::move(details)};
}

}  // namespace

bool StreamTarget::accepts(std::int64_t version) const {
    return !versions || std::ranges::find(*versions, version) != versions->end();
}

Result<StreamTarget> read_target(std::string_view request) {
    StreamTarget out;
    json::scan_members(request, [&](std::string_view key, std::string_view value) {
        if (key == "id") out.id = json::to_integer(value).value_or(0);
        if (key == "versions") {
            out.versions.emplace();
            json::scan_items(value, [&](std::string_view item) {
                out.versions->push_back(json::to_integer(item).value_or(0));
            });
        }
        return true;
    });
    if (out.id <= 0) return Error::invalid("a request names the stream by its id", "id");
    return out;
}

Result<boost::json::object> read_body(std::string_view request, model::InputMode mode) {
    const auto text = json::find_member(request, "stream");
    if (text.empty()) return Error::invalid("a request holds the stream's fields", "stream");
    auto body = json::parse_strict(text);
    if (!body) return malformed(body.error().message);
    return read_fields(*body, mode, json::find_member(request, "strict") == "true");
}

Result<boost::json::object> read_fields(const boost::json::value& body, model::InputMode mode,
                                        bool strict) {
    auto input = model::read_stream_input(body, {.mode = mode, .strict = strict});
    if (!input.ok()) return field_errors(input.errors);
    return std::move(input.values);
}

model::InputMode update_mode(std::string_view request) {
    return json::find_member(request, "replace") == "true" ? model::InputMode::kReplace
                                                           : model::InputMode::kPatch;
}

}  // namespace streamwall::catalog
