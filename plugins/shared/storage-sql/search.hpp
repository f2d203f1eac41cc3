// Full-text search: which words a record has, and which of them a search asks for.
//
// A word is a run of letters and digits, folded (text_match.hpp); of a longer one the first 200
// characters count. A record's words are those of its searched fields, joined by blanks, of which
// the first 100,000 characters count. All back ends go by these rules.
#pragma once

#include <boost/json.hpp>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage-sql/result.hpp"

namespace streamwall::storage {

inline constexpr std::size_t kMaxSearchedText = 100'000;
inline constexpr std::size_t kMaxWordLength = 200;
inline constexpr std::size_t kMaxSearchWords = 100;
// Prefixes up to this length have an entry of their own in an index of tokens, so that what most
// records match is read as far as it is wanted, not gathered first.
inline constexpr std::size_t kIndexedPrefix = 4;

// What a collection declares.
struct SearchIndex {
    std::vector<std::string> fields;  // of type text
    std::vector<std::string> beside;  // of type boolean: most searches ask for one value of them
};
inline constexpr std::size_t kMaxBeside = 3;

// The words that `text` asks for, none twice and none that another one begins with.
Result<std::vector<std::string>> search_words(std::string_view text);

// The text of all `fields` as far as it is searched; a null is left out.
std::string searched_text(std::span<const std::optional<std::string_view>> fields);

// An index of tokens has, for each word, the word and its prefixes up to kIndexedPrefix characters.
// Each token begins with the record's `state`, one digit made of the fields beside: so a search
// among the records of one state reads nothing of the others.
using Tokens = std::vector<std::string>;  // in order, none twice
Tokens index_tokens(char state, std::string_view searched_text);

// What a record of one state loses and gains where its fields change. Looks at the words of those
// that differ, and at the others only for what these have in common with them.
struct TokenChange {
    Tokens lost;
    Tokens gained;
};
TokenChange token_change(char state, std::span<const std::optional<std::string_view>> before,
                         std::span<const std::optional<std::string_view>> after);

// The number of characters (code points).
std::size_t length_of(std::string_view utf8);
// The first `count` characters.
std::string_view first_of(std::string_view utf8, std::size_t count);

// Changes with the rules above and with the tables of letters behind them; what was indexed by
// other rules must be indexed again.
std::string search_rules();

}  // namespace streamwall::storage
