#include <streamwall/records/input.hpp>

#include <streamwall/model/text.hpp>
#include <streamwall/sdk/json_scan.hpp>

#include <algorithm>

namespace streamwall::records {

namespace bj = boost::json;

void FieldErrors::add(std::string_view field, std::string_view code, std::string_view message) {
    list_.push_back({{"field", field}, {"code", code}, {"message", message}});
}

Error FieldErrors::error() const {
    const auto& first = list_.front().as_object();
    const std::string field(first.at("field").as_string());
    return {SW_INVALID_ARGUMENT, field + " " + std::string(first.at("message").as_string()), field,
            bj::serialize(bj::object{{"errors", list_}})};
}

Result<bj::object> read_body(std::string_view request, std::string_view wrapper) {
    auto body = json::parse_strict(json::find_member(request, "body"));
    if (!body || !body->is_object()) {
        return Error{SW_INVALID_ARGUMENT,
                     body ? "the body must be a JSON object" : body.error().message,
                     {},
                     R"({"code":"malformed_json"})"};
    }
    auto& object = body->get_object();
    if (auto* nested = object.if_contains(wrapper); nested && nested->is_object()) {
        return bj::object(std::move(nested->get_object()));
    }
    return std::move(object);
}

void refuse_unknown(const bj::object& body, std::string_view request,
                    std::initializer_list<std::string_view> known, FieldErrors& errors) {
    if (json::find_member(request, "strict") != "true") return;
    for (const auto& member : body) {
        if (std::ranges::find(known, std::string_view(member.key())) != known.end()) continue;
        errors.add(member.key(), "unknown", "is not known here");
    }
}

const bj::value* find_given(const bj::object& body, std::string_view name) {
    const auto* value = body.if_contains(name);
    return value == nullptr || value->is_null() ? nullptr : value;
}

std::optional<std::string> read_text(const bj::object& body, std::string_view name,
                                     std::size_t max_characters, FieldErrors& errors) {
    const auto* value = find_given(body, name);
    if (value == nullptr) return std::nullopt;
    if (!value->is_string()) {
        errors.add(name, "type", "must be a text");
        return std::nullopt;
    }
    std::string text(value->get_string());
    if (model::count_code_points(text) > max_characters) {
        errors.add(name, "too_long",
                   "must have at most " + std::to_string(max_characters) + " characters");
        return std::nullopt;
    }
    return text;
}

std::optional<bool> read_flag(const bj::object& body, std::string_view name, FieldErrors& errors) {
    const auto* value = find_given(body, name);
    if (value == nullptr) return std::nullopt;
    if (value->is_bool()) return value->get_bool();
    errors.add(name, "type", "must be true or false");
    return std::nullopt;
}

std::optional<std::string> read_word(const bj::object& body, std::string_view name,
                                     std::initializer_list<std::string_view> words,
                                     FieldErrors& errors) {
    const auto* value = find_given(body, name);
    if (value == nullptr) return std::nullopt;
    if (value->is_string()) {
        auto word = model::to_lower(std::string_view(value->get_string()));
        if (std::ranges::find(words, word) != words.end()) return word;
    }
    std::string known;
    for (const auto word : words)
        known.append(known.empty() ? "" : ", ").append(word);
    errors.add(name, "unknown_value", "must be one of " + known);
    return std::nullopt;
}

}  // namespace streamwall::records
