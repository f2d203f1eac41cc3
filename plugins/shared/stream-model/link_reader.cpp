// The syntax of links, by hand: what people paste is not always a URL, and every step is bounded.
#include "link_reader.hpp"

#include <algorithm>

#include "streamwall/model/text.hpp"

namespace streamwall::model {
namespace {

constexpr std::string_view kNeverInLinks = "\"<>\\^`{|}";

bool is_link_byte(char c) {
    return c > ' ' && c < '\x7f' && kNeverInLinks.find(c) == std::string_view::npos;
}

bool is_host_byte(char c) {
    return is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '%';
}

bool is_scheme_byte(char c) {
    return is_alnum(c) || c == '+' || c == '-' || c == '.';
}

// The bytes before "://", or npos.
std::size_t scheme_length(std::string_view text) {
    std::size_t length = 0;
    while (length < text.size() && is_scheme_byte(text[length]))
        ++length;
    return length > 0 && is_alpha(text[0]) && text.substr(length).starts_with("://")
               ? length
               : std::string_view::npos;
}

// Splits host and port off the authority and notes whether anything else is in it.
void split_authority(LinkParts& parts) {
    std::string_view rest = parts.authority;
    // Bare text may run on behind a host ("twitch.tv,me@example.com"); only what looks like
    // "name:password@" counts there.
    std::size_t end = parts.has_scheme ? rest.size() : 0;
    while (end < rest.size() && (is_host_byte(rest[end]) || rest[end] == ':' || rest[end] == '@'))
        ++end;
    const std::size_t at = rest.substr(0, end).rfind('@');
    parts.has_credentials = at != std::string_view::npos;
    if (parts.has_credentials) rest.remove_prefix(at + 1);
    end = 0;
    if (rest.starts_with('[')) {
        const std::size_t close = rest.find(']');
        end = close == std::string_view::npos ? 0 : close + 1;
    } else {
        // In REST a host may hold percent-encoded or plain letters beyond ASCII.
        while (end < rest.size() && (is_host_byte(rest[end]) || !is_ascii(rest[end])))
            ++end;
    }
    parts.host = rest.substr(0, end);
    rest.remove_prefix(end);
    if (parts.host.ends_with('.')) parts.host.remove_suffix(1);
    if (rest.starts_with(':')) {
        std::size_t digits = 1;
        while (digits < rest.size() && is_digit(rest[digits]))
            ++digits;
        parts.port = rest.substr(1, digits - 1);
        while (parts.port.size() > 1 && parts.port.starts_with('0'))
            parts.port.remove_prefix(1);
        rest.remove_prefix(digits);
    }
    parts.clean_authority = rest.empty();
}

}  // namespace

LinkParts split_link(std::string_view text) {
    LinkParts parts;
    parts.all = text.substr(0, text.find('#'));
    std::string_view rest = parts.all;
    if (const std::size_t length = scheme_length(rest); length != std::string_view::npos) {
        parts.has_scheme = true;
        parts.scheme = rest.substr(0, length);
        rest.remove_prefix(length + 3);
    }
    const std::size_t authority_end = std::min(rest.find_first_of("/?"), rest.size());
    parts.authority = rest.substr(0, authority_end);
    split_authority(parts);
    rest.remove_prefix(authority_end);
    const std::size_t path_end = std::min(rest.find('?'), rest.size());
    parts.path = rest.substr(0, path_end);
    if (path_end < rest.size()) parts.query = rest.substr(path_end + 1);
    return parts;
}

std::string_view link_prefix(std::string_view text) {
    std::size_t at = 0;
    if (const std::size_t length = scheme_length(text); length != std::string_view::npos) {
        at = length + 3;
        while (at < text.size() && text[at] != '/' && text[at] != '?' && text[at] != '#' &&
               (is_link_byte(text[at]) || !is_ascii(text[at]))) {
            ++at;
        }
    }
    while (at < text.size() && is_link_byte(text[at]))
        ++at;
    return text.substr(0, at);
}

std::string_view PathReader::next(CharacterTest allowed, std::string_view not_last) {
    if (!whole_) return rest_.substr(0, 0);
    const char* const before = rest_.data();
    const std::size_t length = rest_.size();
    while (rest_.starts_with('/'))
        rest_.remove_prefix(1);
    if (rest_.empty()) {
        // A slash at the very end belongs to the link, but names nothing.
        return std::string_view(before + length, 0);
    }
    std::size_t end = 0;
    while (end < rest_.size() && allowed(rest_[end]))
        ++end;
    while (end > 0 && not_last.find(rest_[end - 1]) != std::string_view::npos)
        --end;
    const std::string_view name = rest_.substr(0, end);
    rest_.remove_prefix(end);
    whole_ = rest_.empty() || rest_.front() == '/';
    return name;
}

std::optional<std::string_view> query_value(std::string_view query, std::string_view name) {
    while (!query.empty()) {
        const std::size_t end = std::min(query.find('&'), query.size());
        std::string_view pair = query.substr(0, end);
        query.remove_prefix(std::min(end + 1, query.size()));
        // Links copied out of a page's source have "&amp;" between their parameters.
        if (pair.starts_with("amp;")) pair.remove_prefix(4);
        const std::size_t equals = pair.find('=');
        if (equals != std::string_view::npos &&
            equals_ignoring_case(pair.substr(0, equals), name)) {
            return pair.substr(equals + 1);
        }
    }
    return std::nullopt;
}

std::string without_tracking(std::string_view query) {
    const std::string_view whole = query;
    std::string kept;
    bool first = true;
    bool dropped = false;
    while (!query.empty()) {
        const std::size_t end = std::min(query.find('&'), query.size());
        const std::string_view pair = query.substr(0, end);
        query.remove_prefix(std::min(end + 1, query.size()));
        if (starts_with_ignoring_case(pair, "utm_")) {
            dropped = true;
            continue;
        }
        if (!first) kept += '&';
        first = false;
        kept += pair;
    }
    return dropped ? kept : std::string(whole);
}

}  // namespace streamwall::model
