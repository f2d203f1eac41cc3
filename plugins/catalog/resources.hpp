// The services of the catalog beside `catalog.streams`.
#pragma once

#include "ignore_lists.hpp"
#include "relations.hpp"
#include "timestamps.hpp"
#include "walls.hpp"

#include <streamwall/sdk/services.hpp>

#include <string>
#include <vector>

namespace streamwall::catalog {

class Resources {
  public:
    // `are_places_validated`: whether places of streams must be known cities, for who asks.
    Resources(StorePort& store, StreamRecords& streams,
              Relations::IsValidated are_places_validated);

    Result<> offer(Services& services);
    std::vector<const Resource*> all() const {
        return {&ignore_lists_, &streamers_, &locations_, &timestamps_, &walls_, &layouts_};
    }
    Relations& relations() { return relations_; }
    IgnoreLists& ignore_lists() { return ignore_lists_; }
    Streamers& streamers() { return streamers_; }
    Locations& locations() { return locations_; }
    Timestamps& timestamps() { return timestamps_; }

    // What another catalog over the same store has changed.
    void heard_of_location() { locations_.heard(); }
    // A stream was deleted, by whomever.
    void forget_stream(std::int64_t id, const sw_context& context,
                       std::move_only_function<void(Result<>)> done);
    // The request of `store.declare`.
    static std::string declaration();

  private:
    IgnoreLists ignore_lists_;
    Streamers streamers_;
    Locations locations_;
    Timestamps timestamps_;
    Layouts layouts_;
    Walls walls_;
    Relations relations_;
};

}  // namespace streamwall::catalog
