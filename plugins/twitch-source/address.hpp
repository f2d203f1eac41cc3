// Where the chat server is: irc://host[:port] for plain TCP, ircs:// for TLS.
#pragma once

#include <streamwall/sdk/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace streamwall::twitch {

struct Address {
    std::string host;  // an IPv6 literal stands without brackets
    std::uint16_t port = 0;
    bool tls = false;
};

// Ports default to 6667 and 6697. A path is refused: channels have a setting of their own.
Result<Address> parse_address(std::string_view url);

// Channel names of `names`, each of which may itself be a comma list: trimmed, lower case, with '#'
// in front, each once. An error names the one that no server would accept.
Result<std::vector<std::string>> parse_channels(const std::vector<std::string>& names);

// A login that cannot be sent, or a token without a name, is an error.
Result<> check_login(std::string_view username, std::string_view token);

}  // namespace streamwall::twitch
