// Reading of the settings that name a server and its channels.
#include "address.hpp"

#include <streamwall/model/text.hpp>
#include <streamwall/net/server_url.hpp>

#include <algorithm>

namespace streamwall::twitch {

namespace {

constexpr std::string_view kWhat = "the chat server's URL";

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

Result<Address> parse_address(std::string_view text) {
    auto url = net::parse_server_url(text, kWhat, {"irc", "ircs"});
    if (!url) return std::move(url).error();
    if (url->host.empty()) return net::bad_server_url(kWhat, "has no host");
    if (url->user || url->path.size() > 1 || !url->query.empty()) {
        return net::bad_server_url(kWhat, "may hold a host and a port only");
    }
    const bool tls = url->scheme == "ircs";
    const std::uint16_t usual_port = tls ? 6697 : 6667;
    return Address{std::move(url->host), url->port != 0 ? url->port : usual_port, tls};
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
