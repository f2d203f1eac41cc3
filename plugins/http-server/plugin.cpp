// http-server: offers streamwall.http/1 over a Server. Wiring only.
#include "shared_limits.hpp"
#include "table.hpp"
#include "token_authenticator.hpp"

#include <streamwall/sdk/plugin.hpp>

#include <memory>
#include <random>
#include <string>
#include <system_error>
#include <vector>

namespace streamwall::http_server {

struct Settings {
    std::string listen;
    std::string tls_certificate;
    std::string tls_key;
    std::string tls_min_version;
    std::size_t loops = 0;
    Secret api_key;
    std::string api_key_file;
    std::string authenticator;
    std::string rate_limits;
    bool shared_limits = false;
    std::uint32_t upgrade_limit = 0;
    std::vector<std::string> allowed_origins;
    std::vector<std::string> cors_origins;
    std::vector<std::string> cors_methods;
    bool cors_credentials = false;
    std::chrono::milliseconds cors_max_age{};
    std::vector<std::string> trusted_proxies;
    std::vector<std::string> allowed_clients;
    std::size_t compress_min = 0;
    std::size_t max_connections = 0;
    std::size_t body_limit = 0;
    std::chrono::milliseconds header_timeout{};
    std::chrono::milliseconds body_grace{};
    std::chrono::milliseconds idle_timeout{};
    std::chrono::milliseconds write_stall{};
    std::size_t queue_limit = 0;
    std::size_t queue_total = 0;
    std::chrono::milliseconds gather_delay{};
    std::chrono::milliseconds websocket_stall{};
    bool websocket_compression = false;
    std::uint32_t message_rate = 0;
    std::uint32_t credential_message_limit = 0;
    std::uint32_t connection_limit = 0;
};

}  // namespace streamwall::http_server

STREAMWALL_SETTINGS(streamwall::http_server::Settings, listen, tls_certificate, tls_key,
                    tls_min_version, loops, api_key, api_key_file, authenticator, rate_limits,
                    shared_limits, upgrade_limit, allowed_origins, cors_origins, cors_methods,
                    cors_credentials, cors_max_age, trusted_proxies, allowed_clients, compress_min,
                    max_connections, body_limit, header_timeout, body_grace, idle_timeout,
                    write_stall, queue_limit, queue_total, gather_delay, websocket_stall,
                    websocket_compression, message_rate, credential_message_limit, connection_limit)

namespace streamwall::http_server {
namespace {

Options to_options(const Settings& settings, std::shared_ptr<const TlsIdentity> tls) {
    Options options;
    options.listen = settings.listen;
    options.tls = std::move(tls);
    options.loops = settings.loops;
    options.rate_limits = RateLimits::parse(settings.rate_limits);
    if (options.rate_limits) {
        options.rate_limits->upgrade = settings.upgrade_limit;
        options.rate_limits->connection = settings.connection_limit;
    }
    options.allowed_origins = settings.allowed_origins;
    options.cors =
        Cors({.origins = settings.cors_origins,
              .methods = settings.cors_methods,
              .credentials = settings.cors_credentials,
              .max_age = std::chrono::floor<std::chrono::seconds>(settings.cors_max_age)});
    options.trusted_proxies = TrustedProxies(settings.trusted_proxies);
    options.allowed_clients = Networks("allowed_clients", settings.allowed_clients);
    if (settings.compress_min > 0) options.compress_min = settings.compress_min;
    options.max_connections = settings.max_connections;
    options.body_limit = settings.body_limit;
    options.header_timeout = settings.header_timeout;
    options.body_grace = settings.body_grace;
    options.idle_timeout = settings.idle_timeout;
    options.write_stall = settings.write_stall;
    options.websocket_queue_limit = settings.queue_limit;
    options.websocket_total_limit = settings.queue_total;
    options.websocket_gather = settings.gather_delay;
    options.websocket_stall = settings.websocket_stall;
    options.websocket_deflate = settings.websocket_compression;
    options.websocket_message_rate = settings.message_rate;
    options.websocket_credential_limit = settings.credential_message_limit;
    return options;
}

class HttpServer final : public Plugin<Settings> {
  public:
    using Plugin::Plugin;

    Step start() override {
        try {
            return begin();
        } catch (const std::system_error& problem) {
            // The port of a predecessor that is just going may become free.
            return Error::unavailable(problem.what());
        } catch (const std::exception& problem) {
            return Error::invalid(problem.what());
        }
    }

    Step drain(std::uint64_t deadline_ns) override {
        if (!server_) return ok();
        const auto now = core_host().clock->monotonic_ns(host().raw());
        const auto left = deadline_ns > now ? deadline_ns - now : 0;
        const auto limit = std::chrono::milliseconds(left / 1'000'000);
        // A little is kept back for closing what did not finish.
        server_->drain(limit * 9 / 10, [this] { host().complete(SW_STEP_DRAIN); });
        return pending;
    }

    Step stop() override {
        exchange_timer_.cancel();
        identity_timer_.cancel();
        doubt_timer_.cancel();
        if (server_) server_->stop();
        return ok();
    }

  private:
    Host core_host() const {
        const auto& powers = host();
        return {powers.raw(), powers.find<sw_buffer_api>(SW_BUFFER),
                powers.find<sw_log_api>(SW_LOG), powers.find<sw_clock_api>(SW_CLOCK),
                powers.find<sw_metrics_api>(SW_METRICS)};
    }

    Result<> begin() {
        std::string key = settings().api_key.reveal();
        if (key.empty()) {
            key = load_or_make_key(settings().api_key_file);
            log().info("http.api_key", "the bootstrap key is in a file",
                       {{"file", settings().api_key_file}});
        }
        auto authenticator = make_authenticator(key);
        if (!authenticator) return std::move(authenticator).error();
        server_ = std::make_unique<Server>(core_host(), to_options(settings(), make_identity()),
                                           std::move(*authenticator));
        if (tokens_ != nullptr) {
            if (auto hearing = hear_credentials(); !hearing) return hearing;
        }
        if (settings().shared_limits && server_->options().rate_limits) {
            if (auto sharing = share_limits(); !sharing) return sharing;
        }
        server_->start();
        const auto* interfaces = host().find<sw_interfaces_api>(SW_INTERFACES);
        ErrorSlot slot;
        const auto status = interfaces->offer(host().raw(), to_str(SW_HTTP), http_table(),
                                              server_.get(), slot.get());
        if (status != SW_OK) return slot.take(status);
        return ok();
    }

    // None where the listener is plain.
    std::shared_ptr<const TlsIdentity> make_identity() {
        const auto& certificate = settings().tls_certificate;
        const auto& key = settings().tls_key;
        if (certificate.empty() && key.empty()) return nullptr;
        if (certificate.empty() || key.empty()) {
            throw std::invalid_argument(certificate.empty()
                                            ? "tls_certificate: is needed beside tls_key"
                                            : "tls_key: is needed beside tls_certificate");
        }
        const auto least = settings().tls_min_version == "1.2" ? TlsVersion::k12 : TlsVersion::k13;
        identity_ = std::make_shared<TlsIdentity>(TlsIdentity::Files{certificate, key}, least);
        expiry_ = host().gauge("streamwall_http_server_certificate_expiry_seconds",
                               "Unix time at which the certificate ends.");
        show_expiry();
        identity_timer_ = host().every(kIdentityEvery, [this] { refresh_identity(); });
        return identity_;
    }

    // Certificates are renewed by others, who only replace the files.
    void refresh_identity() {
        try {
            if (!identity_->refresh()) return;
            show_expiry();
            log().info("http.certificate", "a new certificate was taken");
        } catch (const std::exception& problem) {
            log().warn("http.certificate",
                       std::string("the old certificate stays: ") + problem.what());
        }
    }
    void show_expiry() {
        const auto since_epoch = identity_->expires().time_since_epoch();
        expiry_.set(std::chrono::duration<double>(since_epoch).count());
    }

    Result<std::unique_ptr<Authenticator>> make_authenticator(const std::string& key) {
        if (settings().authenticator.empty()) {
            return std::unique_ptr<Authenticator>(std::make_unique<BootstrapKey>(key));
        }
        const auto verify = services().resolve(settings().authenticator, "verify");
        if (!verify) return verify.error();
        const auto ask = [this, method = *verify](const std::string& request,
                                                  TokenAuthenticator::OnReply done) {
            services().call(method, Buffer(request),
                            host().own_context(std::chrono::seconds(3)).raw(),
                            [done = std::move(done)](const Result<Buffer>& reply) {
                                if (reply) return done({.body = reply->view()});
                                done({.is_refusal = reply.code() == SW_UNAUTHENTICATED});
                            });
        };
        auto made = std::make_unique<TokenAuthenticator>(
            key, TokenAuthenticator::Outside{
                     .ask = ask,
                     .wall_ms = [this] { return host().wall_ms(); },
                     .now = [] { return Clock::now(); },
                     .doubted = [this] { host().post([this] { doubt_sockets(); }); }});
        tokens_ = made.get();
        return std::unique_ptr<Authenticator>(std::move(made));
    }

    // Called on the publisher's thread: who is told that a log-out is done, in this process, finds
    // the token refused.
    Result<> hear_credentials() {
        doubt_timer_ = host().every(kDoubtEvery, [this] {
            if (doubt_rounds_ == 0) return;
            server_->verify_doubtful();
            if (--doubt_rounds_ == 0) server_->end_doubtful();
        });
        return bus().subscribe({.pattern = "credentials.*"},
                               [this](const Event& event) { return on_credentials(event); });
    }

    // credentials.changed names somebody, credentials.counted nobody.
    Outcome on_credentials(const Event& event) {
        const auto data = event.json();
        if (!data) return data.error();
        using Manner = CredentialNews::Manner;
        auto manner = data->if_contains("last") ? Manner::kEnd : Manner::kCount;
        if (const auto* id = data->if_contains("id")) {
            manner = Manner::kChange;
            const auto who = rate_id_of(data->at("type").as_string(), id->as_string());
            tokens_->forget(who);
            server_->end_sockets_of(who);
        }
        if (const auto* teller = data->if_contains("teller")) {
            tokens_->heard(
                {teller->as_string(), data->at("count").as_int64(), manner, event.producer()});
        }
        return ok();
    }

    void doubt_sockets() {
        log().info("http.credentials_in_doubt",
                   "who tells of changed credentials is new or was not heard; tokens are verified "
                   "anew");
        server_->doubt_sockets();
        doubt_rounds_ = kDoubtRounds;
    }

    Result<> share_limits() {
        const auto exchange = services().resolve("limits", "exchange");
        if (!exchange) return exchange.error();
        std::random_device random;
        const auto instance = std::to_string(random()) + "-" + std::to_string(random());
        const auto ask = [this, method = *exchange](const std::string& request,
                                                    SharedLimits::OnReply done) {
            services().call(method, Buffer(request),
                            host().own_context(std::chrono::seconds(2)).raw(),
                            [done = std::move(done)](const Result<Buffer>& reply) {
                                done(reply ? std::optional(reply->view()) : std::nullopt);
                            });
        };
        const auto now = [] {
            return std::chrono::duration_cast<std::chrono::seconds>(Clock::now().time_since_epoch())
                .count();
        };
        const auto on_change = [this](bool shared) {
            limits_shared_.set(shared ? 1 : 0);
            if (shared) return log().info("http.limits_shared", "limits hold over all nodes");
            log().warn("http.limits_alone", "limits hold for this node alone");
        };
        limits_shared_ =
            host().gauge("streamwall_http_server_limits_shared",
                         "1 while limits hold over all nodes, 0 while each node limits "
                         "for itself.");
        shared_limits_ = std::make_unique<SharedLimits>(server_->limiter(), instance,
                                                        SharedLimits::Outside{ask, now, on_change});
        exchange_timer_ = host().every(kExchangeEvery, [this] { shared_limits_->tick(); });
        shared_limits_->tick();
        return ok();
    }

    static constexpr std::chrono::milliseconds kExchangeEvery{200};
    static constexpr std::chrono::seconds kIdentityEvery{10};
    static constexpr std::chrono::milliseconds kDoubtEvery{250};
    // Half of them for those of whom nobody could tell at first.
    static constexpr int kDoubtRounds = 2 * static_cast<int>(Server::kDoubtRounds);

    // Lives until the plugin does: answers may come after stop, and find nobody.
    std::unique_ptr<Server> server_;
    TokenAuthenticator* tokens_ = nullptr;  // the server's; none where the bootstrap key is all
    Timer doubt_timer_;
    int doubt_rounds_ = 0;  // in which sockets are verified anew, still to come
    std::unique_ptr<SharedLimits> shared_limits_;  // none where each node limits for itself
    Series limits_shared_;
    Timer exchange_timer_;
    std::shared_ptr<TlsIdentity> identity_;  // none where the listener is plain
    Series expiry_;
    Timer identity_timer_;
};

}  // namespace
}  // namespace streamwall::http_server

STREAMWALL_PLUGIN(streamwall::http_server::HttpServer)
