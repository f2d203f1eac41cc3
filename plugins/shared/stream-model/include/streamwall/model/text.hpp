// Small questions about text that several parsers ask. ASCII alone unless a name says otherwise:
// nothing here depends on the locale. Pure functions, any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace streamwall::model {

constexpr bool is_ascii(char c) {
    return static_cast<unsigned char>(c) < 0x80;
}
constexpr bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
constexpr bool is_upper(char c) {
    return c >= 'A' && c <= 'Z';
}
constexpr bool is_lower(char c) {
    return c >= 'a' && c <= 'z';
}
constexpr bool is_alpha(char c) {
    return is_upper(c) || is_lower(c);
}
constexpr bool is_alnum(char c) {
    return is_alpha(c) || is_digit(c);
}
constexpr bool is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}
constexpr char to_lower(char c) {
    return is_upper(c) ? static_cast<char>(c + ('a' - 'A')) : c;
}
constexpr bool is_hex(char c) {
    return is_digit(c) || (to_lower(c) >= 'a' && to_lower(c) <= 'f');
}

std::string to_lower(std::string_view text);
bool equals_ignoring_case(std::string_view a, std::string_view b);
bool starts_with_ignoring_case(std::string_view text, std::string_view prefix);
bool ends_with_ignoring_case(std::string_view text, std::string_view suffix);
// Without the white space at both ends.
std::string_view trim(std::string_view text);

// One step through UTF-8: the code point at `at` and its length in bytes. A byte that begins no
// well-formed sequence (RFC 3629: no overlong forms, no surrogates) is `valid == false`, length 1.
struct CodePoint {
    char32_t value = 0;
    std::size_t length = 1;
    bool valid = false;
};
CodePoint decode_utf8(std::string_view text, std::size_t at);
bool is_valid_utf8(std::string_view text);
// The text with U+FFFD for every byte that is no part of well-formed UTF-8.
std::string to_valid_utf8(std::string_view text);
// The number of Unicode code points of well-formed UTF-8.
std::size_t count_code_points(std::string_view text);

}  // namespace streamwall::model
