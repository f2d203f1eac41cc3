#include "ignore_lists_api.hpp"

#include <streamwall/model/url_identity.hpp>
#include <streamwall/sdk/json_scan.hpp>

namespace streamwall::rest_api {
namespace {

namespace names = contracts::resources;
using Kind = ListParameter::Kind;

constexpr std::string_view kPath = "/api/v1/ignore_lists";
constexpr std::size_t kBulkBytes = 16 << 20;
constexpr Audience kReaders{.access = SW_HTTP_VIEWER, .scope = "lists:read"};
constexpr Audience kWriters{.access = SW_HTTP_ADMIN};

constexpr std::array<std::string_view, 4> kTypes = {names::kTwitchUser, names::kDiscordUser,
                                                    names::kUrl, names::kDomain};
constexpr std::array kFilters =
    std::to_array<ListParameter>({{"list_type", "list_type", Kind::kChoice, kTypes},
                                  {"value", "value"},
                                  {"search", "search", Kind::kWords}});
constexpr std::array kSorts =
    std::to_array<ListSort>({{"created_at", "created_at"}, {"value", "value"}});

constexpr ResourceRoutes kRoutes{.path = kPath,
                                 .plural = "ignore_lists",
                                 .schema = "IgnoreEntry",
                                 .title = "ignore entry",
                                 .list = {.filters = kFilters, .sorts = kSorts},
                                 .readers = kReaders,
                                 .writers = kWriters};

std::string describe_by_type() {
    return openapi::render({.id = "ignoredByType",
                            .summary = "All values, by the type of their list",
                            .tag = "ignore_lists",
                            .answer = openapi::reference("IgnoredByType"),
                            .problems = {400, 401, 403, 503}});
}

std::string describe_bulk_create() {
    return openapi::render({.id = "createIgnoreEntries",
                            .summary = "Make up to 1,000 entries; a bad one spoils no other",
                            .tag = "ignore_lists",
                            .body = "NewIgnoreEntries",
                            .status = 201,
                            .other_status = 200,
                            .answer = openapi::reference("IgnoreEntriesMade"),
                            .problems = {400, 401, 403, 413, 415, 422, 503, 507}});
}

std::string describe_bulk_delete(std::string_view method) {
    const bool is_alias = method == "POST";
    return openapi::render({.id = is_alias ? "removeIgnoreEntries" : "deleteIgnoreEntries",
                            .summary = "Delete up to 1,000 entries; unknown ids are passed over",
                            .tag = "ignore_lists",
                            .body = "IgnoreEntryIds",
                            .answer = openapi::reference("IgnoreEntriesDeleted"),
                            .problems = {400, 401, 403, 415, 422, 503, 507}});
}

// 201 where anything was made.
void finish_bulk_create(Call& call, const Buffer& reply) {
    const bool is_empty = json::find_member(reply.view(), "created") == "[]";
    http::Response response(is_empty ? 200 : 201, reply);
    call.send(response.header("content-type", kJsonType));
}

void finish_bulk_delete(Call& call, const Buffer& reply) {
    http::Response response(200, reply);
    call.send(response.header("content-type", kJsonType));
}

}  // namespace

Result<ResourceClient> resolve_ignore_lists(const Services& services) {
    return ResourceClient::resolve(services, names::kIgnoreLists,
                                   {names::kByType, names::kBulkCreate, names::kBulkDelete});
}

void add_ignore_list_routes(Routes& routes, const ResourceClient& client) {
    const std::string path(kPath);
    add_resource_routes(routes, client, kRoutes);
    routes.add({.path = path + "/by_type",
                .access = kReaders.access,
                .scope = std::string(kReaders.scope),
                .openapi = describe_by_type()},
               [&client](const http::Request& request, Call call) {
                   read_all(client, names::kByType, request, std::move(call));
               });
    routes.add({.method = "POST",
                .path = path + "/bulk_create",
                .access = kWriters.access,
                .body_limit = kBulkBytes,
                .openapi = describe_bulk_create()},
               [&client](const http::Request& request, Call call) {
                   send_body(client, names::kBulkCreate, request, std::move(call),
                             finish_bulk_create);
               });
    // Bodies of DELETE get lost on the way here and there, so POST does the same.
    for (const std::string method : {"DELETE", "POST"}) {
        routes.add({.method = method,
                    .path = path + "/bulk_delete",
                    .access = kWriters.access,
                    .openapi = describe_bulk_delete(method)},
                   [&client](const http::Request& request, Call call) {
                       send_body(client, names::kBulkDelete, request, std::move(call),
                                 finish_bulk_delete);
                   });
    }
}

boost::json::object openapi::ignore_list_schemas() {
    namespace bj = boost::json;
    const auto type =
        word_schema({names::kTwitchUser, names::kDiscordUser, names::kUrl, names::kDomain});
    const auto value = text_schema(model::kMaxUrlBytes);
    const bj::object written{
        {"list_type", type}, {"value", value}, {"notes", text_schema(10'000, true)}};
    const auto values = list_schema(text_schema(model::kMaxUrlBytes));
    bj::object refused{{"index", {{"type", "integer"}}},
                       {"value", bj::object()},
                       {"errors", list_schema(object_schema({}))}};
    bj::object out;
    out["IgnoreEntry"] = record_schema(written);
    out["IgnoreEntryInput"] = object_schema(written);
    out["NewIgnoreEntry"] = object_schema(written, {"list_type", "value"});
    out["NewIgnoreEntries"] =
        object_schema({{"entries", list_schema(reference("NewIgnoreEntry"))}}, {"entries"});
    out["IgnoreEntriesMade"] =
        object_schema({{"created", list_schema(reference("IgnoreEntry"))},
                       {"errors", list_schema(object_schema(std::move(refused)))}},
                      {"created", "errors"});
    out["IgnoreEntryIds"] = object_schema({{"ids", list_schema(id_schema())}}, {"ids"});
    out["IgnoreEntriesDeleted"] =
        object_schema({{"deleted_count", {{"type", "integer"}}}}, {"deleted_count"});
    out["IgnoredByType"] = object_schema({{"twitch_users", values},
                                          {"discord_users", values},
                                          {"urls", values},
                                          {"domains", values}},
                                         {"twitch_users", "discord_users", "urls", "domains"});
    return out;
}

}  // namespace streamwall::rest_api
