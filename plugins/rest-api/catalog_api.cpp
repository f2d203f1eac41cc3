#include "catalog_api.hpp"

#include "ignore_lists_api.hpp"
#include "locations_api.hpp"
#include "streamers_api.hpp"
#include "timestamps_api.hpp"
#include "walls_api.hpp"

namespace streamwall::rest_api {

Result<> CatalogApi::add(Routes& routes, const Services& services) {
    const auto add_kind = [&](std::optional<ResourceClient>& client, auto resolve,
                              auto add_routes) -> Result<> {
        auto found = resolve(services);
        if (!found) return std::move(found).error();
        client = std::move(*found);
        add_routes(routes, *client);
        return ok();
    };
    auto added = add_kind(ignore_lists_, resolve_ignore_lists, add_ignore_list_routes);
    if (added) added = add_kind(streamers_, resolve_streamers, add_streamer_routes);
    if (added) added = add_kind(locations_, resolve_locations, add_location_routes);
    if (added) added = add_kind(timestamps_, resolve_timestamps, add_timestamp_routes);
    if (added) added = add_kind(walls_, resolve_walls, add_wall_routes);
    if (added) added = add_kind(layouts_, resolve_layouts, add_layout_routes);
    return added;
}

boost::json::object openapi::catalog_schemas() {
    boost::json::object out;
    for (const auto& some : {ignore_list_schemas(), streamer_schemas(), location_schemas(),
                             timestamp_schemas(), wall_schemas()}) {
        for (const auto& member : some)
            out[member.key()] = member.value();
    }
    return out;
}

}  // namespace streamwall::rest_api
