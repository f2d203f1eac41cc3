#include <streamwall/records/requests.hpp>

#include <streamwall/records/store.hpp>
#include <streamwall/sdk/json_scan.hpp>

namespace streamwall::records {

Context on_strand(const sw_context& context) {
    return Context(context).with_home(nullptr);
}

bool is_admin(const Context& context) {
    const auto type = context.principal_type();
    return type == "service" || type == "operator" || context.role() == "admin";
}

Error not_admin() {
    return {SW_PERMISSION_DENIED, "Only administrators may do that.", {}, {}};
}

std::int64_t id_of(std::string_view request) {
    return json::to_integer(json::find_member(request, "id")).value_or(0);
}

Result<> check_version(std::string_view request, const boost::json::object& record) {
    const auto wanted = json::find_member(request, "versions");
    if (wanted.empty()) return ok();
    const auto version = number_at(record, "version");
    bool found = false;
    json::scan_items(
        wanted, [&](std::string_view item) { found = found || json::to_integer(item) == version; });
    if (found) return ok();
    return Error{SW_FAILED_PRECONDITION,
                 "The record has another version.",
                 {},
                 json::Writer().number("version", version).take()};
}

}  // namespace streamwall::records
