// Finds the places that a message names. Pure function over the gazetteer, any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gazetteer.hpp"
#include "link_scanner.hpp"

namespace streamwall::discovery {

struct Place {
    std::string city;     // the gazetteer's English name
    std::string state;    // two letters in the United States and Canada, else empty
    std::string country;  // ISO 3166-1 alpha-2

    bool operator==(const Place&) const = default;
};

// How the text names a place; what comes first is surer.
enum class PlaceForm { kCityAndRegion, kNickname, kCityAlone };

struct PlaceMention {
    Place place;
    PlaceForm form = PlaceForm::kCityAlone;
    Span at;
};

// The places named outside `covered`, in text order. A city with its state, province or country
// counts wherever the gazetteer has it; a city alone, or a nickname ("NYC"), only where nothing
// else known has that name. Two letters that are a word as well are a state only behind a city of
// that state. If the text has a pair, it has no other places: the result is then pairs alone.
std::vector<PlaceMention> find_places(std::string_view text, const std::vector<Span>& covered,
                                      const Gazetteer& gazetteer);

}  // namespace streamwall::discovery
