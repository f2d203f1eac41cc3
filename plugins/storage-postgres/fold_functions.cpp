#include "fold_functions.hpp"

#include <cstdint>
#include <string_view>

#include "storage-sql/dialect.hpp"
#include "storage-sql/search.hpp"
#include "storage-sql/text_match.hpp"

namespace streamwall::postgres {
namespace {

constexpr char32_t kLastCodePoint = 0x10FFFF;

std::string utf8(char32_t code) {
    std::string out;
    const auto byte = [&](char32_t value) { out += static_cast<char>(value); };
    if (code < 0x800) {
        byte(0xC0 | code >> 6);
    } else if (code < 0x10000) {
        byte(0xE0 | code >> 12);
        byte(0x80 | (code >> 6 & 0x3F));
    } else {
        byte(0xF0 | code >> 18);
        byte(0x80 | (code >> 12 & 0x3F));
        byte(0x80 | (code >> 6 & 0x3F));
    }
    byte(0x80 | (code & 0x3F));
    return out;
}

// As a regular expression writes a code point.
void append_escape(std::string& out, char32_t code) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    out += "\\U";
    for (int shift = 28; shift >= 0; shift -= 4)
        out += kDigits[code >> shift & 15];
}

// What lies beyond ASCII.
struct Tables {
    std::string from;      // letters that have another one for their lower case
    std::string to;        // those
    std::string in_words;  // ranges of letters and digits, for a regular expression
};

Tables make_tables() {
    Tables tables;
    char32_t range_start = 0;
    for (char32_t code = 0x80; code <= kLastCodePoint + 1; ++code) {
        const bool valid = code <= kLastCodePoint && (code < 0xD800 || code > 0xDFFF);
        const std::string text = valid ? utf8(code) : std::string();
        if (const auto folded = storage::fold_case(text); folded != text) {
            tables.from += text;
            tables.to += folded;
        }
        const bool in_word = !storage::fold_words(text).empty();
        if (in_word && range_start == 0) range_start = code;
        if (in_word || range_start == 0) continue;
        append_escape(tables.in_words, range_start);
        tables.in_words += '-';
        append_escape(tables.in_words, code - 1);
        range_start = 0;
    }
    return tables;
}

std::string literal(std::string_view text) {
    std::string out;
    storage::append_literal(out, text);
    return out;
}

std::string define(std::string_view head, std::string_view body, std::string_view language) {
    return "CREATE OR REPLACE FUNCTION " + std::string(head) + " LANGUAGE " +
           std::string(language) + " IMMUTABLE PARALLEL SAFE AS $body$" + std::string(body) +
           "$body$";
}

std::string ascii_words(std::string_view value) {
    return "lower(regexp_replace(" + std::string(value) +
           " COLLATE \"C\", '[^A-Za-z0-9]+', ' ', 'g') COLLATE \"C\")";
}

std::vector<std::string> make_functions() {
    const Tables tables = make_tables();
    const std::string ascii = "octet_length(value) = length(value)";
    const std::string longest = std::to_string(storage::kMaxWordLength);
    return {
        define("streamwall_fold(value text) RETURNS text",
               "SELECT CASE WHEN " + ascii +
                   " THEN lower(value COLLATE \"C\") ELSE translate(lower(value COLLATE \"C\"), " +
                   literal(tables.from) + ", " + literal(tables.to) + ") END",
               "sql"),
        // The words of a text, each behind a space.
        define("streamwall_words_of(value text) RETURNS text",
               "SELECT ' ' || CASE WHEN " + ascii + " THEN " + ascii_words("value") +
                   " ELSE streamwall_fold(regexp_replace(value COLLATE \"C\", "
                   "'[^A-Za-z0-9" +
                   tables.in_words + "]+', ' ', 'g')) END",
               "sql"),
        // Of the text of a record's searched fields, see search.hpp. A function in SQL would be
        // parsed anew in each transaction, with all the letters of the world in it; and where no
        // word can be too long no query is needed to shorten them.
        define("streamwall_search_words(value text) RETURNS tsvector",
               "\nDECLARE\n    searched text := left(value, " +
                   std::to_string(storage::kMaxSearchedText) +
                   ");\n    words text[];\nBEGIN\n"
                   "    IF octet_length(searched) = length(searched) THEN\n        searched := " +
                   ascii_words("searched") +
                   ";\n    ELSE\n        searched := streamwall_words_of(searched);\n    END IF;\n"
                   "    words := array_remove(string_to_array(searched, ' '), '');\n"
                   "    IF length(searched) > " +
                   longest + " THEN\n        words := ARRAY(SELECT left(word, " + longest +
                   ") FROM unnest(words) AS word);\n    END IF;\n"
                   "    RETURN array_to_tsvector(words);\nEND\n",
               "plpgsql"),
        define("streamwall_contains(value text, folded text) RETURNS boolean",
               "SELECT coalesce(strpos(streamwall_fold(value), folded) > 0, false)", "sql"),
        define("streamwall_prefix(value text, folded text) RETURNS boolean",
               "SELECT coalesce(starts_with(streamwall_fold(value), folded), false)", "sql"),
        define("streamwall_words(words text, VARIADIC fields text[]) RETURNS boolean",
               R"(
DECLARE
    found text := streamwall_words_of(array_to_string(fields, ' '));
    word text;
BEGIN
    FOREACH word IN ARRAY string_to_array(words, ' ') LOOP
        IF strpos(found, ' ' || word) = 0 THEN RETURN false; END IF;
    END LOOP;
    RETURN true;
END
)",
               "plpgsql"),
    };
}

}  // namespace

const std::vector<std::string>& fold_functions() {
    static const std::vector<std::string> functions = make_functions();
    return functions;
}

std::string fold_functions_version() {
    std::uint64_t hash = 14695981039346656037ULL;
    for (const auto& function : fold_functions()) {
        for (const char c : function)
            hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
    }
    return std::to_string(hash);
}

}  // namespace streamwall::postgres
