// socket-io: wires the server to the listener and to the rooms of other plugins.
#include "server.hpp"
#include "settings.hpp"

#include <streamwall/sdk/http.hpp>
#include <streamwall/sdk/plugin.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace streamwall::socket_io {

namespace {
constexpr std::chrono::seconds kKeepRooms{1};
constexpr std::chrono::seconds kPollMargin{5};       // beyond the longest that a poll waits
constexpr std::uint32_t kBurstSeconds = 5;           // of packets, at once
constexpr std::uint64_t kPatience = 10'000'000'000;  // of a call, in nanoseconds
}  // namespace

// Parallel: events arrive on pool threads, requests on the listener's loops; life-cycle steps,
// timers and the listener's coming and going on the strand.
class SocketIo final : public Plugin<Settings> {
  public:
    SocketIo(const sw_host_api* api, Settings settings)
        : Plugin(api, std::move(settings)), listener_(host()) {
        metrics_.sessions = host().gauge("streamwall_socket_io_sessions", "Open sessions");
        metrics_.begun =
            host().counter("streamwall_socket_io_sessions_total", "Sessions that have begun");
        subscriptions_ = host().gauge("streamwall_socket_io_subscriptions",
                                      "Namespaces that sessions are in, over all sessions");
        messages_ = host().counter("streamwall_socket_io_messages_total",
                                   "Messages of rooms times the sessions they were sent to");
    }

    Step start() override {
        for (const auto& [value, name] : {std::pair(settings().ping_interval, "ping_interval"),
                                          std::pair(settings().ping_timeout, "ping_timeout")}) {
            if (value < std::chrono::milliseconds(1))
                return Error::invalid("must be at least 1ms", name);
        }
        for (const auto& [space, channel] : settings().namespaces.channels) {
            if (space.starts_with('/') && space.size() <= kMaxSpace) continue;
            return Error::invalid("a namespace begins with / and has at most 128 characters",
                                  "namespaces");
        }
        if (auto heard = hear(); !heard) return heard;
        room_timer_ = host().every(kKeepRooms, [this] {
            if (const auto server = current()) server->rooms().keep();
        });
        const auto quarter = std::min(settings().ping_interval, settings().ping_timeout) / 4;
        tick_timer_ = host().every(
            std::clamp<std::chrono::milliseconds>(quarter, std::chrono::milliseconds(10),
                                                  std::chrono::milliseconds(250)),
            [this] {
                if (const auto server = current()) server->tick();
            });
        for (const auto& path : paths())
            route(path);
        return listener_.watch(
            [this](const Error& error) { log().error("socket_io.refused", error.message); },
            [this](bool there) { there ? open() : close(); });
    }

    Step drain(std::uint64_t /*deadline_ns*/) override {
        if (const auto server = current()) server->shut_down();
        return ok();
    }

    Step stop() override {
        tick_timer_.cancel();
        room_timer_.cancel();
        listener_.unmount([host = host()] { host.complete(SW_STEP_STOP); });
        return pending;
    }

  private:
    std::vector<std::string> paths() const { return {settings().path, settings().path + "/"}; }

    Result<> hear() {
        for (const auto* pattern :
             {rooms::wire::kMessageSent.data(), rooms::wire::kOpened.data()}) {
            auto heard = bus().subscribe(
                {.pattern = pattern}, [this](const Event& event) { return on_room_event(event); });
            if (!heard) return heard;
        }
        return bus().subscribe({.pattern = "credentials.changed"},
                               [this](const Event& event) { return on_credentials(event); });
    }

    // Uncounted, because waiting for news is no use of anything; the server has limits of its own.
    void route(const std::string& path) {
        const auto timeout = settings().ping_interval + settings().ping_timeout + kPollMargin;
        http::Route get{.method = "GET",
                        .path = path,
                        .access = SW_HTTP_OPEN,
                        .flags = SW_HTTP_UNCOUNTED | SW_HTTP_QUERY_TOKEN,
                        .timeout_ms = static_cast<std::uint32_t>(timeout.count()),
                        .body_limit = settings().max_payload};
        auto post = get;
        post.method = "POST";
        listener_.route(std::move(get),
                        [this](const http::Request& request, http::Exchange exchange) {
                            serve(request, std::move(exchange), &Server::get);
                        });
        listener_.route(std::move(post),
                        [this](const http::Request& request, http::Exchange exchange) {
                            serve(request, std::move(exchange), &Server::post);
                        });
    }
    void serve(const http::Request& request, http::Exchange exchange,
               void (Server::*method)(const http::Request&, http::Exchange)) {
        const auto server = current();
        if (server) return (server.get()->*method)(request, std::move(exchange));
        refuse(exchange, Refusal::kForbidden, "the server is stopping", 503);
    }

    void open() {
        // A listener that comes has let go of what the one before it called.
        retired_.clear();
        const auto rate = settings().packet_rate;
        const auto* table = listener_.table();
        auto around = std::make_shared<Surroundings>();
        around->find_channel = [this](std::string_view space) {
            const auto found = settings().namespaces.channels.find(space);
            return found == settings().namespaces.channels.end() ? std::string() : found->second;
        };
        around->authenticate = [table, self = listener_.self()](const std::string& token,
                                                                auto done) {
            http::authenticate(table, self, token, std::move(done));
        };
        around->post_to_strand = [this](std::function<void()> task) {
            host().post(std::move(task));
        };
        around->now = [this] { return Time(std::chrono::nanoseconds(host().monotonic_ns())); };
        const auto patience = static_cast<std::uint64_t>(settings().connect_timeout / kKeepRooms);
        around->rooms = std::make_shared<rooms::Rooms>(
            [this](const auto&... asked) { ask_room(asked...); }, messages_, subscriptions_,
            rooms::Patience{patience, patience});
        around->pace = {rate, rate * kBurstSeconds};
        around->connect_timeout = settings().connect_timeout;
        around->began = around->now();
        auto server = std::make_shared<Server>(
            table, std::move(around),
            ServerOptions{.session = {.timing = {settings().ping_interval, settings().ping_timeout},
                                      .upgrade_timeout = settings().upgrade_timeout,
                                      .queue_limit = settings().queue_limit},
                          .max_payload = settings().max_payload,
                          .max_sessions = settings().max_sessions,
                          .max_strangers = settings().max_strangers},
            metrics_);
        for (const auto& path : paths()) {
            if (auto mounted = server->mount(listener_.self(), listener_.lease(), path); !mounted) {
                log().error("socket_io.not_mounted", mounted.error().message);
                return host().health(SW_HEALTH_DOWN, path + " could not be mounted");
            }
        }
        host().health(SW_HEALTH_OK);
        replace(std::move(server));
    }
    void close() {
        const auto server = replace(nullptr);
        if (!server) return;
        server->shut_down();
        // The listener may still be in the middle of a callback.
        retired_.push_back(server);
    }

    Outcome on_room_event(const Event& event) {
        const auto server = current();
        if (!server) return ok();
        return event.type() == rooms::wire::kOpened ? server->rooms().opened(event.data())
                                                    : server->rooms().deliver(event.data());
    }
    // Their clients come back with what they may do now.
    Outcome on_credentials(const Event& event) {
        const auto server = current();
        const auto data = event.json();
        if (!data) return data.error();
        if (server) server->forget(data->at("type").as_string(), data->at("id").as_string());
        return ok();
    }
    void ask_room(const std::string& channel, std::string_view method, const Buffer& request,
                  const Context* who, const sw_executor* home,
                  std::function<void(Result<Buffer>)> done) {
        const auto resolved = services().resolve("rooms." + channel, method);
        if (!resolved) return done(resolved.error());
        sw_context context{};
        context.size = sizeof context;
        context.principal_type = to_str("service");
        context.principal_id = to_str("socket-io");
        context.role = to_str("admin");
        if (who) context = who->raw();
        context.deadline_ns = host().monotonic_ns() + kPatience;
        context.home = home;
        services().call(*resolved, request, context, std::move(done));
    }

    std::shared_ptr<Server> current() {
        const std::lock_guard lock(mutex_);
        return server_;
    }
    std::shared_ptr<Server> replace(std::shared_ptr<Server> next) {
        const std::lock_guard lock(mutex_);
        return std::exchange(server_, std::move(next));
    }

    ServerMetrics metrics_;
    Series subscriptions_, messages_;
    http::Listener listener_;
    Timer tick_timer_, room_timer_;
    std::vector<std::shared_ptr<Server>> retired_;
    std::mutex mutex_;
    std::shared_ptr<Server> server_;
};

}  // namespace streamwall::socket_io

STREAMWALL_PLUGIN(streamwall::socket_io::SocketIo)
