// States, provinces and countries: the part of a place that stands behind a city's name.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace streamwall::discovery {

struct Region {
    std::string_view state;    // two letters in the United States and Canada, else empty
    std::string_view country;  // ISO 3166-1 alpha-2
};

// "wa", "on", "dc", and "pr" (a country of its own in ISO's list): the two letters in lower case.
std::optional<Region> region_of_code(std::string_view code);
// "washington", "british columbia": the folded English name of a state or province.
std::optional<Region> region_of_name(std::string_view folded_name);

// Codes that are English or Spanish words too ("in", "or", "la").
bool is_ordinary_word(std::string_view code);

}  // namespace streamwall::discovery
