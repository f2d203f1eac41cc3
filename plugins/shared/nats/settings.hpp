// What plugins that connect to NATS have in common in their settings.
#pragma once

#include "nats/options.hpp"
#include "nats/url_list.hpp"

#include <streamwall/sdk/result.hpp>

namespace streamwall::nats {

// Checked as far as it can be without a server, files included. Errors name the setting in their
// message: of a failed start the host shows that alone.
Result<> prove(const Options& options);

// `Settings` has these members under the names of Options; `url` is a UrlList, secrets are Secret.
template <class Settings>
Result<> take_settings(const Settings& from, Options& to) {
    auto servers = parse_servers(from.url.urls);
    if (!servers) {
        auto error = std::move(servers).error();
        error.message = error.where + ": " + error.message;
        return error;
    }
    to.servers = std::move(*servers);
    to.user = from.user;
    to.password = from.password.reveal();
    to.token = from.token.reveal();
    to.nkey = from.nkey;
    to.nkey_seed_file = from.nkey_seed_file;
    to.credentials_file = from.credentials_file;
    to.tls_ca_file = from.tls_ca_file;
    to.tls_certificate_file = from.tls_certificate_file;
    to.tls_key_file = from.tls_key_file;
    to.tls_verify = from.tls_verify;
    to.connect_timeout = from.connect_timeout;
    to.backoff_first = from.backoff_first;
    to.backoff_cap = from.backoff_cap;
    return ok();
}

}  // namespace streamwall::nats
