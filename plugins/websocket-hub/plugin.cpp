// websocket-hub: wires the hub to the listener and to the events of streams.
#include "hub.hpp"

#include <streamwall/sdk/http.hpp>
#include <streamwall/sdk/json_scan.hpp>
#include <streamwall/sdk/plugin.hpp>

#include <chrono>
#include <memory>
#include <mutex>
#include <vector>

namespace streamwall::hub {

struct Settings {
    std::chrono::milliseconds ping_interval;
};

}  // namespace streamwall::hub

STREAMWALL_SETTINGS(streamwall::hub::Settings, ping_interval)

namespace streamwall::hub {

// Parallel: events arrive on pool threads, connections on the listener's loops; life-cycle steps,
// timers and the listener's coming and going on the strand.
class WebsocketHub final : public Plugin<Settings> {
  public:
    WebsocketHub(const sw_host_api* api, Settings settings)
        : Plugin(api, std::move(settings)), listener_(host()) {
        metrics_.connections = host().gauge("streamwall_websocket_hub_active_connections",
                                            "Open connections at /cable");
        metrics_.subscriptions = host().gauge("streamwall_websocket_hub_subscriptions",
                                              "Subscriptions over all connections");
        metrics_.messages = host().counter("streamwall_websocket_hub_messages_total",
                                           "Broadcasts times the connections they were sent to");
        metrics_.ignored = host().counter("streamwall_websocket_hub_ignored_commands_total",
                                          "Texts from clients that were no valid command");
    }

    Step start() override {
        if (settings().ping_interval.count() <= 0) {
            return Error::invalid("must be at least 1ms", "ping_interval");
        }
        auto subscribed = bus().subscribe({.pattern = "stream.*", .durable = "hub"},
                                          [this](const Event& event) { return on_event(event); });
        if (!subscribed) return subscribed;
        for (const auto* pattern : {"plugin.state_changed", "node.*"}) {
            auto heard = bus().subscribe(
                {.pattern = pattern}, [this](const Event& event) { return on_node_event(event); });
            if (!heard) return heard;
        }
        auto list = services().resolve("kernel.nodes", "list");
        if (!list) return std::move(list).error();
        list_nodes_ = *list;
        ping_timer_ = host().every(settings().ping_interval, [this] {
            if (const auto hub = current()) hub->ping(host().wall_ms() / 1'000);
        });
        return listener_.watch(
            [this](const Error& error) { log().error("hub.refused", error.message); },
            [this](bool there) { there ? open() : close(); });
    }

    Step drain(std::uint64_t /*deadline_ns*/) override {
        if (const auto hub = current()) hub->shut_down();
        return ok();
    }

    Step stop() override {
        ping_timer_.cancel();
        listener_.unmount([host = host()] { host.complete(SW_STEP_STOP); });
        return pending;
    }

  private:
    void open() {
        // A listener that comes has let go of what the one before it called.
        retired_.clear();
        auto hub = std::make_shared<Hub>(listener_.table(), listener_.self(), listener_.lease(),
                                         metrics_, [this] { ask_for_nodes(); });
        if (auto mounted = hub->mount(); !mounted) {
            log().error("hub.not_mounted", mounted.error().message);
            host().health(SW_HEALTH_DOWN, "/cable could not be mounted");
            return;
        }
        host().health(SW_HEALTH_OK);
        replace(std::move(hub));
    }
    void close() {
        const auto hub = replace(nullptr);
        if (!hub) return;
        hub->shut_down();
        // The listener may still be in the middle of a callback.
        retired_.push_back(hub);
    }
    Outcome on_event(const Event& event) {
        const auto hub = current();
        if (!hub) return ok();  // without a listener nobody is subscribed
        return hub->publish(event.type(), event.subject(), event.data(), event.changes());
    }

    Outcome on_node_event(const Event& event) {
        const auto hub = current();
        if (!hub || !hub->has_node_subscribers()) return ok();
        if (event.type() == "plugin.state_changed")
            hub->publish_plugin(event.subject(), event.data());
        else
            ask_for_nodes();
        return ok();
    }
    // As an admin: whoever gets the answer was seen to be one.
    void ask_for_nodes() {
        sw_context context{};
        context.size = sizeof context;
        context.principal_type = to_str("service");
        context.principal_id = to_str("websocket-hub");
        context.role = to_str("admin");
        context.deadline_ns = host().monotonic_ns() + 10'000'000'000;
        services().call(list_nodes_, Buffer("{}"), context, [this](Result<Buffer> answer) {
            const auto hub = current();
            if (!hub) return;
            if (!answer) return log().warn("hub.no_nodes", answer.error().message);
            hub->publish_nodes(json::find_member(answer->view(), "nodes"));
        });
    }

    std::shared_ptr<Hub> current() {
        const std::lock_guard lock(mutex_);
        return hub_;
    }
    std::shared_ptr<Hub> replace(std::shared_ptr<Hub> next) {
        const std::lock_guard lock(mutex_);
        return std::exchange(hub_, std::move(next));
    }

    http::Listener listener_;
    HubMetrics metrics_;
    Method list_nodes_;
    Timer ping_timer_;
    std::mutex mutex_;
    std::shared_ptr<Hub> hub_;
    std::vector<std::shared_ptr<Hub>> retired_;
};

}  // namespace streamwall::hub

STREAMWALL_PLUGIN(streamwall::hub::WebsocketHub)
