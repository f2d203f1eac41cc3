// Which of libnats's knobs are turned, and why.
#include "nats/connection_options.hpp"

#include <string>
#include <string_view>

namespace streamwall::nats {
namespace {

// One read of the socket; libnats's 32 KiB cost a system call for each 50 messages.
constexpr int kReadBufferBytes = 256 * 1024;

// Runs the setters one after the other and remembers the first that fails.
class Setup {
  public:
    template <class... Given, class... Args>
    void set(std::string_view field, natsStatus (*setter)(natsOptions*, Given...), Args... args) {
        if (failed_) return;
        const auto status = setter(options_.get(), args...);
        if (status != NATS_OK) fail(status, field);
    }
    void fail(natsStatus status, std::string_view field) {
        failed_ = true;
        error_ = Error::invalid(last_nats_error(status), std::string(field));
    }
    Setup() {
        natsOptions* raw = nullptr;
        const auto status = natsOptions_Create(&raw);
        if (status != NATS_OK) fail(status, "");
        options_.reset(raw);
    }
    Result<NatsOptions> take() && {
        if (failed_) return error_;
        return std::move(options_);
    }

  private:
    NatsOptions options_;
    bool failed_ = false;
    Error error_;
};

void set_identity(Setup& setup, const Options& options, const ServerUrl& server) {
    if (!server.user.empty()) {
        setup.set("url", natsOptions_SetUserInfo, server.user.c_str(), server.password.c_str());
    } else if (!server.token.empty()) {
        setup.set("url", natsOptions_SetToken, server.token.c_str());
    } else if (!options.user.empty()) {
        setup.set("user", natsOptions_SetUserInfo, options.user.c_str(), options.password.c_str());
    } else if (!options.token.empty()) {
        setup.set("token", natsOptions_SetToken, options.token.c_str());
    } else if (!options.nkey.empty()) {
        setup.set("nkey", natsOptions_SetNKeyFromSeed, options.nkey.c_str(),
                  options.nkey_seed_file.c_str());
    } else if (!options.credentials_file.empty()) {
        setup.set("credentials_file", natsOptions_SetUserCredentialsFromFiles,
                  options.credentials_file.c_str(), static_cast<const char*>(nullptr));
    }
}

// A server may ask for TLS behind nats://, so the name to expect is always set: without one
// libnats verifies the chain alone.
void set_tls(Setup& setup, const Options& options, const ServerUrl& server) {
    if (options.wants_tls(server)) setup.set("url", natsOptions_SetSecure, true);
    if (!options.tls_ca_file.empty()) {
        setup.set("tls_ca_file", natsOptions_LoadCATrustedCertificates,
                  options.tls_ca_file.c_str());
    }
    if (!options.tls_certificate_file.empty()) {
        setup.set("tls_certificate_file", natsOptions_LoadCertificatesChain,
                  options.tls_certificate_file.c_str(), options.tls_key_file.c_str());
    }
    if (options.tls_verify) {
        setup.set("url", natsOptions_SetExpectedHostname, server.host.c_str());
    } else {
        setup.set("tls_verify", natsOptions_SkipServerVerification, true);
    }
}

}  // namespace

std::string in_words(natsStatus status, const char* text) {
    if (status == NATS_TIMEOUT) return "it does not answer in time";
    std::string_view out = text != nullptr ? text : "";
    if (const auto end = out.find("): "); out.starts_with('(') && end != out.npos) {
        out.remove_prefix(end + 3);
    }
    return std::string(out.empty() ? natsStatus_GetText(status) : out);
}

std::string last_nats_error(natsStatus status) {
    return in_words(status, nats_GetLastError(nullptr));
}

Result<NatsOptions> make_nats_options(const Options& options, const ServerUrl& server) {
    Setup setup;
    auto plain = server;
    plain.tls = false;  // libnats knows the scheme nats:// alone; SetSecure says the rest
    setup.set("url", natsOptions_SetURL, plain.text().c_str());
    set_identity(setup, options, server);
    set_tls(setup, options, server);
    setup.set("", natsOptions_SetName, "streamwall");
    setup.set("", natsOptions_SetNoEcho, true);
    // A lost connection is not mended by libnats: while it tries it keeps what is published and
    // sends it later, when the callers have long given up.
    setup.set("", natsOptions_SetAllowReconnect, false);
    setup.set("", natsOptions_SetSendAsap, true);
    // One thread of libnats for all callbacks, instead of one for each subscription.
    setup.set("", natsOptions_UseGlobalMessageDelivery, true);
    setup.set("connect_timeout", natsOptions_SetTimeout,
              static_cast<std::int64_t>(options.connect_timeout.count()));
    // Its own ping closes the socket on a thread of its own, under whoever reads.
    setup.set("", natsOptions_SetPingInterval, std::int64_t{0});
    // Only TLS ever waits for room in the socket: OpenSSL wants to finish a record it began.
    setup.set("ping_timeout", natsOptions_SetWriteDeadline,
              static_cast<std::int64_t>(options.ping_timeout.count()));
    setup.set("", natsOptions_SetIOBufSize, kReadBufferBytes);
    return std::move(setup).take();
}

Result<> try_options(const Options& options) {
    for (const auto& server : options.servers) {
        if (auto made = make_nats_options(options, server); !made) return made.error();
    }
    return ok();
}

}  // namespace streamwall::nats
