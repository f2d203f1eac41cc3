#include "input.hpp"

#include <streamwall/model/text.hpp>

#include <algorithm>

namespace streamwall::accounts {

using records::FieldErrors;

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

}  // namespace

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
    const auto* value = records::find_given(body, "email");
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
    const auto* value = records::find_given(body, "password");
    if (value == nullptr) return std::nullopt;
    if (value->is_string() && is_good_password(std::string_view(value->get_string()))) {
        return std::string(value->get_string());
    }
    errors.add("password", "weak",
               "must have 8 to 128 characters and must include lowercase, uppercase, and number");
    return std::nullopt;
}

}  // namespace streamwall::accounts
