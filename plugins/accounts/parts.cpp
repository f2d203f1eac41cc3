#include "parts.hpp"

#include <streamwall/model/rfc3339.hpp>
#include <streamwall/sdk/json_scan.hpp>

namespace streamwall::accounts {

namespace bj = boost::json;

Seconds Parts::now() const {
    return std::chrono::duration_cast<Seconds>(std::chrono::milliseconds(host.wall_ms()));
}

std::string Parts::time_text(std::chrono::milliseconds from_now) const {
    return model::format_time(model::UtcTime(std::chrono::milliseconds(host.wall_ms()) + from_now));
}

void Parts::tell_changed(std::string_view type, std::int64_t id, const Context& context) const {
    const auto name = std::to_string(id);
    const auto subject = std::string(type) + "/" + name;
    const auto told =
        bus.publish({.type = contracts::accounts::kCredentialsChanged,
                     .subject = subject,
                     .data = json::Writer().text("type", type).text("id", name).buffer()},
                    context.raw());
    if (!told) host.log().error("accounts.not_told", told.error().message, {{"subject", subject}});
}

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

Result<> check_version(std::string_view request, const bj::object& record) {
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

Task<Result<bj::object>> list_records(const Parts& parts, std::string_view collection,
                                      std::string request, Context context) {
    const auto limit = json::to_integer(json::find_member(request, "limit")).value_or(25);
    const auto offset = json::to_integer(json::find_member(request, "offset")).value_or(0);
    bj::object query{
        {"collection", collection}, {"limit", limit}, {"offset", offset}, {"count", true}};
    auto reply = co_await parts.store.query(std::move(query), std::move(context));
    co_return reply;
}

}  // namespace streamwall::accounts
