#include "storage-sql/search.hpp"

#include <Poco/Environment.h>

#include <algorithm>
#include <ranges>

#include "storage-sql/text_match.hpp"

namespace streamwall::storage {
namespace {

// Grows with each change of what the tokens of a record are.
constexpr int kRevision = 1;

bool begins_character(char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
}

template <class Each>
void for_each_word(std::string_view folded, Each each) {
    while (!folded.empty()) {
        const auto blank = folded.find(' ');
        each(first_of(folded.substr(0, blank), kMaxWordLength));
        folded = blank == folded.npos ? std::string_view() : folded.substr(blank + 1);
    }
}

Tokens without(const Tokens& tokens, const Tokens& others) {
    Tokens out;
    std::ranges::set_difference(tokens, others, std::back_inserter(out));
    return out;
}

// Two texts without the words that both begin with and both end with. Blanks divide, so no word is
// cut.
struct Middles {
    std::string_view begin;  // what was cut off
    std::string_view before;
    std::string_view after;
    std::string_view end;  // what was cut off
};
Middles middles_of(std::string_view before, std::string_view after) {
    const auto first = std::ranges::mismatch(before, after).in1;
    auto blank = before.substr(0, static_cast<std::size_t>(first - before.begin())).rfind(' ');
    const auto begin = before.substr(0, blank == before.npos ? 0 : blank + 1);
    before.remove_prefix(begin.size());
    after.remove_prefix(begin.size());
    const auto last =
        std::ranges::mismatch(before | std::views::reverse, after | std::views::reverse).in1;
    const auto common = static_cast<std::size_t>(last - before.rbegin());
    blank = before.find(' ', before.size() - common);
    const auto end = before.substr(blank == before.npos ? before.size() : blank);
    before.remove_suffix(end.size());
    after.remove_suffix(end.size());
    return {begin, before, after, end};
}

// Whether a text has the token, which comes without its state. `folded` are the words of the text.
bool has_token(std::string_view folded, std::string_view token) {
    const bool is_prefix = length_of(token) <= kIndexedPrefix;
    bool found = false;
    for_each_word(folded, [&](std::string_view word) {
        found = found || (is_prefix ? word.starts_with(token) : word == token);
    });
    return found;
}

}  // namespace

std::size_t length_of(std::string_view utf8) {
    return static_cast<std::size_t>(std::ranges::count_if(utf8, begins_character));
}

std::string_view first_of(std::string_view utf8, std::size_t count) {
    if (utf8.size() <= count) return utf8;
    std::size_t at = 0;
    for (; at < utf8.size(); ++at) {
        if (begins_character(utf8[at]) && count-- == 0) break;
    }
    return utf8.substr(0, at);
}

Result<std::vector<std::string>> search_words(std::string_view text) {
    std::vector<std::string> words;
    for_each_word(fold_words(text), [&](std::string_view word) { words.emplace_back(word); });
    std::ranges::sort(words);
    // In order, a word stands right before those that begin with it.
    std::vector<std::string> out;
    for (auto& word : words) {
        if (!out.empty() && word.starts_with(out.back())) out.pop_back();
        out.push_back(std::move(word));
    }
    if (out.size() > kMaxSearchWords) {
        return invalid("search", "a search takes at most 100 words");
    }
    return out;
}

std::string searched_text(std::span<const std::optional<std::string_view>> fields) {
    std::string text;
    bool is_first = true;
    for (const auto& field : fields) {
        if (!field) continue;
        if (!is_first) text += ' ';
        is_first = false;
        text += *field;
    }
    text.resize(first_of(text, kMaxSearchedText).size());
    return text;
}

Tokens index_tokens(char state, std::string_view searched_text) {
    Tokens tokens;
    for_each_word(fold_words(searched_text), [&](std::string_view word) {
        std::string token(1, state);
        std::size_t length = 0;
        for (const char c : word) {
            if (begins_character(c) && length++ >= 1 && length <= kIndexedPrefix + 1) {
                tokens.push_back(token);
            }
            token += c;
        }
        tokens.push_back(std::move(token));
    });
    std::ranges::sort(tokens);
    const auto repeated = std::ranges::unique(tokens);
    tokens.erase(repeated.begin(), repeated.end());
    return tokens;
}

TokenChange token_change(char state, std::span<const std::optional<std::string_view>> before,
                         std::span<const std::optional<std::string_view>> after) {
    std::vector<std::optional<std::string_view>> same;
    std::vector<std::optional<std::string_view>> old_fields;
    std::vector<std::optional<std::string_view>> new_fields;
    std::size_t size = 0;
    for (std::size_t i = 0; i < before.size(); ++i) {
        size += before[i].value_or("").size() + after[i].value_or("").size() + 2;
        if (before[i] == after[i]) {
            same.push_back(before[i]);
        } else if (before[i] && after[i]) {
            const auto middles = middles_of(*before[i], *after[i]);
            same.insert(same.end(), {middles.begin, middles.end});
            old_fields.push_back(middles.before);
            new_fields.push_back(middles.after);
        } else {
            old_fields.push_back(before[i]);
            new_fields.push_back(after[i]);
        }
    }
    // What lies behind the bound of the whole text can't be told from parts of it.
    if (size > kMaxSearchedText) {
        const auto old_tokens = index_tokens(state, searched_text(before));
        const auto new_tokens = index_tokens(state, searched_text(after));
        return {without(old_tokens, new_tokens), without(new_tokens, old_tokens)};
    }
    const auto old_tokens = index_tokens(state, searched_text(old_fields));
    const auto new_tokens = index_tokens(state, searched_text(new_fields));
    TokenChange out{without(old_tokens, new_tokens), without(new_tokens, old_tokens)};
    if (out.lost.empty() && out.gained.empty()) return out;
    const auto folded = fold_words(searched_text(same));
    const auto is_kept = [&](const std::string& token) {
        return has_token(folded, std::string_view(token).substr(1));
    };
    std::erase_if(out.lost, is_kept);
    std::erase_if(out.gained, is_kept);
    return out;
}

std::string search_rules() {
    return std::to_string(kRevision) + "/" + std::to_string(Poco::Environment::libraryVersion());
}

}  // namespace streamwall::storage
