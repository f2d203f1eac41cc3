// Reading of the settings that name a server and its channels.
#include "address.hpp"

#include <streamwall/model/text.hpp>

#include <algorithm>
#include <charconv>

namespace streamwall::twitch {

namespace {

Error bad_url(std::string why) {
    return Error::invalid("the chat server's URL " + why, "url");
}

// RFC 1459 section 1.3 forbids space, comma and BEL; other control characters would end the line.
bool is_channel_name(std::string_view name) {
    return name.size() >= 2 && name.size() <= 50 && std::ranges::none_of(name, [](char c) {
               return static_cast<unsigned char>(c) <= ' ' || c == 0x7f || c == ',' || c == ':';
           });
}

bool is_one_word(std::string_view text) {
    return std::ranges::none_of(
        text, [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == 0x7f; });
}

}  // namespace

Result<Address> parse_address(std::string_view url) {
    Address out;
    if (model::starts_with_ignoring_case(url, "ircs://")) {
        out.tls = true;
    } else if (!model::starts_with_ignoring_case(url, "irc://")) {
        return bad_url("must begin with irc:// (plain TCP) or ircs:// (TLS)");
    }
    out.port = out.tls ? 6697 : 6667;
    auto rest = url.substr(url.find("//") + 2);
    if (rest.ends_with('/')) rest.remove_suffix(1);
    if (rest.find_first_of("/?#@") != rest.npos) {
        return bad_url("may hold a host and a port only");
    }
    std::string_view port;
    if (rest.starts_with('[')) {
        const auto end = rest.find(']');
        if (end == rest.npos) return bad_url("has a '[' without ']'");
        out.host = rest.substr(1, end - 1);
        port = rest.substr(end + 1);
    } else {
        const auto end = std::min(rest.find(':'), rest.size());
        out.host = rest.substr(0, end);
        port = rest.substr(end);
    }
    if (out.host.empty() || !std::ranges::all_of(out.host, [](char c) {
            return model::is_alnum(c) || c == '.' || c == '-' || c == '_' || c == ':' || c == '%';
        })) {
        return bad_url("has no valid host");
    }
    if (port.empty()) return out;
    if (!port.starts_with(':')) return bad_url("has text behind the host");
    port.remove_prefix(1);
    const auto* end = port.data() + port.size();
    const auto [stopped, failed] = std::from_chars(port.data(), end, out.port);
    if (failed != std::errc{} || stopped != end || out.port == 0) {
        return bad_url("has no valid port");
    }
    return out;
}

Result<std::vector<std::string>> parse_channels(const std::vector<std::string>& names) {
    std::vector<std::string> out;
    for (const std::string_view list : names) {
        for (std::size_t begin = 0; begin <= list.size();) {
            const auto end = std::min(list.find(',', begin), list.size());
            auto name = model::to_lower(model::trim(list.substr(begin, end - begin)));
            begin = end + 1;
            if (name.empty()) continue;
            if (!name.starts_with('#')) name.insert(0, 1, '#');
            if (!is_channel_name(name)) {
                return Error::invalid("'" + name + "' is no channel name", "channels");
            }
            if (std::ranges::find(out, name) == out.end()) out.push_back(std::move(name));
        }
    }
    if (out.empty()) return Error::invalid("no channel is named", "channels");
    return out;
}

Result<> check_login(std::string_view username, std::string_view token) {
    if (!is_one_word(username)) return Error::invalid("the name holds white space", "username");
    if (!is_one_word(token)) return Error::invalid("the token holds white space", "token");
    if (!token.empty() && username.empty()) {
        return Error::invalid("a token needs the name of its account", "username");
    }
    return ok();
}

}  // namespace streamwall::twitch
