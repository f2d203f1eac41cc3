// The grammar of subjects: NATS's own, so that nothing a caller passes can end up as protocol.
#pragma once

#include <cstddef>
#include <string_view>

namespace streamwall::transport_nats {

inline constexpr std::size_t kLongestSubject = 512;

namespace detail {
// Tokens between dots, none empty, of printable characters; `is_token(token, is_last)` decides.
template <class IsToken>
bool is_dotted(std::string_view text, IsToken is_token) {
    if (text.empty() || text.size() > kLongestSubject) return false;
    for (;;) {
        const auto dot = text.find('.');
        const auto token = text.substr(0, dot);
        if (token.empty()) return false;
        for (const char c : token) {
            if (static_cast<unsigned char>(c) <= ' ' || c == 0x7f) return false;
        }
        const bool is_last = dot == text.npos;
        if (!is_token(token, is_last)) return false;
        if (is_last) return true;
        text.remove_prefix(dot + 1);
    }
}
}  // namespace detail

// What may be published to: no wildcards.
inline bool is_subject(std::string_view text) {
    return detail::is_dotted(
        text, [](std::string_view token, bool) { return token.find_first_of("*>") == token.npos; });
}

// What may be subscribed to: `*` is one token, `>` as the last one is the rest.
inline bool is_pattern(std::string_view text) {
    return detail::is_dotted(text, [](std::string_view token, bool is_last) {
        if (token == "*") return true;
        if (token == ">") return is_last;
        return token.find_first_of("*>") == token.npos;
    });
}

// The name of a queue group; empty is none.
inline bool is_group(std::string_view text) {
    return text.empty() || is_subject(text);
}

}  // namespace streamwall::transport_nats
