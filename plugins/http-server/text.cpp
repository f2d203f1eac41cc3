#include "text.hpp"

#include <array>
#include <cstring>

namespace streamwall::http_server {
namespace {

constexpr bool is_alnum(unsigned char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

constexpr std::array<bool, 256> kTokenChars = [] {
    std::array<bool, 256> table{};
    for (int c = 0; c < 256; ++c)
        table[c] = is_alnum(static_cast<unsigned char>(c));
    for (char c : std::string_view("!#$%&'*+-.^_`|~"))
        table[static_cast<unsigned char>(c)] = true;
    return table;
}();

constexpr char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

bool is_lower_hex(std::string_view text) {
    for (char c : text) {
        if (hex_value(c) < 0 || (c >= 'A' && c <= 'F')) return false;
    }
    return true;
}

bool is_port(std::string_view text) {
    const auto number = parse_decimal(text);
    return text.size() <= 5 && number && *number <= 65535;
}

}  // namespace

bool is_token(std::string_view text) {
    for (unsigned char c : text) {
        if (!kTokenChars[c]) return false;
    }
    return !text.empty();
}

void lower_in_place(char* text, std::size_t length) {
    for (std::size_t i = 0; i < length; ++i)
        text[i] = lower(text[i]);
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (lower(a[i]) != lower(b[i])) return false;
    }
    return true;
}

std::string_view trim(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
        text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
        text.remove_suffix(1);
    return text;
}

bool next_in_list(std::string_view& rest, std::string_view& member) {
    while (!rest.empty()) {
        const auto comma = rest.find(',');
        member = trim(rest.substr(0, comma));
        rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
        if (!member.empty()) return true;
    }
    return false;
}

bool list_has_token(std::string_view list, std::string_view token) {
    std::string_view member;
    while (next_in_list(list, member)) {
        if (equals_ignoring_case(member, token)) return true;
    }
    return false;
}

std::optional<std::uint64_t> parse_decimal(std::string_view text) {
    if (text.empty() || text.size() > 18) return std::nullopt;
    std::uint64_t value = 0;
    for (char c : text) {
        if (c < '0' || c > '9') return std::nullopt;
        value = value * 10 + static_cast<std::uint64_t>(c - '0');
    }
    return value;
}

bool percent_decode(std::string_view text, std::string& out) {
    out.clear();
    for (std::size_t i = 0; i < text.size(); ++i) {
        char c = text[i];
        if (c == '%') {
            if (i + 2 >= text.size()) return false;
            const int high = hex_value(text[i + 1]);
            const int low = hex_value(text[i + 2]);
            if (high < 0 || low < 0) return false;
            c = static_cast<char>(high * 16 + low);
            i += 2;
        }
        if (c == '\0') return false;
        out += c;
    }
    return is_valid_utf8(out);
}

bool is_valid_host(std::string_view host) {
    if (!host.empty() && host.front() == '[') {
        const auto end = host.find(']');
        if (end == std::string_view::npos || end < 3) return false;
        for (char c : host.substr(1, end - 1)) {
            if (hex_value(c) < 0 && c != ':' && c != '.') return false;
        }
        const auto rest = host.substr(end + 1);
        return rest.empty() || (rest.front() == ':' && is_port(rest.substr(1)));
    }
    const auto colon = host.find(':');
    const auto name = host.substr(0, colon);
    if (name.empty() || name.size() > 253) return false;
    for (unsigned char c : name) {
        if (!is_alnum(c) && c != '.' && c != '-' && c != '_' && c != '~') return false;
    }
    return colon == std::string_view::npos || is_port(host.substr(colon + 1));
}

std::string_view host_name(std::string_view host) {
    if (!host.empty() && host.front() == '[') return host.substr(0, host.find(']') + 1);
    return host.substr(0, host.find(':'));
}

bool is_valid_request_id(std::string_view id) {
    if (id.empty() || id.size() > 64) return false;
    for (unsigned char c : id) {
        if (!is_alnum(c) && c != '.' && c != '_' && c != '-') return false;
    }
    return true;
}

bool is_valid_traceparent(std::string_view value) {
    if (value.size() < 55 || value[2] != '-' || value[35] != '-' || value[52] != '-') return false;
    const auto version = value.substr(0, 2);
    const auto trace = value.substr(3, 32);
    const auto parent = value.substr(36, 16);
    if (!is_lower_hex(version) || !is_lower_hex(trace) || !is_lower_hex(parent) ||
        !is_lower_hex(value.substr(53, 2)) || version == "ff") {
        return false;
    }
    if (version == "00" ? value.size() != 55 : (value.size() > 55 && value[55] != '-'))
        return false;
    return trace.find_first_not_of('0') != std::string_view::npos &&
           parent.find_first_not_of('0') != std::string_view::npos;
}

bool is_safe_header_value(std::string_view value) {
    for (unsigned char c : value) {
        if ((c < 0x20 && c != '\t') || c == 0x7F) return false;
    }
    return true;
}

std::optional<std::string_view> query_parameter(std::string_view query, std::string_view name) {
    while (!query.empty()) {
        const auto end = query.find('&');
        const auto pair = query.substr(0, end);
        if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=') {
            return pair.substr(name.size() + 1);
        }
        query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
    }
    return std::nullopt;
}

std::string without_parameter(std::string_view query, std::string_view name) {
    std::string kept;
    while (!query.empty()) {
        const auto end = query.find('&');
        const auto pair = query.substr(0, end);
        if (pair.substr(0, pair.find('=')) != name) {
            if (!kept.empty()) kept += '&';
            kept += pair;
        }
        query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
    }
    return kept;
}

bool Utf8Checker::feed(std::string_view bytes) {
    const char* p = bytes.data();
    const char* end = p + bytes.size();
    while (p < end) {
        if (needed_ == 0) {
            // Text is mostly ASCII: eight bytes at a time while no high bit shows.
            std::uint64_t word = 0;
            while (end - p >= 8 && (std::memcpy(&word, p, 8), (word & 0x8080808080808080u) == 0)) {
                p += 8;
            }
            if (p == end) break;
        }
        const auto byte = static_cast<unsigned char>(*p++);
        if (needed_ > 0) {
            if (byte < lower_ || byte > upper_) return false;
            lower_ = 0x80;
            upper_ = 0xBF;
            --needed_;
        } else if (byte >= 0x80) {
            // The second byte's range excludes overlong forms, surrogates and what is past
            // U+10FFFF.
            if (byte < 0xC2 || byte > 0xF4) return false;
            needed_ = byte < 0xE0 ? 1 : byte < 0xF0 ? 2 : 3;
            lower_ = byte == 0xE0 ? 0xA0 : byte == 0xF0 ? 0x90 : 0x80;
            upper_ = byte == 0xED ? 0x9F : byte == 0xF4 ? 0x8F : 0xBF;
        }
    }
    return true;
}

bool is_valid_utf8(std::string_view text) {
    Utf8Checker checker;
    return checker.feed(text) && checker.at_boundary();
}

}  // namespace streamwall::http_server
