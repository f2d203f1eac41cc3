#include "redis_url.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace streamwall::redis {

namespace {

Error bad_url(std::string why) {
    return Error::invalid("the URL of Redis " + why, "url");
}

template <class Number>
std::optional<Number> to_number(std::string_view text) {
    Number out{};
    const auto* end = text.data() + text.size();
    const auto [stopped, failed] = std::from_chars(text.data(), end, out);
    if (failed != std::errc{} || stopped != end) return std::nullopt;
    return out;
}

std::optional<std::string> percent_decode(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] != '%') {
            out += text[at];
            continue;
        }
        unsigned char byte = 0;
        const auto digits = text.substr(at + 1, 2);
        const auto* end = digits.data() + digits.size();
        if (digits.size() != 2 || std::from_chars(digits.data(), end, byte, 16).ptr != end) {
            return std::nullopt;
        }
        out += static_cast<char>(byte);
        at += 2;
    }
    return out;
}

// Takes "user:password@" off the begin of `rest`.
Result<> take_login(std::string_view& rest, RedisUrl& url) {
    const auto end = rest.substr(0, rest.find('/')).rfind('@');
    if (end == std::string_view::npos) return ok();
    const auto login = rest.substr(0, end);
    rest.remove_prefix(end + 1);
    const auto colon = login.find(':');
    if (colon == std::string_view::npos) return bad_url("names a user without a password");
    const auto user = percent_decode(login.substr(0, colon));
    const auto password = percent_decode(login.substr(colon + 1));
    if (!user || !password) return bad_url("has a broken % escape");
    url.user = *user;
    url.password = *password;
    return ok();
}

Result<> read_database(std::string_view text, RedisUrl& url) {
    const auto number = to_number<int>(text);
    if (!number || *number < 0) return bad_url("has no valid database");
    url.database = *number;
    return ok();
}

Result<> read_socket(std::string_view rest, RedisUrl& url) {
    const auto query = rest.find('?');
    url.socket = rest.substr(0, query);
    // sun_path of unix(7), with its final NUL.
    if (!url.socket.starts_with('/') || url.socket.size() > 107) {
        return bad_url("has no valid path of a socket");
    }
    if (query == std::string_view::npos) return ok();
    rest.remove_prefix(query + 1);
    if (!rest.starts_with("db=")) return bad_url("may have no parameter but db");
    return read_database(rest.substr(3), url);
}

Result<> read_server(std::string_view rest, RedisUrl& url) {
    const auto slash = std::min(rest.find('/'), rest.size());
    const auto database = rest.substr(std::min(slash + 1, rest.size()));
    rest = rest.substr(0, slash);
    if (!database.empty()) {
        if (auto read = read_database(database, url); !read) return read;
    }
    std::string_view port;
    if (rest.starts_with('[')) {
        const auto end = rest.find(']');
        if (end == std::string_view::npos) return bad_url("has a '[' without ']'");
        url.host = rest.substr(1, end - 1);
        port = rest.substr(end + 1);
    } else {
        const auto end = std::min(rest.find(':'), rest.size());
        url.host = rest.substr(0, end);
        port = rest.substr(end);
    }
    if (url.host.empty()) return bad_url("has no host");
    if (port.empty()) return ok();
    const auto number = to_number<std::uint16_t>(port.substr(1));
    if (!port.starts_with(':') || !number || *number == 0) return bad_url("has no valid port");
    url.port = *number;
    return ok();
}

}  // namespace

std::string RedisUrl::shown() const {
    if (!socket.empty()) return socket;
    return (host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" +
           std::to_string(port);
}

Result<RedisUrl> parse_redis_url(std::string_view text) {
    RedisUrl url;
    const auto begin = text.find("://");
    const auto scheme = text.substr(0, begin);
    if (begin == std::string_view::npos ||
        (scheme != "redis" && scheme != "rediss" && scheme != "unix")) {
        return bad_url("must begin with redis://, rediss:// (TLS) or unix://");
    }
    url.tls = scheme == "rediss";
    auto rest = text.substr(begin + 3);
    auto read = take_login(rest, url);
    if (read) read = scheme == "unix" ? read_socket(rest, url) : read_server(rest, url);
    if (!read) return std::move(read).error();
    return url;
}

}  // namespace streamwall::redis
