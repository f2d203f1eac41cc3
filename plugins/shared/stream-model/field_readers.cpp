// What each type of field takes.
#include "field_readers.hpp"

#include <algorithm>
#include <optional>

#include "streamwall/model/rfc3339.hpp"
#include "streamwall/model/text.hpp"

namespace streamwall::model {
namespace {

namespace json = boost::json;
using Value = std::expected<json::value, FieldError>;

std::string_view view(const json::string& text) {
    return {text.data(), text.size()};
}

// Text that any field may hold: well-formed, without NUL.
std::expected<std::string_view, FieldError> read_string(std::string_view field,
                                                        const json::value& value) {
    const json::string* text = value.if_string();
    if (!text) return std::unexpected(field_error(field, "invalid_type", "must be a string"));
    if (view(*text).find('\0') != std::string_view::npos) {
        return std::unexpected(
            field_error(field, "null_character", "must not contain the character U+0000"));
    }
    if (!is_valid_utf8(view(*text))) {
        return std::unexpected(field_error(field, "invalid_encoding", "must be valid UTF-8"));
    }
    return view(*text);
}

std::optional<FieldError> check_size(std::string_view field, std::string_view text,
                                     std::size_t most) {
    if (count_code_points(text) <= most) return std::nullopt;
    return field_error(field, "too_long",
                       "must be at most " + std::to_string(most) + " characters");
}

Value read_text(const FieldSpec& spec, std::string_view field, const json::value& value) {
    const auto text = read_string(field, value);
    if (!text) return std::unexpected(text.error());
    if (trim(*text).empty() && spec.nullable) return json::value(nullptr);
    if (auto error = check_size(field, *text, spec.max_size)) return std::unexpected(*error);
    return json::value(*text);
}

Value read_url(std::string_view field, const json::value& value) {
    const auto text = read_string(field, value);
    if (!text) return std::unexpected(text.error());
    auto url = normalise_for_record(*text);
    if (!url) {
        FieldError error = std::move(url.error());
        error.field = field;
        return std::unexpected(std::move(error));
    }
    return json::value(url->url);
}

Value read_choice(const FieldSpec& spec, std::string_view field, const json::value& value) {
    const auto text = read_string(field, value);
    if (!text) return std::unexpected(text.error());
    const auto found = std::ranges::find_if(
        spec.choices, [&](std::string_view choice) { return equals_ignoring_case(choice, *text); });
    if (found != spec.choices.end()) return json::value(*found);
    std::string message = "must be one of";
    for (const std::string_view choice : spec.choices) {
        message += choice == spec.choices.front() ? " " : ", ";
        message += choice;
    }
    return std::unexpected(field_error(field, "invalid_choice", std::move(message)));
}

Value read_integer(std::string_view field, const json::value& value, std::int64_t least,
                   std::int64_t most) {
    json::error_code error;
    const bool number = value.is_int64() || value.is_uint64();
    const auto integer = number ? value.to_number<std::int64_t>(error) : std::int64_t{0};
    if (!number) {
        return std::unexpected(field_error(field, "invalid_type", "must be an integer"));
    }
    if (error || integer < least || integer > most) {
        return std::unexpected(
            field_error(field, "out_of_range",
                        "must be from " + std::to_string(least) + " to " + std::to_string(most)));
    }
    return json::value(integer);
}

Value read_time(std::string_view field, const json::value& value) {
    const auto text = read_string(field, value);
    if (!text) return std::unexpected(text.error());
    const auto time = parse_time(*text);
    if (!time) {
        return std::unexpected(field_error(
            field, "invalid_time", "must be an RFC 3339 time such as 2026-01-31T12:34:56.789Z"));
    }
    return json::value(format_time(*time));
}

Value read_labels(std::string_view field, const json::value& value) {
    const json::array* items = value.if_array();
    if (!items) {
        return std::unexpected(field_error(field, "invalid_type", "must be an array of strings"));
    }
    if (items->size() > kMaxLabels) {
        return std::unexpected(field_error(
            field, "too_many", "must hold at most " + std::to_string(kMaxLabels) + " labels"));
    }
    json::array labels;
    for (const json::value& item : *items) {
        const auto text = read_string(field, item);
        if (!text) return std::unexpected(text.error());
        const std::string_view label = trim(*text);
        if (label.empty()) {
            return std::unexpected(field_error(field, "blank", "must not contain an empty label"));
        }
        if (auto error = check_size(field, label, kMaxLabelSize)) return std::unexpected(*error);
        const bool known = std::ranges::any_of(
            labels, [&](const json::value& other) { return view(other.get_string()) == label; });
        if (!known) labels.emplace_back(label);
    }
    return json::value(std::move(labels));
}

}  // namespace

FieldError field_error(std::string_view field, std::string_view code, std::string message) {
    return {std::string(field), std::string(code), std::move(message)};
}

Value read_field(const FieldSpec& spec, std::string_view shown_as, const json::value& value) {
    if (value.is_null()) {
        if (spec.nullable) return json::value(nullptr);
        return std::unexpected(field_error(shown_as, "required", "must not be null"));
    }
    switch (spec.type) {
        case FieldType::kText:
            return read_text(spec, shown_as, value);
        case FieldType::kUrl:
            return read_url(shown_as, value);
        case FieldType::kChoice:
            return read_choice(spec, shown_as, value);
        case FieldType::kInteger:
            return read_integer(shown_as, value, 0, kMaxId);
        case FieldType::kId:
            return read_integer(shown_as, value, 1, kMaxId);
        case FieldType::kTime:
            return read_time(shown_as, value);
        case FieldType::kLabels:
            return read_labels(shown_as, value);
        case FieldType::kBoolean:
            break;
    }
    if (!value.is_bool()) {
        return std::unexpected(field_error(shown_as, "invalid_type", "must be true or false"));
    }
    return value;
}

}  // namespace streamwall::model
