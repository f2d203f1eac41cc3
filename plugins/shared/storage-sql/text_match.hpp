// Comparing text without case: what the operators contains, prefix and words mean.
//
// Case is folded letter by letter over all of Unicode. A word is a run of letters and digits.
#pragma once

#include <string>
#include <string_view>

namespace streamwall::storage {

std::string fold_case(std::string_view utf8);

// `folded` has been through fold_case.
bool contains_folded(std::string_view text, std::string_view folded);
bool starts_folded(std::string_view text, std::string_view folded);

// The folded words of a text, separated by single spaces.
std::string fold_words(std::string_view utf8);

// True where some word of `text` begins with `folded_word`.
bool has_word_prefix(std::string_view text, std::string_view folded_word);

}  // namespace streamwall::storage
