// The subjects of mirrored events: <prefix>.<epoch of the journal>.<type of the event>.
#pragma once

#include <string>
#include <string_view>

namespace streamwall::jetstream {

// `text` as one token of a subject; other than letters, digits, `_` and `-` become %XX.
inline std::string to_token(std::string_view text) {
    constexpr std::string_view kHex = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                              (c >= '0' && c <= '9') || c == '_' || c == '-';
        if (is_plain) {
            out += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        out += {'%', kHex[byte >> 4U], kHex[byte & 15U]};
    }
    return out;
}

// Of all events of one journal.
inline std::string journal_pattern(std::string_view prefix, std::string_view epoch) {
    return std::string(prefix) + '.' + to_token(epoch) + ".>";
}

// The dots of the type separate tokens here, too.
inline std::string event_subject(std::string_view prefix, std::string_view epoch,
                                 std::string_view type) {
    return std::string(prefix) + '.' + to_token(epoch) + '.' + std::string(type);
}

}  // namespace streamwall::jetstream
