#include "query_string.hpp"

#include <streamwall/model/text.hpp>

namespace streamwall::rest_api {
namespace {

int hex_digit(char c) {
    if (model::is_digit(c)) return c - '0';
    return model::is_hex(c) ? model::to_lower(c) - 'a' + 10 : -1;
}

}  // namespace

std::optional<std::string> decode_query_value(std::string_view raw) {
    std::string out;
    out.reserve(raw.size());
    for (std::size_t at = 0; at < raw.size(); ++at) {
        char c = raw[at] == '+' ? ' ' : raw[at];
        if (c == '%') {
            if (at + 2 >= raw.size()) return std::nullopt;
            const int high = hex_digit(raw[at + 1]);
            const int low = hex_digit(raw[at + 2]);
            if (high < 0 || low < 0) return std::nullopt;
            c = static_cast<char>(high * 16 + low);
            at += 2;
        }
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7f) return std::nullopt;
        out += c;
    }
    if (!model::is_valid_utf8(out)) return std::nullopt;
    return out;
}

std::optional<std::vector<QueryParameter>> parse_query(std::string_view query) {
    std::vector<QueryParameter> out;
    while (!query.empty()) {
        const auto end = query.find('&');
        const auto raw = query.substr(0, end);
        query = end == query.npos ? std::string_view{} : query.substr(end + 1);
        if (raw.empty()) continue;
        const auto equals = std::min(raw.find('='), raw.size());
        const auto raw_value = raw.substr(std::min(equals + 1, raw.size()));
        auto name = decode_query_value(raw.substr(0, equals));
        auto value = decode_query_value(raw_value);
        if (!name || !value) return std::nullopt;
        out.push_back({std::move(*name), std::move(*value), raw_value, raw});
    }
    return out;
}

std::string encode_query_value(std::string_view value) {
    constexpr char kHex[] = "0123456789ABCDEF";
    std::string out;
    for (const char c : value) {
        if (model::is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~') {
            out += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        out += '%';
        out += kHex[byte >> 4];
        out += kHex[byte & 15];
    }
    return out;
}

}  // namespace streamwall::rest_api
