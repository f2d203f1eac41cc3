#include "storage-sql/text_match.hpp"

#include <Poco/Unicode.h>

namespace streamwall::storage {
namespace {

// Reads one code point; a byte that is no UTF-8 stands for itself.
char32_t take_code_point(std::string_view& text) {
    const auto first = static_cast<unsigned char>(text.front());
    if (first < 0x80) {  // what most texts are made of
        text.remove_prefix(1);
        return first;
    }
    std::size_t length = 1;
    char32_t value = first;
    if (first >= 0xF0) {
        length = 4;
        value = first & 0x07;
    } else if (first >= 0xE0) {
        length = 3;
        value = first & 0x0F;
    } else if (first >= 0xC0) {
        length = 2;
        value = first & 0x1F;
    }
    if (length > text.size()) {
        length = 1;
        value = first;
    }
    for (std::size_t i = 1; i < length; ++i) {
        value = value << 6 | (static_cast<unsigned char>(text[i]) & 0x3F);
    }
    text.remove_prefix(length);
    return value;
}

void put_code_point(std::string& out, char32_t value) {
    if (value < 0x80) {
        out += static_cast<char>(value);
    } else if (value < 0x800) {
        out += static_cast<char>(0xC0 | value >> 6);
        out += static_cast<char>(0x80 | (value & 0x3F));
    } else if (value < 0x10000) {
        out += static_cast<char>(0xE0 | value >> 12);
        out += static_cast<char>(0x80 | (value >> 6 & 0x3F));
        out += static_cast<char>(0x80 | (value & 0x3F));
    } else {
        out += static_cast<char>(0xF0 | value >> 18);
        out += static_cast<char>(0x80 | (value >> 12 & 0x3F));
        out += static_cast<char>(0x80 | (value >> 6 & 0x3F));
        out += static_cast<char>(0x80 | (value & 0x3F));
    }
}

char32_t fold(char32_t value) {
    if (value < 0x80) return value >= 'A' && value <= 'Z' ? value + 32 : value;
    return static_cast<char32_t>(Poco::Unicode::toLower(static_cast<int>(value)));
}

bool in_word(char32_t value) {
    if (value < 0x80) {
        return (value >= '0' && value <= '9') || (value >= 'a' && value <= 'z') ||
               (value >= 'A' && value <= 'Z');
    }
    const int code = static_cast<int>(value);
    return Poco::Unicode::isAlpha(code) || Poco::Unicode::isDigit(code);
}

}  // namespace

std::string fold_case(std::string_view utf8) {
    std::string out;
    out.reserve(utf8.size());
    while (!utf8.empty())
        put_code_point(out, fold(take_code_point(utf8)));
    return out;
}

bool starts_folded(std::string_view text, std::string_view folded) {
    while (!folded.empty()) {
        if (text.empty() || fold(take_code_point(text)) != take_code_point(folded)) return false;
    }
    return true;
}

bool contains_folded(std::string_view text, std::string_view folded) {
    while (true) {
        if (starts_folded(text, folded)) return true;
        if (text.empty()) return false;
        take_code_point(text);
    }
}

std::string fold_words(std::string_view utf8) {
    std::string out;
    out.reserve(utf8.size());
    bool between = false;
    while (!utf8.empty()) {
        const char32_t value = take_code_point(utf8);
        if (!in_word(value)) {
            between = !out.empty();
            continue;
        }
        if (between) out += ' ';
        between = false;
        put_code_point(out, fold(value));
    }
    return out;
}

bool has_word_prefix(std::string_view text, std::string_view folded_word) {
    bool at_start = true;
    while (!text.empty()) {
        std::string_view here = text;
        const bool letter = in_word(take_code_point(text));
        if (letter && at_start && starts_folded(here, folded_word)) return true;
        at_start = !letter;
    }
    return false;
}

}  // namespace streamwall::storage
