#include "locations_api.hpp"

namespace streamwall::rest_api {
namespace {

namespace names = contracts::resources;
using Kind = ListParameter::Kind;

constexpr Audience kReaders{.access = SW_HTTP_VIEWER, .scope = "streams:read"};

constexpr std::array kFilters =
    std::to_array<ListParameter>({{"city", "city"},
                                  {"state", "state"},
                                  {"state_province", "state"},
                                  {"country", "country"},
                                  {"known_city", "known_city", Kind::kBoolean},
                                  {"is_known_city", "known_city", Kind::kBoolean},
                                  {"search", "search", Kind::kWords}});
constexpr std::array kSorts = std::to_array<ListSort>({{"normalized_name", "normalized_name"},
                                                       {"name", "normalized_name"},
                                                       {"-name", "normalized_name", true},
                                                       {"created_at", "created_at"}});

constexpr ResourceRoutes kRoutes{.path = "/api/v1/locations",
                                 .plural = "locations",
                                 .schema = "Location",
                                 .title = "location",
                                 .list = {.filters = kFilters, .sorts = kSorts},
                                 .readers = kReaders,
                                 .writers = {.access = SW_HTTP_EDITOR, .scope = "streams:write"}};

std::string describe(std::string_view id, std::string_view summary) {
    return openapi::render({.id = id,
                            .summary = summary,
                            .tag = "locations",
                            .answer = openapi::reference("Places"),
                            .problems = {400, 401, 403, 503}});
}

}  // namespace

Result<ResourceClient> resolve_locations(const Services& services) {
    return ResourceClient::resolve(services, names::kLocations, {names::kAll, names::kKnownCities});
}

void add_location_routes(Routes& routes, const ResourceClient& client) {
    add_resource_routes(routes, client, kRoutes);
    const std::string path(kRoutes.path);
    const auto add = [&](std::string_view suffix, std::string_view method, std::string openapi) {
        routes.add({.path = path + std::string(suffix),
                    .access = kReaders.access,
                    .scope = std::string(kReaders.scope),
                    .openapi = std::move(openapi)},
                   [&client, method](const http::Request& request, Call call) {
                       read_all(client, method, request, std::move(call));
                   });
    };
    add("/all", names::kAll, describe("allLocations", "All locations, by name"));
    add("/known_cities", names::kKnownCities, describe("knownCities", "The known cities, by name"));
}

boost::json::object openapi::location_schemas() {
    namespace bj = boost::json;
    const auto coordinate = [](int most) {
        return bj::object{
            {"type", "number"}, {"minimum", -most}, {"maximum", most}, {"nullable", true}};
    };
    const bj::object written{{"city", text_schema()},
                             {"state_province", text_schema(255, true)},
                             {"region", text_schema(255, true)},
                             {"country", text_schema(255, true)},
                             {"latitude", coordinate(90)},
                             {"longitude", coordinate(180)},
                             {"known_city", flag_schema()}};
    auto shown = written;
    shown["display_name"] = text_schema(1024);
    shown["normalized_name"] = text_schema(1024);
    const auto place = object_schema({{"id", id_schema()},
                                      {"city", text_schema()},
                                      {"state_province", text_schema(255, true)},
                                      {"country", text_schema(255, true)},
                                      {"display_name", text_schema(1024)},
                                      {"normalized_name", text_schema(1024)},
                                      {"known_city", flag_schema()}},
                                     {"id", "city", "display_name", "normalized_name"});
    bj::object out;
    out["Location"] = record_schema(std::move(shown));
    out["LocationInput"] = object_schema(written);
    out["NewLocation"] = object_schema(written, {"city"});
    out["Places"] = object_schema({{"locations", list_schema(place)}}, {"locations"});
    return out;
}

}  // namespace streamwall::rest_api
