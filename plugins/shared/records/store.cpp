#include <streamwall/records/store.hpp>

namespace streamwall::records {

namespace bj = boost::json;
namespace names = contracts::store;

Result<> Store::resolve() {
    for (const auto& [method, name] :
         {std::pair(&get_, names::kGet), std::pair(&query_, names::kQuery),
          std::pair(&apply_, names::kApply)}) {
        auto found = services_.resolve(names::kService, name);
        if (!found) return std::move(found).error();
        *method = *found;
    }
    return ok();
}

Task<Result<std::optional<bj::object>>> Store::find(bj::object request, Context context) const {
    using Found = std::optional<bj::object>;
    const Buffer body(bj::serialize(request));
    const auto reply = co_await coro::call(services_, get_, body, context.raw());
    if (reply.code() == SW_NOT_FOUND) co_return Found();
    if (!reply) co_return reply.error();
    auto record = json::parse_object(reply->view());
    if (!record) co_return std::move(record).error();
    co_return Found(std::move(*record));
}

Task<Result<std::optional<bj::object>>> Store::find(std::string_view collection, std::int64_t id,
                                                    Context context) const {
    bj::object request{{"collection", collection}, {"id", id}};
    return find(std::move(request), std::move(context));
}

Task<Result<std::optional<bj::object>>> Store::find(std::string_view collection,
                                                    std::string_view unique, std::string value,
                                                    Context context) const {
    bj::object request{{"collection", collection}, {"unique", unique}};
    request["values"] = bj::array{bj::value(value)};
    return find(std::move(request), std::move(context));
}

Task<Result<bj::object>> Store::query(bj::object request, Context context) const {
    const Buffer body(bj::serialize(request));
    const auto reply = co_await coro::call(services_, query_, body, context.raw());
    if (!reply) co_return reply.error();
    co_return json::parse_object(reply->view());
}

Task<Result<bj::array>> Store::apply(bj::array changes, Context context) const {
    bj::object request;
    request["changes"] = std::move(changes);
    const Buffer body(bj::serialize(request));
    const auto reply = co_await coro::call(services_, apply_, body, context.raw());
    if (!reply) co_return reply.error();
    auto parsed = json::parse_object(reply->view());
    if (!parsed) co_return std::move(parsed).error();
    auto* results = parsed->if_contains("results");
    if (results == nullptr || !results->is_array()) {
        co_return Error::internal("the store's reply holds no results");
    }
    co_return bj::array(std::move(results->get_array()));
}

namespace change {

bj::object insert(std::string_view collection, bj::object record) {
    return {{"op", "insert"}, {"collection", collection}, {"record", std::move(record)}};
}

bj::object update(std::string_view collection, const bj::object& record, bj::object set) {
    return {{"op", "update"},
            {"collection", collection},
            {"id", number_at(record, "id")},
            {"version", number_at(record, "version")},
            {"set", std::move(set)}};
}

bj::object erase(std::string_view collection, const bj::object& record) {
    return {{"op", "delete"},
            {"collection", collection},
            {"id", number_at(record, "id")},
            {"version", number_at(record, "version")}};
}

bj::object event(std::string_view type, std::string_view subject, std::int64_t index,
                 bj::object changes) {
    bj::object out{{"op", "event"},
                   {"type", type},
                   {"version", "1.0"},
                   {"subject", subject},
                   {"record", index}};
    if (!changes.empty()) out["changes"] = std::move(changes);
    return out;
}

bj::object event(std::string_view type, std::string_view subject, bj::object data,
                 bj::object changes) {
    bj::object out{{"op", "event"}, {"type", type}, {"version", "1.0"}, {"subject", subject}};
    out["data"] = std::move(data);
    if (!changes.empty()) out["changes"] = std::move(changes);
    return out;
}

}  // namespace change

std::int64_t number_at(const bj::object& record, std::string_view name) {
    const auto* value = record.if_contains(name);
    return value && value->is_int64() ? value->get_int64() : 0;
}

std::string_view text_at(const bj::object& record, std::string_view name) {
    const auto* value = record.if_contains(name);
    return value && value->is_string() ? std::string_view(value->get_string()) : std::string_view();
}

bool flag_at(const bj::object& record, std::string_view name) {
    const auto* value = record.if_contains(name);
    return value && value->is_bool() && value->get_bool();
}

}  // namespace streamwall::records
