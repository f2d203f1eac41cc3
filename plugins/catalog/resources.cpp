#include "resources.hpp"

#include <streamwall/contracts/resources.hpp>

#include <initializer_list>

namespace streamwall::catalog {
namespace {

namespace names = contracts::resources;

template <class Kind>
using Method = Flow<> (Kind::*)(std::string, Context);

template <class Kind>
using NamedMethods = std::initializer_list<std::pair<std::string_view, Method<Kind>>>;

template <class Kind>
Result<> offer_methods(Services& services, std::string_view service, Kind& resource,
                       NamedMethods<Kind> methods) {
    for (const auto& [name, method] : methods) {
        auto offered =
            services.offer(service, name, [&resource, method](const Request& request) -> Answer {
                run((resource.*method)(std::string(request.body()), Context(request.context())),
                    [responder = request.defer()](Result<Buffer> reply) mutable {
                        responder.send(std::move(reply));
                    });
                return pending;
            });
        if (!offered) return offered;
    }
    return ok();
}

// What every kind of record has, and then its own.
template <class Kind>
Result<> offer_kind(Services& services, std::string_view service, Kind& resource,
                    NamedMethods<Kind> own = {}) {
    auto offered = offer_methods<Resource>(services, service, resource,
                                           {{names::kList, &Resource::list},
                                            {names::kGet, &Resource::get},
                                            {names::kCreate, &Resource::create},
                                            {names::kUpdate, &Resource::update},
                                            {names::kRemove, &Resource::remove}});
    if (!offered) return offered;
    return offer_methods<Kind>(services, service, resource, own);
}

}  // namespace

Resources::Resources(StorePort& store, StreamRecords& streams,
                     Relations::IsValidated are_places_validated)
    : ignore_lists_(store),
      streamers_(store, streams),
      locations_(store),
      timestamps_(store),
      layouts_(store),
      walls_(store, layouts_),
      relations_(streamers_, locations_, std::move(are_places_validated)) {
    layouts_.set_walls(walls_);
}

Result<> Resources::offer(Services& services) {
    auto offered = offer_kind<IgnoreLists>(services, names::kIgnoreLists, ignore_lists_,
                                           {{names::kByType, &IgnoreLists::by_type},
                                            {names::kBulkCreate, &IgnoreLists::bulk_create},
                                            {names::kBulkDelete, &IgnoreLists::bulk_delete}});
    if (!offered) return offered;
    offered = offer_kind<Streamers>(services, names::kStreamers, streamers_);
    if (!offered) return offered;
    offered = offer_kind<Locations>(
        services, names::kLocations, locations_,
        {{names::kAll, &Locations::all}, {names::kKnownCities, &Locations::known_cities}});
    if (!offered) return offered;
    offered = offer_kind<Timestamps>(services, names::kTimestamps, timestamps_,
                                     {{names::kResolve, &Timestamps::resolve},
                                      {names::kDismiss, &Timestamps::dismiss},
                                      {names::kAddStream, &Timestamps::add_stream},
                                      {names::kRemoveStream, &Timestamps::remove_stream}});
    if (!offered) return offered;
    offered = offer_kind<Walls>(services, names::kWalls, walls_);
    if (!offered) return offered;
    return offer_kind<Layouts>(services, names::kLayouts, layouts_);
}

void Resources::forget_stream(std::int64_t id, const sw_context& context,
                              std::move_only_function<void(Result<>)> done) {
    run(timestamps_.forget_stream(id, Context(context)),
        [done = std::move(done)](Result<Buffer> reply) mutable {
            done(reply ? ok() : Result<>(std::move(reply).error()));
        });
}

std::string Resources::declaration() {
    return R"({"collections":[)" + IgnoreLists::declaration() + "," + Streamers::declaration() +
           "," + Locations::declaration() + "," + Timestamps::declaration() + "," +
           Walls::declaration() + "," + Layouts::declaration() + "]}";
}

}  // namespace streamwall::catalog
