// Options: where the servers are, who we are to them, how patient to be. Checked before anything
// connects.
#pragma once

#include <streamwall/sdk/result.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace streamwall::nats {

// nats://[user:password@|token@]host[:port], tls://… for TLS.
struct ServerUrl {
    bool tls = false;
    std::string host;
    std::uint16_t port = 4222;
    std::string user, password, token;  // percent-decoded

    // Without credentials, for libnats, logs and people.
    std::string text() const;
};

struct Options {
    std::vector<ServerUrl> servers;
    std::string user, password, token;
    std::string nkey, nkey_seed_file, credentials_file;
    std::string tls_ca_file, tls_certificate_file, tls_key_file;
    bool tls_verify = true;
    std::chrono::milliseconds connect_timeout{2'000};
    std::chrono::milliseconds ping_interval{2'000};
    std::chrono::milliseconds ping_timeout{4'000};
    std::chrono::milliseconds backoff_first{100};
    std::chrono::milliseconds backoff_cap{2'000};

    bool wants_tls(const ServerUrl& server) const {
        return server.tls || !tls_ca_file.empty() || !tls_certificate_file.empty();
    }
};

// `written` is the setting: each entry is a URL or several with commas between them. Errors name
// the field `url` and never repeat a password.
Result<std::vector<ServerUrl>> parse_servers(const std::vector<std::string>& written);

// What can be said without a server: fields that exclude or need each other, files that cannot be
// read, times of zero. The error's `where` is the field.
Result<> check(const Options& options);

}  // namespace streamwall::nats
