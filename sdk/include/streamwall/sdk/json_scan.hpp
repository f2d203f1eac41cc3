// Reading single values out of JSON text without a document: for hot paths that pass records on
// unparsed and only need an id or a version.
//
// Nothing here checks grammar. The text should be what our own side rendered; any other text gives
// wrong answers, but never reads out of bounds. Keys are compared as written, escapes included.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>
#include <type_traits>

namespace streamwall::json {

namespace detail {

inline std::size_t skip_space(std::string_view text, std::size_t at) {
    while (at < text.size() &&
           (text[at] == ' ' || text[at] == '\n' || text[at] == '\t' || text[at] == '\r')) {
        ++at;
    }
    return at;
}

// `at` is behind the opening quote; the result is behind the closing one, or npos.
inline std::size_t skip_string(std::string_view text, std::size_t at) {
    for (std::size_t from = at; from < text.size();) {
        const void* hit = std::memchr(text.data() + from, '"', text.size() - from);
        if (hit == nullptr) return std::string_view::npos;
        const auto quote = static_cast<std::size_t>(static_cast<const char*>(hit) - text.data());
        std::size_t slashes = 0;
        while (quote - slashes > at && text[quote - slashes - 1] == '\\')
            ++slashes;
        if (slashes % 2 == 0) return quote + 1;
        from = quote + 1;
    }
    return std::string_view::npos;
}

// Brackets and quotes: all that matters while a nested value is skipped.
inline constexpr auto kStructure = [] {
    std::array<bool, 256> out{};
    for (const char c : {'"', '{', '}', '[', ']'})
        out[static_cast<unsigned char>(c)] = true;
    return out;
}();

// What ends a number or a literal.
inline constexpr auto kEnd = [] {
    std::array<bool, 256> out{};
    for (const char c : {',', ']', '}', ' ', '\n', '\t', '\r'})
        out[static_cast<unsigned char>(c)] = true;
    return out;
}();

// `at` is on the opening bracket; brackets must pair by kind, at most 64 deep.
inline std::size_t skip_nested(std::string_view text, std::size_t at) {
    std::uint64_t kinds = 0;  // one bit a level: 1 for an object
    for (int depth = 0; at < text.size();) {
        const char c = text[at];
        if (!kStructure[static_cast<unsigned char>(c)]) {
            ++at;
            continue;
        }
        if (c == '"') {
            at = skip_string(text, at + 1);
            if (at == std::string_view::npos) return at;
            continue;
        }
        ++at;
        if (c == '{' || c == '[') {
            if (++depth > 64) return std::string_view::npos;
            kinds = (kinds << 1) | (c == '{' ? 1U : 0U);
        } else {
            if ((kinds & 1U) != (c == '}' ? 1U : 0U)) return std::string_view::npos;
            kinds >>= 1;
            if (--depth == 0) return at;
        }
    }
    return std::string_view::npos;
}

// Index behind the value at `at`, or npos.
inline std::size_t skip_value(std::string_view text, std::size_t at) {
    if (at >= text.size()) return std::string_view::npos;
    if (text[at] == '"') return skip_string(text, at + 1);
    if (text[at] == '{' || text[at] == '[') return skip_nested(text, at);
    while (at < text.size() && !kEnd[static_cast<unsigned char>(text[at])])
        ++at;
    return at;
}

}  // namespace detail

// Calls `each(key, value)` with the raw texts of each member of the object `text`, the key without
// its quotes, until it returns false. False where the text is no object.
template <class Each>
bool scan_members(std::string_view text, Each&& each) {
    auto at = detail::skip_space(text, 0);
    if (at >= text.size() || text[at] != '{') return false;
    at = detail::skip_space(text, at + 1);
    while (at < text.size() && text[at] == '"') {
        const auto key_begin = at + 1;
        at = detail::skip_string(text, key_begin);
        if (at == std::string_view::npos) return false;
        const auto key = text.substr(key_begin, at - 1 - key_begin);
        at = detail::skip_space(text, at);
        if (at >= text.size() || text[at] != ':') return false;
        at = detail::skip_space(text, at + 1);
        const auto end = detail::skip_value(text, at);
        if (end == std::string_view::npos) return false;
        if (!each(key, text.substr(at, end - at))) return true;
        at = detail::skip_space(text, end);
        if (at >= text.size() || text[at] != ',') break;
        at = detail::skip_space(text, at + 1);
    }
    return at < text.size() && text[at] == '}';
}

// The text from a member's value on to the end of `object`, for who goes on reading there: the
// value itself is not skipped. Empty where there is none.
inline std::string_view find_open_member(std::string_view object, std::string_view key) {
    auto at = detail::skip_space(object, 0);
    if (at >= object.size() || object[at] != '{') return {};
    do {
        at = detail::skip_space(object, at + 1);
        if (at >= object.size() || object[at] != '"') return {};
        const auto begin = at + 1;
        at = detail::skip_string(object, begin);
        if (at == std::string_view::npos) return {};
        const auto name = object.substr(begin, at - 1 - begin);
        at = detail::skip_space(object, at);
        if (at >= object.size() || object[at] != ':') return {};
        at = detail::skip_space(object, at + 1);
        if (name == key) return object.substr(std::min(at, object.size()));
        at = detail::skip_value(object, at);
        if (at == std::string_view::npos) return {};
        at = detail::skip_space(object, at);
    } while (at < object.size() && object[at] == ',');
    return {};
}

// The raw text of a member's value ("5", "\"live\"", "{…}"); empty where there is none.
inline std::string_view find_member(std::string_view object, std::string_view key) {
    const auto open = find_open_member(object, key);
    const auto end = detail::skip_value(open, 0);
    return end == std::string_view::npos ? std::string_view() : open.substr(0, end);
}

// Calls `each(item)` with the raw text of each item of the array `text`, until it returns false
// where it returns anything. False where it is none.
template <class Each>
bool scan_items(std::string_view text, Each&& each) {
    auto at = detail::skip_space(text, 0);
    if (at >= text.size() || text[at] != '[') return false;
    at = detail::skip_space(text, at + 1);
    while (at < text.size() && text[at] != ']') {
        const auto end = detail::skip_value(text, at);
        if (end == std::string_view::npos || end == at) return false;
        const auto item = text.substr(at, end - at);
        if constexpr (std::is_void_v<decltype(each(item))>) {
            each(item);
        } else if (!each(item)) {
            return true;
        }
        at = detail::skip_space(text, end);
        if (at < text.size() && text[at] == ',') at = detail::skip_space(text, at + 1);
    }
    return at < text.size();
}

inline std::optional<std::int64_t> to_integer(std::string_view raw) {
    std::int64_t out = 0;
    const auto [end, failed] = std::from_chars(raw.data(), raw.data() + raw.size(), out);
    if (failed != std::errc{} || end != raw.data() + raw.size()) return std::nullopt;
    return out;
}

// The inside of a raw string that contains no escapes; nothing for any other value.
inline std::optional<std::string_view> to_plain_text(std::string_view raw) {
    if (raw.size() < 2 || raw.front() != '"' || raw.back() != '"') return std::nullopt;
    raw = raw.substr(1, raw.size() - 2);
    if (raw.find('\\') != std::string_view::npos) return std::nullopt;
    return raw;
}

// True where `text` is one bracketed object and nothing else, so that it may be placed inside other
// JSON text without changing what surrounds it, be its inside well-formed or not.
inline bool is_enclosed_object(std::string_view text) {
    const auto begin = detail::skip_space(text, 0);
    if (begin >= text.size() || text[begin] != '{') return false;
    const auto end = detail::skip_nested(text, begin);
    return end != std::string_view::npos && detail::skip_space(text, end) == text.size();
}

}  // namespace streamwall::json
