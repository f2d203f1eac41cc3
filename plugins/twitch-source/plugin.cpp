// twitch-source: wires the IRC client to the host.
#include "address.hpp"
#include "channel_list.hpp"
#include "chat_event.hpp"
#include "client.hpp"

#include <streamwall/sdk/io_loop.hpp>
#include <streamwall/sdk/plugin.hpp>

#include <memory>

namespace streamwall::twitch {

struct Settings {
    std::string url;
    ChannelList channels;
    std::string username;
    Secret token;
    std::string tls_ca_file;
    std::chrono::milliseconds connect_timeout;
    std::chrono::milliseconds ping_interval;
    std::chrono::milliseconds ping_timeout;
    std::chrono::milliseconds backoff_first;
    std::chrono::milliseconds backoff_cap;
};

}  // namespace streamwall::twitch

STREAMWALL_SETTINGS(streamwall::twitch::Settings, url, channels, username, token, tls_ca_file,
                    connect_timeout, ping_interval, ping_timeout, backoff_first, backoff_cap)

namespace streamwall::twitch {

class TwitchSource final : public Plugin<Settings>, private ClientObserver {
  public:
    TwitchSource(const sw_host_api* api, Settings settings)
        : Plugin(api, std::move(settings)), loop_("twitch-source", [this](std::string_view what) {
              log().error("irc.handler_failed", "a handler threw", {{"error", what}});
          }) {
        host().bind_loop(loop_.executor());
        posts_ = host().counter("streamwall_twitch_source_messages_total", "Chat messages read");
        failures_ = host().counter("streamwall_twitch_source_publish_failures_total",
                                   "Chat messages that the bus refused");
        connects_ =
            host().counter("streamwall_twitch_source_connects_total", "Logins that succeeded");
        connected_ = host().gauge("streamwall_twitch_source_active_connections",
                                  "1 while logged in to the chat server");
    }
    ~TwitchSource() override { loop_.join(); }

    Step start() override {
        auto address = parse_address(settings().url);
        if (!address) return std::move(address).error();
        auto channels = parse_channels(settings().channels.names);
        if (!channels) return std::move(channels).error();
        if (auto checked = check_login(settings().username, settings().token.reveal()); !checked) {
            return std::move(checked).error();
        }
        if (auto checked = check_times(); !checked) return std::move(checked).error();
        auto factory = StreamFactory::make(
            loop_.context(), {address->tls ? address->host : "", settings().tls_ca_file});
        if (!factory) return std::move(factory).error();

        ClientOptions options;
        options.address = std::move(*address);
        options.session.channels = std::move(*channels);
        options.session.username = settings().username;
        options.session.token = settings().token.reveal();
        options.session.ping_interval = settings().ping_interval;
        options.session.ping_timeout = settings().ping_timeout;
        options.connect_timeout = settings().connect_timeout;
        options.backoff_first = settings().backoff_first;
        options.backoff_cap = settings().backoff_cap;
        client_ = std::make_unique<Client>(loop_.context(), std::move(*factory), std::move(options),
                                           static_cast<ClientObserver&>(*this));
        client_->start();
        return ok();
    }

    Step stop() override {
        if (client_) client_->stop();
        return ok();
    }

  private:
    // A zero would keep the loop busy for nothing.
    Result<> check_times() const {
        const std::pair<std::string_view, std::chrono::milliseconds> times[] = {
            {"connect_timeout", settings().connect_timeout},
            {"ping_interval", settings().ping_interval},
            {"ping_timeout", settings().ping_timeout},
            {"backoff_first", settings().backoff_first},
            {"backoff_cap", settings().backoff_cap}};
        for (const auto& [name, time] : times) {
            if (time.count() > 0) continue;
            return Error::invalid("must be at least 1ms", std::string(name));
        }
        return ok();
    }
    void on_post(const Post& post) override {
        posts_.add();
        const Buffer data(render_post(post, host().wall_ms(), ++post_number_));
        const auto subject = "chat/twitch/" + std::string(post.channel);
        const auto done =
            bus().publish({"chat.message_posted", subject, data}, host().own_context().raw());
        if (done) return;
        failures_.add();
        log().warn("irc.publish_failed", "a chat message was not published",
                   {{"error", done.error().message}});
    }
    void on_health(Health health, const std::string& reason) override {
        switch (health) {
            case Health::kOk:
                log().info("irc.joined", "in all channels");
                return host().health(SW_HEALTH_OK);
            case Health::kDegraded:
                return host().health(SW_HEALTH_DEGRADED, reason);
            case Health::kDown:
                return host().health(SW_HEALTH_DOWN, reason);
        }
    }
    void on_registered() override {
        connects_.add();
        connected_.set(1);
        log().info("irc.connected", "logged in to the chat server", {{"url", settings().url}});
    }
    void on_lost(const SessionEnd& end,
                 std::optional<std::chrono::milliseconds> retry_in) override {
        connected_.set(0);
        if (!retry_in) {
            log().error("irc.login_refused", "the login was refused; not trying again",
                        {{"reason", end.reason}});
            return;
        }
        log().warn("irc.lost", "no connection to the chat server, trying again",
                   {{"reason", end.reason}, {"retry_in_ms", retry_in->count()}});
    }

    IoLoop loop_;  // outlives what uses its context
    std::unique_ptr<Client> client_;
    std::uint64_t post_number_ = 0;
    Series posts_;
    Series failures_;
    Series connects_;
    Series connected_;
};

}  // namespace streamwall::twitch

STREAMWALL_PLUGIN(streamwall::twitch::TwitchSource)
