#include "redis_url.hpp"

#include <streamwall/net/server_url.hpp>

#include <charconv>

namespace streamwall::redis {

namespace {

constexpr std::string_view kWhat = "the URL of Redis";

Error bad_url(std::string_view why) {
    return net::bad_server_url(kWhat, why);
}

Result<> read_database(std::string_view text, RedisUrl& url) {
    const auto* end = text.data() + text.size();
    const auto [stopped, failed] = std::from_chars(text.data(), end, url.database);
    if (failed != std::errc{} || stopped != end || url.database < 0) {
        return bad_url("has no valid database");
    }
    return ok();
}

Result<> read_socket(const net::ServerUrl& from, RedisUrl& url) {
    url.socket = from.path;
    // sun_path of unix(7), with its final NUL.
    if (!from.host.empty() || url.socket.empty() || url.socket.size() > 107) {
        return bad_url("has no valid path of a socket");
    }
    if (from.query.empty()) return ok();
    if (!from.query.starts_with("db=")) return bad_url("may have no parameter but db");
    return read_database(from.query.substr(3), url);
}

Result<> read_server(const net::ServerUrl& from, RedisUrl& url) {
    if (from.host.empty()) return bad_url("has no host");
    if (!from.query.empty()) return bad_url("may have no parameters");
    url.host = from.host;
    if (from.port != 0) url.port = from.port;
    if (from.path.size() <= 1) return ok();
    return read_database(std::string_view(from.path).substr(1), url);
}

}  // namespace

std::string RedisUrl::shown() const {
    return socket.empty() ? net::host_and_port(host, port) : socket;
}

Result<RedisUrl> parse_redis_url(std::string_view text) {
    const auto from = net::parse_server_url(text, kWhat, {"redis", "rediss", "unix"});
    if (!from) return from.error();
    if (from->user && !from->password) return bad_url("names a user without a password");
    RedisUrl url;
    url.tls = from->scheme == "rediss";
    url.user = from->user.value_or("");
    url.password = from->password.value_or("");
    auto read = from->scheme == "unix" ? read_socket(*from, url) : read_server(*from, url);
    if (!read) return std::move(read).error();
    return url;
}

}  // namespace streamwall::redis
