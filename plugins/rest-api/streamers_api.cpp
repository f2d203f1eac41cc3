#include "streamers_api.hpp"

#include <streamwall/model/platform.hpp>

namespace streamwall::rest_api {
namespace {

namespace names = contracts::resources;
using Kind = ListParameter::Kind;

constexpr std::array kFilters =
    std::to_array<ListParameter>({{"name", "name"}, {"search", "search", Kind::kWords}});
constexpr std::array kSorts = std::to_array<ListSort>({{"name", "name_key"},
                                                       {"-name", "name_key", true},
                                                       {"created_at", "created_at"},
                                                       {"updated_at", "updated_at"}});

constexpr ResourceRoutes kRoutes{.path = "/api/v1/streamers",
                                 .plural = "streamers",
                                 .schema = "Streamer",
                                 .title = "streamer",
                                 .list = {.filters = kFilters, .sorts = kSorts},
                                 .readers = {.access = SW_HTTP_VIEWER, .scope = "streams:read"},
                                 .writers = {.access = SW_HTTP_EDITOR, .scope = "streams:write"},
                                 .has_counts = true};

}  // namespace

Result<ResourceClient> resolve_streamers(const Services& services) {
    return ResourceClient::resolve(services, names::kStreamers);
}

void add_streamer_routes(Routes& routes, const ResourceClient& client) {
    add_resource_routes(routes, client, kRoutes);
}

boost::json::object openapi::streamer_schemas() {
    namespace bj = boost::json;
    bj::array platforms(model::kPlatformNames.begin(), model::kPlatformNames.end());
    const bj::object platform{{"type", "string"}, {"enum", std::move(platforms)}};
    const bj::object url{
        {"type", "string"}, {"format", "uri"}, {"maxLength", 2048}, {"nullable", true}};
    const auto account = object_schema(
        {{"id", id_schema()}, {"platform", platform}, {"username", text_schema()}, {"url", url}},
        {"id", "platform", "username", "url"});
    const auto new_account =
        object_schema({{"platform", platform}, {"username", text_schema()}, {"url", url}},
                      {"platform", "username"});
    bj::object shown{{"name", text_schema()}, {"notes", text_schema(10'000, true)}};
    auto written = shown;
    shown["accounts"] = list_schema(account);
    shown["stream_count"] = {{"type", "integer"}, {"minimum", 0}};
    written["accounts"] = list_schema(new_account);
    bj::object out;
    out["Streamer"] = record_schema(std::move(shown));
    out["StreamerInput"] = object_schema(written);
    out["NewStreamer"] = object_schema(std::move(written), {"name"});
    return out;
}

}  // namespace streamwall::rest_api
