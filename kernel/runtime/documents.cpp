// What a node says of itself: /health, /nodes, /metrics and the lists behind them.
#include "runtime/documents.hpp"

#include "runtime/core.hpp"
#include "telemetry/log_render.hpp"

#include <fmt/format.h>
#include <unistd.h>
#include <boost/json.hpp>

#include <algorithm>

namespace streamwall::runtime {

namespace json = boost::json;

namespace {

const char* health_text(int health) {
    if (health == SW_HEALTH_OK) return "ok";
    return health == SW_HEALTH_DEGRADED ? "degraded" : "down";
}

// As /health speaks of dependencies.
const char* dependency_text(int health) {
    return health == SW_HEALTH_DOWN ? "error" : health_text(health);
}

struct Verdict {
    std::string status = "ok";
    bool ready = true;
    json::object dependencies, checks;
};

// A transport that is not connected counts, unless its plugin speaks of the connection itself.
void judge_network(Verdict& out, const transport::MeshSnapshot& network,
                   const std::vector<InstanceStatus>& instances) {
    bool is_worse = !network.refused.empty();
    if (is_worse) out.checks["mesh"] = false;
    for (const auto& one : network.transports) {
        const bool is_told = std::ranges::any_of(instances, [&](const InstanceStatus& instance) {
            return instance.name == one.name && instance.dependencies.size() > 1;
        });
        if (is_told) continue;
        out.dependencies[one.name] = one.connected ? "ok" : "degraded";
        is_worse = is_worse || !one.connected;
    }
    if (is_worse && out.status != "error") out.status = "degraded";
}

Verdict judge(const std::vector<InstanceStatus>& instances,
              const transport::MeshSnapshot& network) {
    Verdict out;
    const auto worsen = [&](const char* to) {
        if (out.status != "error") out.status = to;
    };
    for (const auto& instance : instances) {
        if (instance.state == "disabled") continue;
        const bool runs = instance.state == "running";
        out.checks[instance.name] = runs && instance.health != "down";
        if (instance.required && !runs) out.ready = false;
        if (instance.required && (!runs || instance.health == "down"))
            worsen("error");
        else if (!runs || instance.health != "ok")
            worsen("degraded");
        for (const auto& [name, report] : instance.dependencies) {
            if (name.empty()) continue;
            out.dependencies[name] = dependency_text(report.health);
            if (report.health != SW_HEALTH_OK) worsen("degraded");
        }
    }
    judge_network(out, network, instances);
    return out;
}

json::array describe_transports(const transport::MeshSnapshot& network) {
    json::array out;
    for (const auto& one : network.transports) {
        out.push_back(json::object{{"name", one.name},
                                   {"role", transport::to_string(one.role)},
                                   {"connected", one.connected},
                                   {"reason", one.reason},
                                   {"peers", one.peers}});
    }
    return out;
}

json::array describe_peers(const transport::MeshSnapshot& network) {
    json::array out;
    for (const auto& peer : network.peers) {
        out.push_back(json::object{{"peer", peer.name},
                                   {"node", peer.node},
                                   {"isolation", peer.isolation},
                                   {"version", peer.version},
                                   {"pid", peer.pid},
                                   {"transport", peer.transport},
                                   {"via", peer.via},
                                   {"services", json::value_from(peer.services)},
                                   {"silent_ms", peer.silent_ms}});
    }
    return out;
}

}  // namespace

json::object describe(const InstanceStatus& status) {
    json::object dependencies;
    for (const auto& [name, report] : status.dependencies) {
        if (name.empty()) continue;  // the instance itself
        dependencies[name] = {{"health", health_text(report.health)}, {"reason", report.reason}};
    }
    return {{"name", status.name},
            {"plugin", status.plugin},
            {"version", status.version},
            {"state", status.state},
            {"reason", status.reason},
            {"health", status.health},
            {"health_reason", status.health_reason},
            {"dependencies", std::move(dependencies)},
            {"required", status.required},
            {"restarts", status.restarts},
            {"since", telemetry::format_time(status.since_ms)}};
}

InstanceStatus read_status(const json::object& described) {
    const auto text = [](const json::object& from, std::string_view name) {
        const auto* found = from.if_contains(name);
        return found && found->is_string() ? std::string(found->get_string()) : std::string();
    };
    InstanceStatus out;
    out.name = text(described, "name");
    out.plugin = text(described, "plugin");
    out.version = text(described, "version");
    out.state = text(described, "state");
    out.reason = text(described, "reason");
    out.health = text(described, "health");
    out.health_reason = text(described, "health_reason");
    const auto* required = described.if_contains("required");
    out.required = required && required->is_bool() && required->get_bool();
    const auto* dependencies = described.if_contains("dependencies");
    if (!dependencies || !dependencies->is_object()) return out;
    for (const auto& [name, report] : dependencies->get_object()) {
        if (!report.is_object()) continue;
        const auto health = text(report.get_object(), "health");
        auto& into = out.dependencies[std::string(name)];
        into.reason = text(report.get_object(), "reason");
        for (const int known : {SW_HEALTH_OK, SW_HEALTH_DEGRADED, SW_HEALTH_DOWN}) {
            if (health == health_text(known)) into.health = known;
        }
    }
    return out;
}

InstanceStatus status_of(const Instance& instance) {
    const auto snapshot = instance.snapshot();
    const auto config = instance.config();
    const auto* manifest = instance.manifest();
    InstanceStatus status;
    status.name = instance.name();
    status.plugin = config->config.plugin;
    status.version = manifest ? manifest->version : "";
    status.state = to_string(snapshot.state);
    status.reason = snapshot.reason;
    const auto own = snapshot.health.find("");
    const auto worst = own == snapshot.health.end() ? abi::HealthReport{} : own->second;
    status.health = snapshot.state == State::running ? health_text(worst.health) : "down";
    status.health_reason = worst.reason;
    status.dependencies = snapshot.health;
    status.required = config->config.required;
    status.restarts = snapshot.restarts;
    status.since_ms = snapshot.since_ms;
    return status;
}

std::vector<InstanceStatus> Node::Core::statuses() const {
    std::vector<InstanceStatus> out;
    for (const auto& instance : all())
        out.push_back(status_of(*instance));
    return out;
}

// Counters that the hot paths keep for themselves become series when somebody looks.
void Node::Core::update_metrics() const {
    auto& out = facilities.metrics;
    constexpr const char* kStates[] = {"waiting", "starting", "running",
                                       "failed",  "disabled", "stuck"};
    for (const auto& status : statuses()) {
        for (const auto* state : kStates) {
            out.gauge("streamwall_plugin_state", "1 for the state that the plugin is in.",
                      {{"plugin", status.name}, {"state", state}})
                .set(status.state == state ? 1 : 0);
        }
    }
    const auto raise = [&](const char* name, const char* help, const telemetry::Labels& labels,
                           double to) {
        const auto counter = out.counter(name, help, labels);
        counter.increment(to - counter.value());
    };
    for (const auto& [type, count] : bus.counts().published) {
        raise("streamwall_events_published_total",
              "Events published, durable ones once they are committed.", {{"type", type}},
              static_cast<double>(count));
    }
    for (const auto& subscription : bus.list()) {
        const telemetry::Labels labels{{"plugin", subscription->owner().instance},
                                       {"pattern", subscription->pattern()}};
        raise("streamwall_events_delivered_total", "Events handled by a subscription.", labels,
              static_cast<double>(subscription->delivered()));
        constexpr const char* kPolicies[] = {"drop_oldest", "drop_newest", "keep_latest"};
        auto by_policy = labels;
        by_policy["policy"] = kPolicies[std::clamp(subscription->policy(), 0, 2)];
        raise("streamwall_dropped_total", "Events dropped by a full queue.", by_policy,
              static_cast<double>(subscription->dropped()));
        out.gauge("streamwall_queue_depth", "Events waiting in a queue.", labels)
            .set(static_cast<double>(subscription->depth()));
    }
    for (const auto& instance : all()) {
        for (const auto& reader : instance->readers()) {
            const auto stats = reader->stats();
            const telemetry::Labels labels{{"plugin", instance->name()},
                                           {"pattern", stats.pattern}};
            raise("streamwall_events_delivered_total", "Events handled by a subscription.", labels,
                  static_cast<double>(stats.delivered));
            raise("streamwall_dead_letters", "Events given up by a subscription.", labels,
                  static_cast<double>(stats.dead_letters));
            out.gauge("streamwall_queue_depth", "Events waiting in a queue.", labels)
                .set(static_cast<double>(stats.in_flight + stats.parked));
        }
    }
    for (const auto& info : services.list()) {
        for (std::size_t code = 0; code < info.calls.size(); ++code) {
            if (info.calls[code] == 0) continue;
            raise("streamwall_calls_total", "Calls of services, by gRPC status code.",
                  {{"service", info.service},
                   {"method", info.method},
                   {"status", std::to_string(code)}},
                  static_cast<double>(info.calls[code]));
        }
    }
    for (const auto& breaker : services.breakers()) {
        out.gauge("streamwall_circuit_breaker_state", "0 closed, 1 open, 2 half open.",
                  {{"name", breaker.caller + ">" + breaker.service}})
            .set(static_cast<double>(breaker.state));
    }
}

std::optional<std::string> Node::Core::document(std::string_view what) const {
    if (what == "metrics") {
        update_metrics();
        return facilities.metrics.text();
    }
    if (what == "graph") return graph_document();
    if (what == "load") return load_document();
    const auto list = statuses();
    auto whole = list;
    if (options.isolated) std::ranges::move(options.isolated(), std::back_inserter(whole));
    if (what == "health") {
        const auto verdict = judge(whole, network.mesh().snapshot());
        return json::serialize(json::object{{"status", verdict.status},
                                            {"timestamp", telemetry::format_time(clock.wall_ms())},
                                            {"version", STREAMWALL_VERSION},
                                            {"node", options.node},
                                            {"ready", verdict.ready && ready.load()},
                                            {"dependencies", verdict.dependencies},
                                            {"checks", verdict.checks}});
    }
    json::array out;
    if (what == "plugins" || what == "node") {
        for (const auto& status : list)
            out.push_back(describe(status));
        if (what == "plugins") return json::serialize(out);
        const auto around = network.mesh().snapshot();
        json::object node{{"node", options.node},
                          {"peer", around.peer},
                          {"state", stopping ? "stopping"
                                    : ready  ? "ready"
                                             : "starting"},
                          {"health", judge(whole, around).status},
                          {"version", STREAMWALL_VERSION},
                          {"pid", static_cast<std::int64_t>(::getpid())},
                          {"started", telemetry::format_time(started_ms)},
                          {"plugins", out},
                          {"transports", describe_transports(around)},
                          {"peers", describe_peers(around)}};
        if (!around.refused.empty()) node["refused"] = around.refused;
        return json::serialize(node);
    }
    if (what == "services") {
        for (const auto& info : services.list()) {
            out.push_back(json::object{
                {"service", info.service}, {"method", info.method}, {"provider", info.provider}});
        }
        return json::serialize(out);
    }
    if (what == "interfaces") {
        for (const auto& info : interfaces.list()) {
            out.push_back(json::object{{"interface", info.id},
                                       {"provider", info.provider},
                                       {"users", json::value_from(info.users)}});
        }
        return json::serialize(out);
    }
    if (what == "events") {
        for (const auto& instance : all()) {
            for (const auto& reader : instance->readers()) {
                const auto stats = reader->stats();
                out.push_back(json::object{{"subscription", stats.name},
                                           {"pattern", stats.pattern},
                                           {"epoch", stats.epoch},
                                           {"position", stats.position},
                                           {"last", stats.last},
                                           {"in_flight", stats.in_flight},
                                           {"parked", stats.parked},
                                           {"delivered", stats.delivered},
                                           {"retries", stats.retries},
                                           {"dead_letters", stats.dead_letters},
                                           {"paused", stats.paused}});
            }
        }
        return json::serialize(out);
    }
    if (what == "schemas") return json::serialize(schemas.list());
    return std::nullopt;
}

}  // namespace streamwall::runtime
