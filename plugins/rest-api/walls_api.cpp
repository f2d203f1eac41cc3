#include "walls_api.hpp"

namespace streamwall::rest_api {
namespace {

namespace names = contracts::resources;
namespace bj = boost::json;
using Kind = ListParameter::Kind;

constexpr Audience kReaders{.access = SW_HTTP_VIEWER, .scope = "streams:read"};
constexpr Audience kWriters{.access = SW_HTTP_EDITOR, .scope = "streams:write"};

constexpr std::array kFilters =
    std::to_array<ListParameter>({{"name", "name"}, {"search", "search", Kind::kWords}});
constexpr std::array kSorts = std::to_array<ListSort>(
    {{"name", "name_key"}, {"created_at", "created_at"}, {"updated_at", "updated_at"}});

constexpr ResourceRoutes kWalls{.path = "/api/v1/walls",
                                .plural = "walls",
                                .schema = "Wall",
                                .title = "wall",
                                .list = {.filters = kFilters, .sorts = kSorts},
                                .readers = kReaders,
                                .writers = kWriters};
constexpr ResourceRoutes kLayouts{.path = "/api/v1/walls/{wall_id}/layouts",
                                  .plural = "layouts",
                                  .schema = "Layout",
                                  .title = "layout",
                                  .list = {.filters = kFilters, .sorts = kSorts},
                                  .readers = kReaders,
                                  .writers = kWriters,
                                  .parent = "wall_id"};

bj::object number_schema(std::int64_t least, std::int64_t most, bool nullable = false) {
    bj::object out{{"type", "integer"}, {"minimum", least}, {"maximum", most}};
    if (nullable) out["nullable"] = true;
    return out;
}

// What is in the cells is at first nothing, so that an example holds for every client.
bj::object arrangement() {
    auto cells = openapi::list_schema(openapi::reference("WallCell"));
    cells["maxItems"] = 256;
    cells["example"] = bj::array{{{"space", 0}, {"pin", 1}, {"audio", "listening"}}};
    auto spotlight = number_schema(0, 255, true);
    spotlight["example"] = 0;
    spotlight["description"] = "The space of the cell that fills the wall.";
    return {{"columns", number_schema(1, 16)},
            {"rows", number_schema(1, 16)},
            {"cells", std::move(cells)},
            {"spotlight", std::move(spotlight)}};
}

bj::object cell_schema() {
    auto stream = openapi::id_schema();
    stream["nullable"] = true;
    auto space = number_schema(0, 255);
    space["description"] = "Counted row by row from 0.";
    auto pin = number_schema(1, 1000, true);
    pin["description"] = "In place of a stream: the one that is pinned at this place.";
    bj::object rotation{{"type", "integer"}, {"enum", {0, 90, 180, 270}}};
    return openapi::object_schema(
        {{"space", std::move(space)},
         {"stream_id", std::move(stream)},
         {"pin", std::move(pin)},
         {"audio", openapi::word_schema({"muted", "listening", "background"})},
         {"blur", openapi::flag_schema()},
         {"rotation", std::move(rotation)},
         {"volume", number_schema(0, 100)}},
        {"space"});
}

}  // namespace

Result<ResourceClient> resolve_walls(const Services& services) {
    return ResourceClient::resolve(services, names::kWalls);
}
Result<ResourceClient> resolve_layouts(const Services& services) {
    return ResourceClient::resolve(services, names::kLayouts);
}

void add_wall_routes(Routes& routes, const ResourceClient& client) {
    add_resource_routes(routes, client, kWalls);
}
void add_layout_routes(Routes& routes, const ResourceClient& client) {
    add_resource_routes(routes, client, kLayouts);
}

bj::object openapi::wall_schemas() {
    auto owner = id_schema();
    owner["nullable"] = true;
    bj::object out;
    out["WallCell"] = cell_schema();
    const auto add = [&](const std::string& name, bj::object written, bj::object further) {
        auto shown = written;
        for (auto& member : further)
            shown[member.key()] = std::move(member.value());
        shown["user_id"] = owner;
        out[name] = record_schema(std::move(shown));
        out[name + "Input"] = object_schema(written);
        out["New" + name] = object_schema(std::move(written), {"name"});
    };
    auto name = text_schema(100);
    name["minLength"] = 1;
    auto written = arrangement();
    written["name"] = name;
    add("Layout", written, {{"wall_id", id_schema()}});
    written["notes"] = text_schema(10'000, true);
    add("Wall", written, {});
    return out;
}

}  // namespace streamwall::rest_api
