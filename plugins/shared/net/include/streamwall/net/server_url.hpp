// Where a server is, as a setting says it: SCHEME://[USER[:PASSWORD]@]HOST[:PORT][/PATH][?QUERY]
// (RFC 3986). Which schemes there are, and which parts may be given, is for each protocol to say.
#pragma once

#include <streamwall/sdk/result.hpp>

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace streamwall::net {

struct ServerUrl {
    std::string scheme;                   // lower case
    std::optional<std::string> user;      // percent-decoded
    std::optional<std::string> password;  // percent-decoded
    std::string host;                     // an IPv6 literal stands without brackets; may be empty
    std::uint16_t port = 0;               // 0: not given
    std::string path;                     // with its '/', percent-decoded
    std::string query;                    // without '?', as written
};

// An error is "`what` …" on the field `url`, and never repeats the text, which may hold a password.
Result<ServerUrl> parse_server_url(std::string_view text, std::string_view what,
                                   std::initializer_list<std::string_view> schemes);

// "`what` `why`" on the field `url`, for what a protocol refuses beyond that.
Error bad_server_url(std::string_view what, std::string_view why);

// "host:port", with brackets around an IPv6 literal.
std::string host_and_port(std::string_view host, std::uint16_t port);

}  // namespace streamwall::net
