// What a stream refers to: its streamer and its location, found or made from what a body says.
#pragma once

#include "locations.hpp"
#include "streamers.hpp"

#include <functional>

namespace streamwall::catalog {

// Safe on every thread; outlives its flows.
class Relations {
  public:
    using Object = boost::json::object;
    // Whether places of streams must be known cities, for who asks.
    using IsValidated = std::function<bool(const sw_context&)>;

    Relations(Streamers& streamers, Locations& locations, IsValidated is_validated)
        : streamers_(streamers), locations_(locations), is_validated_(std::move(is_validated)) {}

    // Whether the values of a change say anything of a streamer or a place.
    static bool concern(const Object& values);
    // The same of a new stream, whose values are null where nothing was said.
    static bool concern_new(const Object& values);

    // `values` of a stream with the ids and names that follow from them. `before`: the record that
    // is changed. INVALID_ARGUMENT names ids that nobody has, and places that are not known.
    Flow<Object> settle(Object values, Buffer before, Context context);

    // The same for a new stream. Nothing is made for one whose URL is known. `by_people`: places
    // are checked.
    enum class From { kPeople, kDiscovery };
    Flow<Object> settle_new(StreamRecords& streams, Object values, From from, Context context);

  private:
    struct Asked {
        Object before;
        bool may_make = true;
        bool is_validated = false;
    };
    Flow<std::monostate> settle_all(Object& values, const Asked& asked, Context context);
    Flow<std::monostate> settle_streamer(Object& values, const Asked& asked, Context context);
    Flow<std::monostate> settle_place(Object& values, const Asked& asked, Context context);

    Streamers& streamers_;
    Locations& locations_;
    IsValidated is_validated_;
};

}  // namespace streamwall::catalog
