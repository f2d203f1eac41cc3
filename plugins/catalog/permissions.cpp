#include "permissions.hpp"

#include <streamwall/sdk/json_scan.hpp>

#include <algorithm>
#include <array>

namespace streamwall::catalog {
namespace {

constexpr std::array<std::string_view, 5> kStatusFields = {"status", "title", "viewer_count",
                                                           "last_checked_at", "last_live_at"};

bool has_scope(const sw_context& context, std::string_view wanted) {
    auto rest = to_view(context.scopes);
    while (!rest.empty()) {
        const auto end = std::min(rest.find(' '), rest.size());
        if (rest.substr(0, end) == wanted) return true;
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return false;
}

}  // namespace

Error change_forbidden() {
    return {SW_PERMISSION_DENIED, "Only its owner or an administrator may do this.", {}, {}};
}

std::int64_t owner_id(const sw_context& context) {
    if (to_view(context.principal_type) != "user") return 0;
    return std::max<std::int64_t>(0, json::to_integer(to_view(context.principal_id)).value_or(0));
}

bool may_remove(const sw_context& context, std::string_view record) {
    const auto type = to_view(context.principal_type);
    if (type.empty() || type == "service") return true;
    if (to_view(context.role) == "admin" || has_scope(context, "admin")) return true;
    const auto user = owner_id(context);
    return user != 0 && json::to_integer(json::find_member(record, "user_id")) == user;
}

bool may_update(const sw_context& context, std::string_view record,
                std::span<const std::string> changed_fields) {
    if (may_remove(context, record) || has_scope(context, "streams:write")) return true;
    return has_scope(context, "status:write") &&
           std::ranges::all_of(changed_fields, [](const std::string& field) {
               return std::ranges::find(kStatusFields, field) != kStatusFields.end();
           });
}

}  // namespace streamwall::catalog
