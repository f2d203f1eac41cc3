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

Verdict judge(const std::vector<InstanceStatus>& instances) {
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
    const auto list = statuses();
    if (what == "health") {
        const auto verdict = judge(list);
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
        const auto* phase = stopping ? "stopping" : ready ? "ready" : "starting";
        return json::serialize(json::object{{"node", options.node},
                                            {"peer", options.node},
                                            {"state", phase},
                                            {"health", judge(list).status},
                                            {"version", STREAMWALL_VERSION},
                                            {"pid", static_cast<std::int64_t>(::getpid())},
                                            {"started", telemetry::format_time(started_ms)},
                                            {"plugins", out}});
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
    if (what == "schemas") {
        for (const auto& instance : all()) {
            const auto* manifest = instance->manifest();
            if (manifest == nullptr) continue;
            for (const auto& [type, schema] : manifest->event_schema_sources) {
                out.push_back(
                    json::object{{"type", type}, {"plugin", instance->name()}, {"schema", schema}});
            }
        }
        return json::serialize(out);
    }
    return std::nullopt;
}

}  // namespace streamwall::runtime
