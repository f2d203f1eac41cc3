#include "media_types.hpp"

#include <streamwall/model/text.hpp>

#include <array>

namespace streamwall::rest_api {
namespace {

using model::equals_ignoring_case;
using model::trim;

constexpr std::array<std::string_view, 3> kBodies = {
    "application/json", "application/vnd.streamwall.v1+json", "application/merge-patch+json"};
constexpr std::string_view kVendor = "application/vnd.streamwall.";

std::string_view take_until(std::string_view& rest, char separator) {
    const auto end = rest.find(separator);
    const auto part = trim(rest.substr(0, end));
    rest = end == rest.npos ? std::string_view{} : rest.substr(end + 1);
    return part;
}

bool is_utf8(std::string_view parameter) {
    auto value = parameter;
    if (!equals_ignoring_case(take_until(value, '='), "charset")) return true;
    value = trim(value);
    if (value.size() >= 2 && value.front() == '"') value = value.substr(1, value.size() - 2);
    return equals_ignoring_case(value, "utf-8") || equals_ignoring_case(value, "utf8");
}

}  // namespace

bool is_json_body(std::string_view content_type) {
    if (trim(content_type).empty()) return true;
    const auto type = take_until(content_type, ';');
    bool known = false;
    for (const auto body : kBodies)
        known = known || equals_ignoring_case(type, body);
    while (known && !content_type.empty())
        known = is_utf8(take_until(content_type, ';'));
    return known;
}

bool names_type(std::string_view accept, std::string_view wanted) {
    while (!accept.empty()) {
        auto item = take_until(accept, ',');
        if (equals_ignoring_case(take_until(item, ';'), wanted)) return true;
    }
    return false;
}

bool accepts_version_one(std::string_view accept) {
    bool named_another = false;
    while (!accept.empty()) {
        auto item = take_until(accept, ',');
        const auto type = take_until(item, ';');
        if (!model::starts_with_ignoring_case(type, kVendor)) {
            if (!type.empty()) return true;
            continue;
        }
        if (equals_ignoring_case(type, kBodies[1])) return true;
        named_another = true;
    }
    return !named_another;
}

}  // namespace streamwall::rest_api
