#include "stream_history.hpp"

#include <streamwall/contracts/record.hpp>
#include <streamwall/sdk/json.hpp>
#include <streamwall/sdk/json_scan.hpp>

#include <algorithm>

namespace streamwall::catalog {
namespace {

// {"type","id","name"}: a user, a service key, or the plugin that made the change by itself.
std::string actor_json(const sw_context& context) {
    const auto id = to_view(context.principal_id);
    const auto name = to_view(context.principal_name);
    json::Writer out;
    if (id.empty() && name.empty()) {
        const auto caller = to_view(context.caller);
        return out.text("type", "plugin").text("name", caller.empty() ? "catalog" : caller).take();
    }
    return out.text("type", to_view(context.principal_type))
        .text("id", id)
        .text("name", name)
        .take();
}

std::string_view new_value(std::string_view changes, std::string_view field) {
    return json::find_member(json::find_member(changes, field), "to");
}

std::int64_t number_of(std::string_view request, std::string_view name, std::int64_t otherwise) {
    return json::to_integer(json::find_member(request, name)).value_or(otherwise);
}

}  // namespace

std::string history_declaration() {
    return R"({"name":"stream_history","fields":[{"name":"stream_id","type":"integer"},)"
           R"({"name":"previous_status","type":"text"},{"name":"status","type":"text"},)"
           R"({"name":"archived","type":"boolean","default":false},)"
           R"({"name":"reason","type":"text"},{"name":"changed_by","type":"json"}],)"
           R"("indexes":[{"name":"stream","fields":["stream_id"]}]})";
}

bool is_remembered(const StreamChange& change) {
    return change.moves && std::ranges::any_of(change.fields, [](const std::string& field) {
               return field == "status" || field == "archived";
           });
}

std::string history_entry(std::string_view record, const StreamChange& change,
                          const sw_context& context, std::string_view reason) {
    const auto before = contracts::glance_at_stream(record);
    const auto status = new_value(change.changes_json, "status");
    const auto archived = new_value(change.changes_json, "archived");
    json::Writer out;
    out.number("stream_id", before.id).text("previous_status", before.status);
    if (status.empty())
        out.text("status", before.status);
    else
        out.raw("status", status);
    out.boolean("archived", archived.empty() ? before.archived : archived == "true");
    if (!reason.empty()) out.text("reason", reason);
    return out.raw("changed_by", actor_json(context)).take();
}

void read_history(StreamRecords& records, std::string_view request, const sw_context& context,
                  Reply reply) {
    const auto id = number_of(request, "id", 0);
    const auto filter =
        json::Writer().text("field", "stream_id").text("op", "eq").number("value", id).take();
    json::Writer query;
    query.text("collection", kHistoryCollection)
        .raw("filter", filter)
        .raw("sort", R"([{"field":"id","direction":"desc"}])")
        .number("limit", number_of(request, "limit", 25));
    const auto cursor = json::find_member(request, "cursor");
    if (cursor.empty())
        query.number("offset", number_of(request, "offset", 0));
    else
        query.raw("cursor", cursor);
    query.boolean("count", true);
    // A stream that is gone has no history either.
    records.load(id, context,
                 [&records, query = query.buffer(), context = Context(context),
                  reply = std::move(reply)](Result<Buffer> record) mutable {
                     if (!record) return reply(std::move(record));
                     records.query(std::move(query), context.raw(), std::move(reply));
                 });
}

}  // namespace streamwall::catalog
