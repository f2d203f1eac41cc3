// The nearest right word for a mistyped one.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace streamwall::config {

// Damerau-Levenshtein distance (optimal string alignment) in bytes, or limit + 1 when it is larger.
std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t limit);

// The candidate at most three edits away (two for words of up to six letters, one for up to three),
// letter case and '_' against '-' counting nothing; empty if there is none.
std::string nearest_word(std::string_view word, std::span<const std::string> candidates);

}  // namespace streamwall::config
