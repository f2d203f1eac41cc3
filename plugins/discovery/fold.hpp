// Folds letters for comparing names of places: lower case, without accents.
#pragma once

#include <string_view>

namespace streamwall::discovery {

// What a code point is folded to: one or two lower-case ASCII letters or digits for a letter of a
// Latin alphabet or a digit, "" for a combining mark or an apostrophe (it vanishes within a word).
// Nothing that belongs to no word has a folding: `is_word` is false.
struct Folding {
    std::string_view text;
    bool is_word = false;
};
Folding fold_code_point(char32_t c);

// Words that are written in several ways: "st" is "saint", "ft" is "fort". Others stay.
std::string_view spell_out(std::string_view folded_word);

}  // namespace streamwall::discovery
