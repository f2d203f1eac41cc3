#include <streamwall/net/server_url.hpp>

#include <boost/url/parse.hpp>

#include <algorithm>

namespace streamwall::net {
namespace {

namespace urls = boost::urls;

std::string schemes_named(std::initializer_list<std::string_view> schemes) {
    std::string out;
    for (const auto* scheme = schemes.begin(); scheme != schemes.end(); ++scheme) {
        if (scheme != schemes.begin()) out += scheme + 1 == schemes.end() ? " or " : ", ";
        out += std::string(*scheme) + "://";
    }
    return out;
}

std::string lower(urls::string_view text) {
    std::string out(text.begin(), text.end());
    std::ranges::transform(out, out.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return out;
}

}  // namespace

Error bad_server_url(std::string_view what, std::string_view why) {
    return Error::invalid(std::string(what) + " " + std::string(why), "url");
}

Result<ServerUrl> parse_server_url(std::string_view text, std::string_view what,
                                   std::initializer_list<std::string_view> schemes) {
    const auto parsed = urls::parse_uri({text.data(), text.size()});
    const auto scheme = parsed ? lower(parsed->scheme()) : "";
    const auto begin = text.substr(0, std::min(text.find("://"), text.size()));
    const bool is_known = std::ranges::find(schemes, parsed ? scheme : begin) != schemes.end();
    if (!is_known || (parsed && !parsed->has_authority())) {
        return bad_server_url(what, "must begin with " + schemes_named(schemes));
    }
    // Boost 1.81 takes what follows a broken port for a path.
    const bool has_broken_path =
        parsed && !parsed->encoded_path().empty() && parsed->encoded_path().front() != '/';
    if (!parsed || has_broken_path) {
        return bad_server_url(what,
                              "is no valid URL; other characters than letters, digits and "
                              "- . _ ~ in a name or password are written as %XX");
    }
    ServerUrl out;
    out.scheme = scheme;
    if (parsed->has_userinfo()) out.user = parsed->user();
    if (parsed->has_password()) out.password = parsed->password();
    out.host = parsed->host_address();
    out.port = parsed->port_number();
    if (parsed->has_port() && out.port == 0) return bad_server_url(what, "has no valid port");
    out.path = parsed->path();
    out.query = std::string(parsed->encoded_query().data(), parsed->encoded_query().size());
    if (parsed->has_fragment()) return bad_server_url(what, "may have no fragment (#…)");
    return out;
}

std::string host_and_port(std::string_view host, std::uint16_t port) {
    const bool is_v6 = host.find(':') != std::string_view::npos;
    const auto shown = is_v6 ? "[" + std::string(host) + "]" : std::string(host);
    return shown + ":" + std::to_string(port);
}

}  // namespace streamwall::net
