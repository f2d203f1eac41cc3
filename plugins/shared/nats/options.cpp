// Reading and checking of what the settings say.
#include "nats/options.hpp"

#include <streamwall/net/server_url.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

namespace streamwall::nats {
namespace {

constexpr std::string_view kWhat = "a NATS server's URL";

Result<ServerUrl> parse_server(std::string_view text) {
    auto url = net::parse_server_url(text, kWhat, {"nats", "tls"});
    if (!url) return std::move(url).error();
    if (url->host.empty()) return net::bad_server_url(kWhat, "has no host");
    if ((url->path != "" && url->path != "/") || !url->query.empty()) {
        return net::bad_server_url(kWhat, "may have no path");
    }
    if (url->user && url->user->empty()) {
        return net::bad_server_url(kWhat, "has no user name or token before '@'");
    }
    ServerUrl out;
    out.tls = url->scheme == "tls";
    out.host = std::move(url->host);
    if (url->port != 0) out.port = url->port;
    auto& identity = url->password ? out.user : out.token;
    identity = url->user.value_or("");
    out.password = url->password.value_or("");
    return out;
}

Result<> check_file(const std::string& path, std::string_view field) {
    if (path.empty()) return ok();
    if (std::ifstream file(path); file.good() && file.peek() != EOF) return ok();
    return Error::invalid(
        "cannot read '" + path + "': " + (errno != 0 ? std::strerror(errno) : "the file is empty"),
        std::string(field));
}

Result<> check_identity(const Options& options) {
    const int kinds = !options.user.empty() + !options.token.empty() + !options.nkey.empty() +
                      !options.credentials_file.empty();
    if (kinds > 1) {
        return Error::invalid("only one of user, token, nkey and credentials_file may be given",
                              "user");
    }
    if (options.user.empty() && !options.password.empty()) {
        return Error::invalid("is given without a user", "password");
    }
    if (options.nkey.empty() != options.nkey_seed_file.empty()) {
        return Error::invalid("nkey and nkey_seed_file need each other",
                              options.nkey.empty() ? "nkey" : "nkey_seed_file");
    }
    if (!options.nkey.empty() && !options.nkey.starts_with('U')) {
        return Error::invalid("must be the public key of a user, which begins with U", "nkey");
    }
    if (options.tls_certificate_file.empty() != options.tls_key_file.empty()) {
        return Error::invalid(
            "tls_certificate_file and tls_key_file need each other",
            options.tls_key_file.empty() ? "tls_key_file" : "tls_certificate_file");
    }
    return ok();
}

}  // namespace

std::string ServerUrl::text() const {
    return (tls ? "tls://" : "nats://") + net::host_and_port(host, port);
}

Result<std::vector<ServerUrl>> parse_servers(const std::vector<std::string>& written) {
    std::vector<ServerUrl> out;
    for (std::string_view rest : written) {
        while (!rest.empty()) {
            const auto comma = std::min(rest.find(','), rest.size());
            auto url = rest.substr(0, comma);
            rest.remove_prefix(std::min(comma + 1, rest.size()));
            url.remove_prefix(std::min(url.find_first_not_of(' '), url.size()));
            url = url.substr(0, url.find_last_not_of(' ') + 1);
            auto server = parse_server(url);
            if (!server) return server.error();
            out.push_back(std::move(*server));
        }
    }
    if (out.empty()) return Error::invalid("names no NATS server", "url");
    return out;
}

Result<> check(const Options& options) {
    if (auto identity = check_identity(options); !identity) return identity;
    const std::pair<const std::string&, std::string_view> files[] = {
        {options.nkey_seed_file, "nkey_seed_file"},
        {options.credentials_file, "credentials_file"},
        {options.tls_ca_file, "tls_ca_file"},
        {options.tls_certificate_file, "tls_certificate_file"},
        {options.tls_key_file, "tls_key_file"}};
    for (const auto& [path, field] : files) {
        if (auto file = check_file(path, field); !file) return file;
    }
    const std::pair<std::string_view, std::chrono::milliseconds> times[] = {
        {"connect_timeout", options.connect_timeout},
        {"ping_interval", options.ping_interval},
        {"ping_timeout", options.ping_timeout},
        {"backoff_first", options.backoff_first},
        {"backoff_cap", options.backoff_cap}};
    for (const auto& [name, time] : times) {
        if (time.count() > 0 && time <= std::chrono::hours(1)) continue;
        return Error::invalid("must be from 1ms to 1h", std::string(name));
    }
    return ok();
}

}  // namespace streamwall::nats
