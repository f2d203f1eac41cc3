#include "storage-sql/search.hpp"

#include <Poco/Environment.h>

#include <algorithm>

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

std::string search_rules() {
    return std::to_string(kRevision) + "/" + std::to_string(Poco::Environment::libraryVersion());
}

}  // namespace streamwall::storage
