#include "input.hpp"

#include <streamwall/contracts/accounts.hpp>
#include <streamwall/model/text.hpp>
#include <streamwall/sdk/json_scan.hpp>

#include <algorithm>

namespace streamwall::accounts {
namespace {

namespace bj = boost::json;

constexpr std::size_t kMaxEmail = 254;  // RFC 5321 4.5.3.1.3 less the brackets
constexpr std::size_t kMaxLocalPart = 64;
constexpr std::size_t kMinPassword = 8;
constexpr std::size_t kMaxPassword = 128;

// RFC 5322 3.2.3: dot-atom. Quoted local parts are nobody's address.
bool is_local_part(std::string_view text) {
    constexpr std::string_view kMarks = "!#$%&'*+-/=?^_`{|}~.";
    if (text.empty() || text.size() > kMaxLocalPart) return false;
    if (text.front() == '.' || text.back() == '.' || text.find("..") != text.npos) return false;
    return std::ranges::all_of(
        text, [&](char c) { return model::is_alnum(c) || kMarks.find(c) != kMarks.npos; });
}

bool is_domain(std::string_view text) {
    while (true) {
        const auto dot = std::min(text.find('.'), text.size());
        const auto label = text.substr(0, dot);
        if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-') {
            return false;
        }
        if (!std::ranges::all_of(label, [](char c) { return model::is_alnum(c) || c == '-'; })) {
            return false;
        }
        if (dot == text.size()) return true;
        text.remove_prefix(dot + 1);
    }
}

const bj::value* find(const bj::object& body, std::string_view name) {
    const auto* value = body.if_contains(name);
    return value == nullptr || value->is_null() ? nullptr : value;
}

}  // namespace

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
    auto body = json::parse_strict(json::find_member(request, contracts::accounts::kBody));
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
    if (json::find_member(request, contracts::accounts::kStrict) != "true") return;
    for (const auto& member : body) {
        if (std::ranges::find(known, std::string_view(member.key())) != known.end()) continue;
        errors.add(member.key(), "unknown", "is not known here");
    }
}

std::optional<std::string> read_text(const bj::object& body, std::string_view name,
                                     std::size_t max_characters, FieldErrors& errors) {
    const auto* value = find(body, name);
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
    const auto* value = find(body, name);
    if (value == nullptr) return std::nullopt;
    if (value->is_bool()) return value->get_bool();
    errors.add(name, "type", "must be true or false");
    return std::nullopt;
}

std::optional<std::string> read_word(const bj::object& body, std::string_view name,
                                     std::initializer_list<std::string_view> words,
                                     FieldErrors& errors) {
    const auto* value = find(body, name);
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

std::optional<std::string> normal_email(std::string_view text) {
    const auto email = model::to_lower(model::trim(text));
    const auto at = email.find('@');
    if (at == email.npos || email.size() > kMaxEmail) return std::nullopt;
    const std::string_view whole = email;
    if (!is_local_part(whole.substr(0, at)) || !is_domain(whole.substr(at + 1))) {
        return std::nullopt;
    }
    return email;
}

std::optional<std::string> read_email(const bj::object& body, FieldErrors& errors) {
    const auto* value = find(body, "email");
    if (value == nullptr) return std::nullopt;
    if (value->is_string()) {
        if (auto email = normal_email(std::string_view(value->get_string()))) return email;
    }
    errors.add("email", "format", "must be an e-mail address");
    return std::nullopt;
}

bool is_good_password(std::string_view text) {
    const auto size = model::count_code_points(text);
    return size >= kMinPassword && size <= kMaxPassword &&
           std::ranges::any_of(text, model::is_lower) &&
           std::ranges::any_of(text, model::is_upper) && std::ranges::any_of(text, model::is_digit);
}

std::optional<std::string> read_password(const bj::object& body, FieldErrors& errors) {
    const auto* value = find(body, "password");
    if (value == nullptr) return std::nullopt;
    if (value->is_string() && is_good_password(std::string_view(value->get_string()))) {
        return std::string(value->get_string());
    }
    errors.add("password", "weak",
               "must have 8 to 128 characters and must include lowercase, uppercase, and number");
    return std::nullopt;
}

}  // namespace streamwall::accounts
