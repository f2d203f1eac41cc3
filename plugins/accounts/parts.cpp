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

Task<Result<bj::object>> list_records(const Parts& parts, std::string_view collection,
                                      std::string request, Context context) {
    const auto limit = json::to_integer(json::find_member(request, "limit")).value_or(25);
    bj::object query{{"collection", collection}, {"limit", limit}, {"count", true}};
    if (const auto cursor = json::to_plain_text(json::find_member(request, "cursor"))) {
        query["cursor"] = *cursor;
    } else {
        query["offset"] = json::to_integer(json::find_member(request, "offset")).value_or(0);
    }
    auto reply = co_await parts.store.query(std::move(query), std::move(context));
    co_return reply;
}

}  // namespace streamwall::accounts
