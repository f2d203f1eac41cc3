// websocket-hub: wires the hub to the listener and to the events of streams.
#include "event_stream.hpp"
#include "hub.hpp"

#include <streamwall/contracts/features.hpp>
#include <streamwall/model/rfc3339.hpp>
#include <streamwall/sdk/http.hpp>
#include <streamwall/sdk/json_scan.hpp>
#include <streamwall/sdk/plugin.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <mutex>
#include <tuple>
#include <vector>

namespace streamwall::hub {

struct Settings {
    std::chrono::milliseconds ping_interval;
    std::uint64_t history_memory;
    std::uint64_t history_events;
    std::chrono::milliseconds session_ttl;
    std::uint64_t command_rate;
    std::chrono::milliseconds heartbeat;
    std::chrono::milliseconds drain_spread;
    std::chrono::milliseconds batch_delay;
};

}  // namespace streamwall::hub

STREAMWALL_SETTINGS(streamwall::hub::Settings, ping_interval, history_memory, history_events,
                    session_ttl, command_rate, heartbeat, drain_spread, batch_delay)

namespace streamwall::hub {

namespace {
constexpr std::chrono::milliseconds kAskAgain{250};
constexpr std::chrono::milliseconds kDrainTick{20};
constexpr std::chrono::seconds kKeepRooms{1};
constexpr std::chrono::seconds kLeastHeartbeat{3};
constexpr std::uint32_t kStreamTimeoutMs = 60'000;   // several pings
constexpr std::size_t kLeastSlice = 50;              // connections that are no stampede
constexpr std::uint32_t kBurstSeconds = 5;           // of commands, at once
constexpr std::uint64_t kPatience = 10'000'000'000;  // of a call, in nanoseconds
// Behind everything: the answer tells where the journal ends.
constexpr std::uint64_t kBehindAll = (1ULL << 53) - 1;

std::int64_t to_ms(std::string_view timestamp) {
    const auto time = model::parse_time(timestamp);
    return time ? time->time_since_epoch().count() : 0;
}
}  // namespace

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
        metrics_.resumed = host().counter("streamwall_websocket_hub_resumed_sessions_total",
                                          "Sessions that clients have resumed");
        metrics_.refused = host().counter("streamwall_websocket_hub_refused_histories_total",
                                          "Histories that could not be given any more");
        metrics_.flooded = host().counter("streamwall_websocket_hub_flooded_total",
                                          "Connections closed for too many commands");
        metrics_.held = host().counter("streamwall_websocket_hub_held_total",
                                       "Changes that waited a moment in a burst");
        metrics_.merged = host().counter("streamwall_websocket_hub_merged_total",
                                         "Changes that a later one of their stream stood for");
        metrics_.ignored = host().counter("streamwall_websocket_hub_ignored_commands_total",
                                          "Texts from clients that were no valid command");
    }

    Step start() override {
        if (settings().ping_interval.count() <= 0) {
            return Error::invalid("must be at least 1ms", "ping_interval");
        }
        if (settings().heartbeat < kLeastHeartbeat) {
            return Error::invalid("must be at least 3s", "heartbeat");
        }
        // One at a time keeps the order of the journal, by which clients say where they are.
        auto subscribed = bus().subscribe({.pattern = "stream.*", .durable = "hub", .limit = 1},
                                          [this](const Event& event) { return on_event(event); });
        if (!subscribed) return subscribed;
        for (const auto* pattern : {"plugin.state_changed", "node.*"}) {
            auto heard = bus().subscribe(
                {.pattern = pattern}, [this](const Event& event) { return on_node_event(event); });
            if (!heard) return heard;
        }
        auto flagged =
            bus().subscribe({.pattern = contracts::features::kFeatureChanged, .durable = "flags"},
                            [this](const Event& event) { return on_flag(event); });
        if (!flagged) return flagged;
        for (const auto* pattern :
             {rooms::wire::kMessageSent.data(), rooms::wire::kOpened.data()}) {
            auto heard = bus().subscribe(
                {.pattern = pattern}, [this](const Event& event) { return on_room_event(event); });
            if (!heard) return heard;
        }
        room_timer_ = host().every(kKeepRooms, [this] {
            if (const auto hub = current()) hub->keep_rooms();
        });
        for (const auto& [service, name, method] :
             {std::tuple("kernel.nodes", "list", &list_nodes_),
              std::tuple(contracts::features::kService.data(),
                         contracts::features::kSnapshot.data(), &list_flags_),
              std::tuple("store", "events", &read_events_),
              std::tuple("catalog.streams", "list", &list_streams_)}) {
            auto resolved = services().resolve(service, name);
            if (!resolved) return std::move(resolved).error();
            *method = *resolved;
        }
        ping_timer_ = host().every(settings().ping_interval, [this] {
            if (const auto hub = current()) hub->ping(host().wall_ms() / 1'000);
        });
        // Who can't set headers passes the key in the address.
        listener_.route({.path = "/cable/sse",
                         .access = SW_HTTP_VIEWER,
                         .scope = "events:read",
                         .flags = SW_HTTP_QUERY_TOKEN,
                         .timeout_ms = kStreamTimeoutMs,
                         .openapi = std::string(describe_event_stream())},
                        [this](const http::Request& request, http::Exchange exchange) {
                            const auto hub = current();
                            if (hub) return hub->stream_events(request, std::move(exchange));
                            http::Response stopping(503);
                            exchange.send(stopping.header("retry-after", "1"));
                        });
        return listener_.watch(
            [this](const Error& error) { log().error("hub.refused", error.message); },
            [this](bool there) { there ? open() : close(); });
    }

    // Clients are told to come back over a while, so that they don't all come back at once.
    Step drain(std::uint64_t deadline_ns) override {
        const auto hub = current();
        if (!hub) return ok();
        const auto now = host().monotonic_ns();
        const auto left = std::chrono::nanoseconds(deadline_ns > now ? (deadline_ns - now) / 2 : 0);
        const auto spread = std::min<std::chrono::nanoseconds>(settings().drain_spread, left);
        const auto ticks = std::max<std::size_t>(1, static_cast<std::size_t>(spread / kDrainTick));
        const auto slice = std::max(kLeastSlice, hub->connections() / ticks + 1);
        hub->retire(slice);
        if (hub->connections() <= slice) {
            hub->shut_down();
            return ok();
        }
        drain_timer_ = host().every(kDrainTick, [this, hub, slice] {
            if (hub->retire(slice)) return;
            drain_timer_.cancel();
            hub->shut_down();
            host().complete(SW_STEP_DRAIN);
        });
        return pending;
    }

    Step stop() override {
        ping_timer_.cancel();
        room_timer_.cancel();
        history_timer_.cancel();
        drain_timer_.cancel();
        burst_timer_.cancel();
        listener_.unmount([host = host()] { host.complete(SW_STEP_STOP); });
        return pending;
    }

  private:
    void open() {
        // A listener that comes has let go of what the one before it called.
        retired_.clear();
        const auto rate = static_cast<std::uint32_t>(settings().command_rate);
        auto hub = std::make_shared<Hub>(
            listener_.table(), listener_.self(), listener_.lease(), metrics_,
            [this] { ask_for_all(); }, Sources{ask(read_events_), ask(list_streams_)},
            HubOptions{.history_bytes = settings().history_memory,
                       .history_events = settings().history_events,
                       .session_ttl = settings().session_ttl,
                       .pace = {rate, rate * kBurstSeconds},
                       .heartbeat = settings().heartbeat,
                       .burst = {.delay = settings().batch_delay}},
            [this](const auto&... asked) { ask_room(asked...); }, [this] { end_burst_soon(); });
        if (auto mounted = hub->mount(); !mounted) {
            log().error("hub.not_mounted", mounted.error().message);
            host().health(SW_HEALTH_DOWN, "/cable could not be mounted");
            return;
        }
        host().health(SW_HEALTH_OK);
        replace(std::move(hub));
        find_history();
    }
    void end_burst_soon() {
        host().post([this] {
            burst_timer_ = host().after(settings().batch_delay, [this] {
                if (const auto hub = current()) hub->end_burst();
            });
        });
    }
    // Until the store has said where its journal is.
    void find_history() {
        const auto hub = current();
        if (!hub || hub->knows_history()) return history_timer_.cancel();
        history_timer_ = host().after(kAskAgain, [this] { find_history(); });
        ask(read_events_)(
            journal_request(kBehindAll, 1), nullptr, [this, hub](const Result<Buffer>& answer) {
                const auto page = answer ? parse_journal_page(answer->view()) : std::nullopt;
                if (page) hub->begin_history(page->newest, host().wall_ms());
            });
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
        return hub->publish({event.type(),
                             event.subject(),
                             event.shared_data(),
                             event.changes(),
                             {event.epoch(), event.sequence()},
                             to_ms(event.timestamp())});
    }

    Outcome on_room_event(const Event& event) {
        const auto hub = current();
        if (!hub) return ok();
        return event.type() == rooms::wire::kOpened ? hub->open_room(event.data())
                                                    : hub->deliver_to_room(event.data());
    }
    void ask_room(const std::string& channel, std::string_view method, const Buffer& request,
                  const Context* who, const sw_executor* home,
                  std::function<void(Result<Buffer>)> done) {
        const auto resolved = services().resolve("rooms." + channel, method);
        if (!resolved) return done(resolved.error());
        call(*resolved, request, who ? who->raw() : own_principal(), home, std::move(done));
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
    void ask_for_nodes() {
        ask(list_nodes_)(Buffer("{}"), nullptr, [this](const Result<Buffer>& answer) {
            const auto hub = current();
            if (!hub) return;
            if (!answer) return log().warn("hub.no_nodes", answer.error().message);
            hub->publish_nodes(json::find_member(answer->view(), "nodes"));
        });
    }
    void ask_for_flags() {
        ask(list_flags_)(Buffer("{}"), nullptr, [this](const Result<Buffer>& answer) {
            const auto hub = current();
            if (!hub) return;
            if (!answer) {  // away, or no part of this system
                return log().debug("hub.no_flags", answer.error().message);
            }
            hub->publish_features(json::find_member(answer->view(), "flags"));
        });
    }
    void ask_for_all() {
        ask_for_nodes();
        ask_for_flags();
    }
    Outcome on_flag(const Event& event) {
        const auto hub = current();
        if (hub && hub->has_node_subscribers()) hub->publish_feature(event.subject(), event.data());
        return ok();
    }
    // As an admin: who may hear the answer is decided where one subscribes.
    Ask ask(const Method& method) {
        return [this, method](const Buffer& request, const sw_executor* home, auto done) {
            call(method, request, own_principal(), home, std::move(done));
        };
    }
    static sw_context own_principal() {
        sw_context context{};
        context.size = sizeof context;
        context.principal_type = to_str("service");
        context.principal_id = to_str("websocket-hub");
        context.role = to_str("admin");
        return context;
    }
    void call(const Method& method, const Buffer& request, sw_context context,
              const sw_executor* home, std::function<void(Result<Buffer>)> done) {
        context.deadline_ns = host().monotonic_ns() + kPatience;
        context.home = home;
        services().call(method, request, context, std::move(done));
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
    Method list_nodes_, list_flags_, read_events_, list_streams_;
    Timer ping_timer_, room_timer_, history_timer_, drain_timer_, burst_timer_;
    std::mutex mutex_;
    std::shared_ptr<Hub> hub_;
    std::vector<std::shared_ptr<Hub>> retired_;
};

}  // namespace streamwall::hub

STREAMWALL_PLUGIN(streamwall::hub::WebsocketHub)
