// Reading and checking of what the settings say.
#include "nats/options.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <optional>

namespace streamwall::nats {
namespace {

Error bad_url(std::string why) {
    return Error::invalid("a NATS server's URL " + why, "url");
}

bool is_host_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_' || c == ':' || c == '%';
}

std::optional<std::string> percent_decode(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        if (text.front() != '%') {
            out += text.front();
            text.remove_prefix(1);
            continue;
        }
        if (text.size() < 3) return std::nullopt;
        unsigned value = 0;
        const auto [end, failed] = std::from_chars(text.data() + 1, text.data() + 3, value, 16);
        if (failed != std::errc{} || end != text.data() + 3) return std::nullopt;
        out += static_cast<char>(value);
        text.remove_prefix(3);
    }
    return out;
}

Result<> read_credentials(std::string_view text, ServerUrl& out) {
    const auto colon = text.find(':');
    const auto first = percent_decode(text.substr(0, colon));
    if (!first || first->empty()) return bad_url("has no user name or token before '@'");
    if (colon == text.npos) {
        out.token = *first;
        return ok();
    }
    const auto second = percent_decode(text.substr(colon + 1));
    if (!second) return bad_url("has a password that is not percent-encoded");
    out.user = *first;
    out.password = *second;
    return ok();
}

Result<> read_port(std::string_view text, ServerUrl& out) {
    if (text.empty()) return ok();
    if (!text.starts_with(':')) return bad_url("has text behind the host");
    text.remove_prefix(1);
    const auto* end = text.data() + text.size();
    const auto [stopped, failed] = std::from_chars(text.data(), end, out.port);
    if (failed != std::errc{} || stopped != end || out.port == 0) {
        return bad_url("has no valid port");
    }
    return ok();
}

Result<ServerUrl> parse_server(std::string_view url) {
    ServerUrl out;
    if (url.starts_with("tls://")) {
        out.tls = true;
    } else if (!url.starts_with("nats://")) {
        return bad_url("must begin with nats:// or tls://");
    }
    auto rest = url.substr(url.find("//") + 2);
    if (const auto at = rest.rfind('@'); at != rest.npos) {
        if (auto read = read_credentials(rest.substr(0, at), out); !read) return read.error();
        rest.remove_prefix(at + 1);
    }
    if (rest.ends_with('/')) rest.remove_suffix(1);
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
    if (out.host.empty() || !std::ranges::all_of(out.host, is_host_character)) {
        return bad_url("has no valid host");
    }
    if (auto read = read_port(port, out); !read) return read.error();
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
    const bool is_v6 = host.find(':') != host.npos;
    return (tls ? "tls://" : "nats://") + (is_v6 ? "[" + host + "]" : host) + ":" +
           std::to_string(port);
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
