// transport-nats: offers streamwall.transport/1 over a Transport. Wiring only.
#include "nats/settings.hpp"
#include "table.hpp"
#include "transport.hpp"

#include <streamwall/sdk/plugin.hpp>

#include <memory>
#include <string>

namespace streamwall::transport_nats {

struct Settings {
    nats::UrlList url;
    std::string user;
    Secret password;
    Secret token;
    std::string nkey;
    std::string nkey_seed_file;
    std::string credentials_file;
    std::string tls_ca_file;
    std::string tls_certificate_file;
    std::string tls_key_file;
    bool tls_verify = true;
    std::chrono::milliseconds connect_timeout{};
    std::chrono::milliseconds ping_interval{};
    std::chrono::milliseconds ping_timeout{};
    std::chrono::milliseconds backoff_first{};
    std::chrono::milliseconds backoff_cap{};
    std::size_t max_pending = 0;
    std::size_t max_unread = 0;
};

}  // namespace streamwall::transport_nats

STREAMWALL_SETTINGS(streamwall::transport_nats::Settings, url, user, password, token, nkey,
                    nkey_seed_file, credentials_file, tls_ca_file, tls_certificate_file,
                    tls_key_file, tls_verify, connect_timeout, ping_interval, ping_timeout,
                    backoff_first, backoff_cap, max_pending, max_unread)

namespace streamwall::transport_nats {
namespace {

Result<Options> to_options(const Settings& settings) {
    Options out;
    if (auto taken = nats::take_settings(settings, out); !taken) return taken.error();
    out.ping_interval = settings.ping_interval;
    out.ping_timeout = settings.ping_timeout;
    out.max_pending = settings.max_pending;
    out.max_unread = settings.max_unread;
    if (auto proved = nats::prove(out); !proved) return proved.error();
    return out;
}

}  // namespace

class TransportNats final : public Plugin<Settings>, private TransportObserver {
  public:
    TransportNats(const sw_host_api* api, Settings settings) : Plugin(api, std::move(settings)) {
        connects_ = host().counter("streamwall_transport_nats_connects_total",
                                   "Connections made to a NATS server");
        problems_ = host().counter("streamwall_transport_nats_problems_total",
                                   "Refused subjects and subscribers that lost messages");
        connected_ = host().gauge("streamwall_transport_nats_active_connections",
                                  "1 while connected to a NATS server");
    }

    Step start() override {
        auto options = to_options(settings());
        if (!options) return std::move(options).error();
        report(SW_HEALTH_DEGRADED, "connecting");
        transport_ = std::make_unique<Transport>(std::move(*options),
                                                 static_cast<TransportObserver&>(*this));
        transport_->start();
        const auto* interfaces = host().find<sw_interfaces_api>(SW_INTERFACES);
        ErrorSlot slot;
        const auto status = interfaces->offer(host().raw(), to_str(SW_TRANSPORT), transport_table(),
                                              transport_.get(), slot.get());
        if (status != SW_OK) return slot.take(status);
        return ok();
    }

    // Waits for a connect that is under way, so not on the strand.
    Step stop() override {
        if (!transport_) return ok();
        transport_->stop();
        return pending;
    }

  private:
    // Of the instance, and of the server for who looks at what the host depends on.
    void report(int health, std::string_view reason) const {
        host().health(health, reason);
        host().health(health, reason, "nats");
    }
    void on_connected(const std::string& server) override {
        last_reason_.clear();
        connects_.add();
        connected_.set(1);
        report(SW_HEALTH_OK, "");
        log().info("nats.connected", "connected to the NATS server", {{"server", server}});
    }
    // A server that stays away is one line, not one for each try.
    void on_disconnected(const std::string& reason, std::chrono::milliseconds retry_in) override {
        connected_.set(0);
        report(SW_HEALTH_DEGRADED, reason);
        if (reason == last_reason_) return;
        last_reason_ = reason;
        log().warn("nats.disconnected", "not connected to NATS, trying again",
                   {{"reason", reason}, {"retry_in_ms", retry_in.count()}});
    }
    void on_problem(std::string_view what) override {
        problems_.add();
        log().warn("nats.problem", "the NATS connection has a problem", {{"reason", what}});
    }
    void on_stopped() override {
        connected_.set(0);
        host().complete(SW_STEP_STOP);
    }

    // Lives until the plugin does: a late call finds it stopped.
    std::unique_ptr<Transport> transport_;
    std::string last_reason_;  // the keeper's
    Series connects_;
    Series problems_;
    Series connected_;
};

}  // namespace streamwall::transport_nats

STREAMWALL_PLUGIN(streamwall::transport_nats::TransportNats)
