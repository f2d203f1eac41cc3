// A message as words that may name a place.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "link_scanner.hpp"

namespace streamwall::discovery {

// What stands between a word and the next one.
enum class Gap {
    kSpace,    // white space on one line, or the point of an abbreviation and a space
    kHyphen,   // a hyphen alone
    kComma,    // a comma, with or without space
    kBracket,  // an opening bracket, with or without space
    kBreak     // anything else: other punctuation, a new line, a link, the end
};

struct PlaceWord {
    std::string folded;     // as in the gazetteer
    std::string stem;       // the same without a possessive ending, else empty
    std::size_t begin = 0;  // bytes in the message
    std::size_t end = 0;
    bool capital = false;    // begins with a capital letter
    bool all_upper = false;  // two capital letters or more, and no small one
    bool any_small = false;  // has a small letter
    bool blocked = false;    // part of a name such as "@seattle" or "seattle.gov"
    Gap gap = Gap::kBreak;   // to the next word
};

// The words of `text` outside `covered` (in text order).
std::vector<PlaceWord> split_place_words(std::string_view text, const std::vector<Span>& covered);

}  // namespace streamwall::discovery
