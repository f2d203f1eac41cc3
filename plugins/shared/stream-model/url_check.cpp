// Validation of URLs that come as a value of their own, not out of running text.
#include "url_check.hpp"

#include <algorithm>
#include <array>
#include <boost/url/ipv4_address.hpp>
#include <boost/url/ipv6_address.hpp>
#include <charconv>
#include <span>

#include "streamwall/model/text.hpp"

namespace streamwall::model {
namespace {

using boost::urls::ipv4_address;
using boost::urls::ipv6_address;
using boost::urls::parse_ipv4_address;
using boost::urls::parse_ipv6_address;

constexpr std::size_t kMaxHostBytes = 253;
constexpr std::size_t kMaxLabelBytes = 63;

FieldError url_error(std::string code, std::string message) {
    return {"url", std::move(code), std::move(message)};
}

boost::urls::string_view view(std::string_view text) {
    return {text.data(), text.size()};
}

bool is_valid_label(std::string_view label) {
    if (label.empty() || label.size() > kMaxLabelBytes) return false;
    if (label.front() == '-' || label.back() == '-') return false;
    for (std::size_t i = 0; i < label.size(); ++i) {
        const char c = label[i];
        if (is_alnum(c) || c == '-' || c == '_') continue;
        // Encoded letters beyond ASCII may stay; an encoded ASCII letter would hide the host's
        // name.
        if (c != '%' || i + 2 >= label.size() || to_lower(label[i + 1]) < '8') return false;
        i += 2;
    }
    return true;
}

bool is_valid_name(std::string_view host) {
    if (host.size() > kMaxHostBytes) return false;
    while (true) {
        const std::size_t dot = host.find('.');
        if (!is_valid_label(host.substr(0, dot))) return false;
        if (dot == std::string_view::npos) return true;
        host.remove_prefix(dot + 1);
    }
}

// Browsers read a host whose last label is a number as an address ("127.1", "0x7f000001").
bool ends_in_number(std::string_view host) {
    const std::string_view last = host.substr(host.rfind('.') + 1);
    if (last.empty() || !is_digit(last.front())) return false;
    const bool hex = last.starts_with("0x");
    for (const char c : last.substr(hex ? 2 : 0)) {
        if (hex ? !is_hex(c) : !is_digit(c)) return false;
    }
    return true;
}

bool is_private(const std::array<unsigned char, 4>& ip) {
    return ip[0] == 0 || ip[0] == 10 || ip[0] == 127 || ip[0] >= 224 ||
           (ip[0] == 100 && (ip[1] & 0xC0) == 64) || (ip[0] == 169 && ip[1] == 254) ||
           (ip[0] == 172 && (ip[1] & 0xF0) == 16) || (ip[0] == 192 && ip[1] == 168) ||
           (ip[0] == 192 && ip[1] == 0 && (ip[2] == 0 || ip[2] == 2)) ||
           (ip[0] == 198 && (ip[1] & 0xFE) == 18) ||
           (ip[0] == 198 && ip[1] == 51 && ip[2] == 100) ||
           (ip[0] == 203 && ip[1] == 0 && ip[2] == 113);
}

// Only 2000::/3 is handed out to the public, and parts of it carry an IPv4 address inside (6to4,
// Teredo) or are for documentation. NAT64 (64:ff9b::/96) and mapped addresses fall outside it.
bool is_private(const ipv6_address::bytes_type& ip) {
    const bool global = (ip[0] & 0xE0) == 0x20;
    const bool six_to_four = ip[0] == 0x20 && ip[1] == 0x02;
    const bool special = ip[0] == 0x20 && ip[1] == 0x01 && ip[2] < 0x02;
    const bool documentation = ip[0] == 0x20 && ip[1] == 0x01 && ip[2] == 0x0D && ip[3] == 0xB8;
    return !global || six_to_four || special || documentation;
}

bool is_valid_port(std::string_view port) {
    if (port.empty()) return true;
    unsigned value = 0;
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), value);
    return error == std::errc() && end == port.data() + port.size() && value >= 1 && value <= 65535;
}

// unreserved, sub-delims and gen-delims of RFC 3986; brackets are judged with the host.
bool is_url_character(char c) {
    return is_alnum(c) ||
           std::string_view("-._~:/?#[]@!$&'()*+,;=%").find(c) != std::string_view::npos;
}

std::string shown(char c) {
    if (c > ' ' && c < '\x7f') return std::string("'") + c + "'";
    return c == ' ' ? "a space" : "a control character";
}

}  // namespace

std::optional<std::string> normalise_host(std::string_view host) {
    if (host.starts_with('[')) {
        if (host.size() < 4 || !host.ends_with(']')) return std::nullopt;
        const auto address = parse_ipv6_address(view(host.substr(1, host.size() - 2)));
        if (!address) return std::nullopt;
        return "[" + address->to_string() + "]";
    }
    std::string lower = to_lower(host);
    // RFC 3986, 6.2.2.1: the digits of a percent-encoding are upper case.
    for (std::size_t at = lower.find('%'); at != std::string::npos; at = lower.find('%', at + 1)) {
        for (char& digit :
             std::span(lower).subspan(at).first(std::min<std::size_t>(3, lower.size() - at))) {
            if (is_lower(digit)) digit = static_cast<char>(digit - ('a' - 'A'));
        }
    }
    if (ends_in_number(lower)) {
        if (!parse_ipv4_address(view(lower))) return std::nullopt;
        return lower;
    }
    if (!is_valid_name(lower)) return std::nullopt;
    return lower;
}

bool is_private_host(std::string_view host) {
    if (host.starts_with('[')) {
        const auto address = parse_ipv6_address(view(host.substr(1, host.size() - 2)));
        return !address || is_private(address->to_bytes());
    }
    if (ends_in_number(host)) {
        const auto address = parse_ipv4_address(view(host));
        return !address || is_private(address->to_bytes());
    }
    if (host.find('.') == std::string_view::npos) return true;
    for (const std::string_view suffix : {".localhost", ".local", ".internal", ".lan", ".home.arpa",
                                          ".intranet", ".corp", ".test", ".invalid"}) {
        if (host.ends_with(suffix)) return true;
    }
    return false;
}

bool is_default_port(std::string_view scheme, std::string_view port) {
    return port.empty() || port == (equals_ignoring_case(scheme, "http") ? "80" : "443");
}

std::expected<std::string, FieldError> encode_url(std::string_view url) {
    if (!is_valid_utf8(url)) {
        return std::unexpected(url_error("invalid_encoding", "the URL is not valid UTF-8"));
    }
    constexpr std::string_view kHex = "0123456789ABCDEF";
    std::string encoded;
    encoded.reserve(url.size());
    bool in_fragment = false;
    for (std::size_t i = 0; i < url.size(); ++i) {
        const char c = url[i];
        if (!is_ascii(c)) {
            const auto byte = static_cast<unsigned char>(c);
            encoded += {'%', kHex[byte >> 4], kHex[byte & 15]};
            continue;
        }
        if (!is_url_character(c) || (c == '#' && in_fragment)) {
            return std::unexpected(url_error("forbidden_character",
                                             "the URL contains " + shown(c) + " at byte " +
                                                 std::to_string(i + 1) + "; percent-encode it"));
        }
        if (c == '%' && (i + 2 >= url.size() || !is_hex(url[i + 1]) || !is_hex(url[i + 2]))) {
            return std::unexpected(url_error(
                "forbidden_character", "the URL contains '%' without two hexadecimal digits"));
        }
        in_fragment = in_fragment || c == '#';
        encoded += c;
    }
    return encoded;
}

std::expected<std::string, FieldError> rebuild_url(const LinkParts& parts) {
    if (!equals_ignoring_case(parts.scheme, "http") &&
        !equals_ignoring_case(parts.scheme, "https")) {
        return std::unexpected(
            url_error("invalid_scheme", "the URL must begin with http:// or https://"));
    }
    if (parts.has_credentials) {
        return std::unexpected(
            url_error("credentials", "the URL must not contain a user name or password"));
    }
    const auto host = normalise_host(parts.host);
    if (!host) {
        return std::unexpected(url_error("invalid_host", "the URL has no valid host"));
    }
    if (!parts.clean_authority || !is_valid_port(parts.port)) {
        return std::unexpected(url_error("invalid_port", "the URL's port is not 1 to 65535"));
    }
    if (parts.path.find_first_of("[]") != std::string_view::npos ||
        parts.query.find_first_of("[]") != std::string_view::npos) {
        return std::unexpected(url_error("forbidden_character",
                                         "the URL contains a square bracket; percent-encode it"));
    }
    std::string url = to_lower(parts.scheme) + "://" + *host;
    if (!is_default_port(parts.scheme, parts.port)) {
        url += ':';
        url += parts.port;
    }
    url += parts.path.empty() ? std::string_view("/") : parts.path;
    if (const std::string query = without_tracking(parts.query); !query.empty()) {
        url += '?';
        url += query;
    }
    return url;
}

}  // namespace streamwall::model
