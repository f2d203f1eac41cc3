// Two nodes in one process, joined in memory: their plugins call each other, exchange events, and
// do not notice where the other one is.
#include "modules/module_store.hpp"
#include "runtime/node.hpp"
#include "transport/memory_transport.hpp"

#include <streamwall/bus.h>
#include <streamwall/host.h>
#include <streamwall/plugin.h>
#include <streamwall/service.h>
#include <streamwall/transport.h>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <boost/json.hpp>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>

using namespace std::chrono_literals;

namespace streamwall::runtime {
namespace {

namespace json = boost::json;

// What the plugins of one node tell the test.
struct Seen {
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<std::string> lines;

    void note(std::string line) {
        std::lock_guard lock(mutex);
        lines.push_back(std::move(line));
        changed.notify_all();
    }
    bool has(const std::string& line) {
        std::lock_guard lock(mutex);
        return std::ranges::find(lines, line) != lines.end();
    }
    bool wait_for(const std::string& line) {
        std::unique_lock lock(mutex);
        return changed.wait_for(lock, 10s,
                                [&] { return std::ranges::find(lines, line) != lines.end(); });
    }
    // The first line with `part` in it; empty: none.
    std::string find(std::string_view part) {
        std::lock_guard lock(mutex);
        const auto found = std::ranges::find_if(
            lines, [&](const std::string& line) { return line.contains(part); });
        return found == lines.end() ? "" : *found;
    }
};

constexpr const char* kSettings = R"(
settings:
  type: object
  additionalProperties: false
  properties:
    seen: {type: integer}
    joins: {type: integer, default: 0}
)";
constexpr const char* kTeller = R"(name: teller
version: "1.0.0"
abi: "1.0"
provides: [far.echo]
publishes:
  - {type: far.said, class: transient}
  - {type: far.whispered, class: local}
)";
constexpr const char* kAsker = R"(name: asker
version: "1.0.0"
abi: "1.0"
requires: [{service: far.echo}]
subscribes: ["far.*"]
provides: [near.ask]
)";
constexpr const char* kJoiner = R"(name: transport-memory
version: "1.0.0"
abi: "1.0"
interfaces: [streamwall.transport/1]
)";

// One of the three; the settings carry addresses of what belongs to the test.
struct Plugin {
    const sw_host_api& api;
    Seen& seen;
    transport::Transport* joins;
    const sw_method* echo = nullptr;

    template <class Table>
    const Table& table(const char* name) const {
        return *static_cast<const Table*>(api.get_interface(api.host, name));
    }
};

template <class T>
T* at(const json::object& settings, const char* name) {
    return reinterpret_cast<T*>(settings.at(name).as_int64());
}

sw_status create(const sw_host_api* api, sw_str text, void** self, sw_error*) {
    const auto settings = json::parse(view(text)).as_object();
    *self =
        new Plugin{*api, *at<Seen>(settings, "seen"), at<transport::Transport>(settings, "joins")};
    return SW_OK;
}
void destroy(void* self) {
    delete static_cast<Plugin*>(self);
}

// teller: far.echo.say answers with what it got, and publishes it.
sw_status start_teller(void* self, sw_error* error) {
    auto& plugin = *static_cast<Plugin*>(self);
    return plugin.table<sw_services_api>(SW_SERVICES)
        .offer(
            plugin.api.host, str("far.echo"), str("say"),
            [](void* ctx, const sw_request* request, sw_buffer** reply, sw_error* failed) {
                auto& teller = *static_cast<Plugin*>(ctx);
                const std::string body(view(request->body));
                teller.seen.note("asked by " + std::string(view(request->context->caller)));
                for (const char* type : {"far.whispered", "far.said"}) {
                    sw_event_draft draft{};
                    draft.size = sizeof draft;
                    draft.type = str(type);
                    draft.version = str("1.0");
                    draft.subject = str("far/1");
                    draft.data = request->body;
                    const auto status = teller.table<sw_bus_api>(SW_BUS).publish(
                        teller.api.host, &draft, request->context, failed);
                    if (status != SW_OK) return status;
                }
                *reply = BufferRef(body).release();
                return sw_status{SW_OK};
            },
            self, error);
}

// asker: near.ask.once passes its request on to far.echo.say, and hears what is said.
sw_status start_asker(void* self, sw_error* error) {
    auto& plugin = *static_cast<Plugin*>(self);
    const auto& services = plugin.table<sw_services_api>(SW_SERVICES);
    auto status =
        services.resolve(plugin.api.host, str("far.echo"), str("say"), &plugin.echo, error);
    if (status != SW_OK) return status;
    sw_subscription_options options{};
    options.size = sizeof options;
    options.pattern = str("far.*");
    status = plugin.table<sw_bus_api>(SW_BUS).subscribe(
        plugin.api.host, &options,
        [](void* ctx, const sw_event* event, sw_error*) -> sw_status {
            static_cast<Plugin*>(ctx)->seen.note(
                fmt::format("heard {} {} from {} for {}", view(event->type), view(event->data),
                            view(event->producer), view(event->context->principal_type)));
            return SW_OK;
        },
        self, nullptr, error);
    if (status != SW_OK) return status;
    return services.offer(
        plugin.api.host, str("near.ask"), str("once"),
        [](void* ctx, const sw_request* request, sw_buffer** reply, sw_error* failed) {
            auto& asker = *static_cast<Plugin*>(ctx);
            const auto& table = asker.table<sw_services_api>(SW_SERVICES);
            auto* responder = table.defer(request);
            const auto called = table.call(
                asker.api.host, asker.echo, request->body, request->context,
                [](void* to, sw_status code, const sw_buffer* answer, const sw_error* why) {
                    services::Registry::respond(static_cast<sw_responder*>(to), code,
                                                BufferRef::share(answer).release(), why);
                },
                responder, nullptr, reply, failed);
            if (called != SW_PENDING) {
                table.respond(responder, called, std::exchange(*reply, nullptr), failed);
            }
            return sw_status{SW_PENDING};
        },
        self, error);
}

// transport-memory: the hub's transport behind the C table.
const sw_transport_api kTransport{
    sizeof kTransport,
    0,
    [](void* self, sw_str subject, sw_str reply, const sw_buffer* body, sw_error* error) {
        return fill(error, static_cast<transport::Transport*>(self)->publish(
                               view(subject), view(reply), BufferRef::share(body)));
    },
    [](void* self, sw_str subject, const sw_buffer* body, std::uint64_t timeout, sw_answer_fn done,
       void* ctx, sw_error* error) {
        return fill(error,
                    static_cast<transport::Transport*>(self)->request(
                        view(subject), BufferRef::share(body), std::chrono::nanoseconds(timeout),
                        [done, ctx](const sw_buffer* answer, const Failure& failure) {
                            ErrorSlot why(failure);
                            done(ctx, failure.code, answer, why.get());
                        }));
    },
    [](void* self, sw_str pattern, sw_str group, sw_message_fn on_message, void* ctx,
       std::uint64_t* id, sw_error*) -> sw_status {
        *id = *static_cast<transport::Transport*>(self)->subscribe(
            view(pattern), view(group), [on_message, ctx](const transport::Message& message) {
                const sw_message raw{sizeof raw, 0, str(message.subject), str(message.reply),
                                     message.body};
                on_message(ctx, &raw);
            });
        return SW_OK;
    },
    [](void* self, std::uint64_t id) { static_cast<transport::Transport*>(self)->unsubscribe(id); },
    [](void* self, sw_transport_state_fn on_state, void* ctx) {
        transport::StateFn seen;
        if (on_state) {
            seen = [on_state, ctx](bool connected, std::string_view reason) {
                on_state(ctx, connected ? 1 : 0, str(reason));
            };
        }
        static_cast<transport::Transport*>(self)->watch(std::move(seen));
    }};

sw_status start_joiner(void* self, sw_error* error) {
    auto& plugin = *static_cast<Plugin*>(self);
    return plugin.table<sw_interfaces_api>(SW_INTERFACES)
        .offer(plugin.api.host, str(SW_TRANSPORT), &kTransport, plugin.joins, error);
}

constexpr sw_plugin_api table_of(sw_status (*start)(void*, sw_error*)) {
    return {sizeof(sw_plugin_api), 0, &create, start, nullptr, nullptr, &destroy, nullptr, nullptr};
}
constexpr sw_plugin_api kTables[] = {table_of(&start_teller), table_of(&start_asker),
                                     table_of(&start_joiner)};
constexpr sw_plugin_entry entry_of(const char* name, const sw_plugin_api* table) {
    return {sizeof(sw_plugin_entry), SW_ABI_MAJOR, SW_ABI_MINOR, name, "1.0.0", "", table};
}
constexpr sw_plugin_entry kEntries[] = {entry_of("teller", &kTables[0]),
                                        entry_of("asker", &kTables[1]),
                                        entry_of("transport-memory", &kTables[2])};

class NetworkTest : public testing::Test {
  protected:
    NetworkTest() {
        const char* manifests[] = {kTeller, kAsker, kJoiner};
        for (std::size_t n = 0; n < 3; ++n) {
            const auto added =
                modules.add_built_in(std::string(manifests[n]) + kSettings, &kEntries[n]);
            if (!added) throw std::logic_error(added.error().message);
        }
    }

    struct Running {
        Seen seen;
        std::unique_ptr<Node> node;
    };
    config::ResolvedInstance instance(const std::string& plugin, Running& in,
                                      transport::Transport* joins = nullptr) const {
        config::ResolvedInstance out;
        out.config.name = plugin;
        out.config.plugin = plugin;
        out.known = true;
        out.schema = modules.find(plugin)->manifest->settings_schema;
        out.settings.value = json::object{{"seen", reinterpret_cast<std::int64_t>(&in.seen)},
                                          {"joins", reinterpret_cast<std::int64_t>(joins)}};
        return out;
    }
    NodeOptions options(const std::string& node) const {
        NodeOptions out;
        out.node = node;
        out.workers = 2;
        return out;
    }
    void start(Running& running, NodeOptions options) {
        running.node = std::make_unique<Node>(std::move(options), modules, log);
        const auto failure = running.node->start();
        ASSERT_EQ(failure.code, SW_OK) << failure.message;
    }
    // Once another process offers the service.
    static std::expected<std::string, Failure> ask_when_there(Node& node, const std::string& body) {
        const auto is_there = eventually([&] {
            const auto text = *node.introspect("node");
            const auto peers = text.find("\"peers\"");
            return text.find("far.echo", peers) != std::string::npos;
        });
        if (!is_there) return std::unexpected(Failure::unavailable("nobody came"));
        return node.call("near.ask", "once", body, 2s);
    }
    template <class Condition>
    static bool eventually(Condition condition) {
        const auto until = std::chrono::steady_clock::now() + 10s;
        while (!condition()) {
            if (std::chrono::steady_clock::now() > until) return false;
            std::this_thread::yield();
        }
        return true;
    }
    static json::object describe(Node& node) {
        return json::parse(*node.introspect("node")).as_object();
    }

    telemetry::Logger log{{.level = telemetry::Level::kOff, .sink = [](std::string_view) {}}};
    modules::ModuleStore modules{{}};
    exec::SystemClock clock;
    exec::Pool pool{{.name = "hub", .workers = 1}};
    exec::Timers timers{clock, exec::Timers::Mode::thread};
    std::shared_ptr<transport::MemoryHub> hub =
        transport::MemoryHub::make(timers, clock, pool, {.max_delay = 2ms});
};

TEST_F(NetworkTest, PluginsOfTwoNodesCallEachOtherAndHearEachOthersEvents) {
    Running main, ingest;
    auto main_options = options("main");
    main_options.instances = {instance("asker", main)};
    main_options.transports = {{"net", hub->join("main"), transport::Role::outside}};
    main_options.services_elsewhere = {"far.echo"};
    auto ingest_options = options("ingest");
    ingest_options.instances = {instance("teller", ingest)};
    ingest_options.transports = {{"net", hub->join("ingest"), transport::Role::outside}};
    start(main, std::move(main_options));
    EXPECT_EQ(describe(*main.node).at("plugins").at(0).at("state").as_string(), "running")
        << "a need that is met elsewhere holds nothing up";
    start(ingest, std::move(ingest_options));
    const auto reply = ask_when_there(*main.node, R"({"n":1})");
    ASSERT_TRUE(reply) << reply.error().message;
    EXPECT_EQ(*reply, R"({"n":1})");
    EXPECT_TRUE(ingest.seen.wait_for("asked by asker@main"));
    EXPECT_TRUE(eventually([&] {
        // Who wants an event may be known later than who serves; then it is missed.
        static_cast<void>(main.node->call("near.ask", "once", R"({"n":1})", 2s));
        return main.seen.has(R"(heard far.said {"n":1} from teller@ingest for operator)");
    }));
    EXPECT_EQ(main.seen.find("whispered"), "") << "local events stay where they are";
    const auto seen = describe(*main.node);
    EXPECT_EQ(seen.at("transports").at(0).at("connected"), true);
    EXPECT_EQ(seen.at("peers").at(0).at("peer").as_string(), "ingest");
    EXPECT_TRUE(ingest.node->stop());
    const auto gone = main.node->call("near.ask", "once", "{}", 2s);
    ASSERT_FALSE(gone);
    EXPECT_EQ(gone.error().code, SW_UNAVAILABLE);
    EXPECT_TRUE(main.node->stop());
}

TEST_F(NetworkTest, ATransportThatAPluginOffersIsUsedUntilThePluginStops) {
    const auto main_end = hub->join("main"), ingest_end = hub->join("ingest");
    Running main, ingest;
    auto main_options = options("main");
    main_options.instances = {instance("asker", main),
                              instance("transport-memory", main, main_end.get())};
    main_options.services_elsewhere = {"far.echo"};
    auto ingest_options = options("ingest");
    ingest_options.instances = {instance("teller", ingest),
                                instance("transport-memory", ingest, ingest_end.get())};
    start(main, std::move(main_options));
    start(ingest, std::move(ingest_options));
    ASSERT_TRUE(ask_when_there(*main.node, R"({"n":1})"));
    EXPECT_EQ(describe(*main.node).at("transports").at(0).at("name").as_string(),
              "transport-memory");
    EXPECT_EQ(main.node->disable("transport-memory").code, SW_OK);
    EXPECT_TRUE(describe(*main.node).at("transports").as_array().empty());
    EXPECT_EQ(main.node->call("near.ask", "once", "{}", 2s).error().code, SW_UNAVAILABLE);
    EXPECT_EQ(main.node->enable("transport-memory").code, SW_OK);
    const auto again = ask_when_there(*main.node, R"({"n":2})");
    EXPECT_TRUE(again) << again.error().message;
    EXPECT_TRUE(main.node->stop());
    EXPECT_TRUE(ingest.node->stop());
}

TEST_F(NetworkTest, AnIsolatedProcessIsServedThroughItsHost) {
    const auto inside =
        transport::MemoryHub::make(timers, clock, pool, transport::MemoryHubOptions{});
    Running host, child, ingest;
    auto host_options = options("main");
    host_options.transports = {{"net", hub->join("main"), transport::Role::outside},
                               {"children", inside->join("host"), transport::Role::children}};
    auto child_options = options("main");
    child_options.isolation = "walls";
    child_options.instances = {instance("asker", child)};
    child_options.transports = {{"host", inside->join("walls"), transport::Role::host}};
    child_options.services_elsewhere = {"far.echo"};
    auto ingest_options = options("ingest");
    ingest_options.instances = {instance("teller", ingest)};
    ingest_options.transports = {{"net", hub->join("ingest"), transport::Role::outside}};
    start(host, std::move(host_options));
    start(child, std::move(child_options));
    start(ingest, std::move(ingest_options));
    const auto reply = ask_when_there(*child.node, R"({"n":3})");
    ASSERT_TRUE(reply) << reply.error().message;
    EXPECT_EQ(*reply, R"({"n":3})");
    EXPECT_TRUE(ingest.seen.wait_for("asked by asker@main"));
    EXPECT_TRUE(eventually([&] {
        static_cast<void>(child.node->call("near.ask", "once", R"({"n":3})", 2s));
        return child.seen.has(R"(heard far.said {"n":3} from teller@ingest for operator)");
    }));
    EXPECT_TRUE(child.node->stop());
    EXPECT_TRUE(ingest.node->stop());
    EXPECT_TRUE(host.node->stop());
}

TEST_F(NetworkTest, ALostConnectionMakesTheNodeDegraded) {
    Running main;
    auto main_options = options("main");
    main_options.transports = {{"up", hub->join("main"), transport::Role::outside}};
    start(main, std::move(main_options));
    const auto status = [&] { return json::parse(*main.node->introspect("health")).as_object(); };
    const auto becomes = [&](const char* wanted) {
        return eventually([&] { return status().at("status").as_string() == wanted; });
    };
    EXPECT_TRUE(becomes("ok"));
    hub->disconnect("main", "cable");
    EXPECT_TRUE(becomes("degraded"));
    EXPECT_EQ(status().at("dependencies").at("up").as_string(), "degraded");
    hub->connect("main");
    EXPECT_TRUE(becomes("ok"));
    EXPECT_TRUE(main.node->stop());
}

}  // namespace
}  // namespace streamwall::runtime
