// Where Redis is, as the setting `url` says it.
#pragma once

#include <streamwall/sdk/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace streamwall::redis {

struct RedisUrl {
    bool tls = false;
    std::string host;
    std::uint16_t port = 6379;
    std::string socket;  // path of a Unix socket; then host and port have no meaning
    std::string user;    // empty: the server's default user
    std::string password;
    int database = 0;

    // For logs: no secrets.
    std::string shown() const;
};

//   redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE]     rediss://… is TLS
//   unix://[[USER]:PASSWORD@]/PATH[?db=DATABASE]
// USER and PASSWORD may be percent-encoded.
Result<RedisUrl> parse_redis_url(std::string_view url);

}  // namespace streamwall::redis
