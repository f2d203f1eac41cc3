#include "runtime/testing/probe_node.hpp"

#include "config/overlay.hpp"

#include <fmt/format.h>
#include <streamwall/plugin.h>
#include <boost/json.hpp>

#include <stdexcept>

namespace streamwall::runtime::testing {

namespace json = boost::json;

// Written by probes on the node's strands, all of which run on the test's own thread.
struct ProbeNode::Log {
    std::vector<std::string> lines, changes;
};

namespace {

constexpr const char* kManifest = R"(name: {}
version: "1.0.0"
abi: "1.0"
{}
settings:
  type: object
  additionalProperties: false
  properties:
    lines: {{type: integer}}
    name: {{type: string}}
    rate: {{type: integer, default: 5, minimum: 1, x-reload: live}}
    size: {{type: integer, default: 1}}
    key: {{type: string, default: "", x-reload: live, x-secret: true}}
)";

struct Probe {
    std::vector<std::string>& lines;
    std::string name;
    json::object settings;

    std::int64_t number(const char* setting) const { return settings.at(setting).as_int64(); }
    void note(const std::string& what) const { lines.push_back(name + ": " + what); }
};

sw_status refuse(sw_error* error, const char* why) {
    return fill(error, Failure::of(SW_INVALID_ARGUMENT, why));
}

sw_status create(const sw_host_api* /*api*/, sw_str text, void** self, sw_error* /*error*/) {
    auto settings = json::parse(view(text)).as_object();
    auto& lines = *reinterpret_cast<std::vector<std::string>*>(settings.at("lines").as_int64());
    auto name = std::string(settings.at("name").as_string());
    *self = new Probe{lines, std::move(name), std::move(settings)};
    return SW_OK;
}

sw_status start(void* self, sw_error* error) {
    const auto& probe = *static_cast<Probe*>(self);
    probe.note(fmt::format("start {} {}", probe.number("rate"), probe.number("size")));
    if (probe.number("size") == 13) return refuse(error, "13 is no size");
    return SW_OK;
}

sw_status stop(void* self, sw_error* /*error*/) {
    static_cast<Probe*>(self)->note("stop");
    return SW_OK;
}

sw_status reconfigure(void* self, sw_str text, sw_error* error) {
    auto& probe = *static_cast<Probe*>(self);
    auto next = json::parse(view(text)).as_object();
    probe.note(fmt::format("reconfigure {}", next.at("rate").as_int64()));
    if (next.at("rate").as_int64() == 13) return refuse(error, "13 is no rate");
    probe.settings = std::move(next);
    return SW_OK;
}

void destroy(void* self) {
    delete static_cast<Probe*>(self);
}

constexpr sw_plugin_api kProbe{sizeof kProbe, 0,        &create,      &start, nullptr,
                               &stop,         &destroy, &reconfigure, nullptr};
constexpr sw_plugin_api kStiff{sizeof kStiff, 0,        &create, &start, nullptr,
                               &stop,         &destroy, nullptr, nullptr};

constexpr sw_plugin_entry entry_of(const char* name, const sw_plugin_api* table) {
    return {sizeof(sw_plugin_entry), SW_ABI_MAJOR, SW_ABI_MINOR, name, "1.0.0", "", table};
}

}  // namespace

ProbeNode::ProbeNode(std::filesystem::path data_dir)
    : data_dir_(std::move(data_dir)),
      log_(std::make_unique<Log>()),
      logger_({.level = telemetry::Level::kOff, .sink = [](std::string_view) {}}),
      modules_({}) {
    static constexpr sw_plugin_entry kEntries[] = {
        entry_of("probe", &kProbe), entry_of("stiff", &kStiff), entry_of("provider", &kProbe),
        entry_of("user", &kProbe)};
    for (const auto& entry : kEntries) {
        const std::string_view name = entry.name;
        const auto* more = name == "provider" ? "provides: [probe.service]"
                           : name == "user"   ? "requires: [{service: probe.service}]"
                                              : "";
        const auto added =
            modules_.add_built_in(fmt::format(fmt::runtime(kManifest), name, more), &entry);
        if (!added) throw std::logic_error(added.error().message);
    }
}

ProbeNode::~ProbeNode() {
    if (node_) node_->stop();
}

config::ResolvedInstance ProbeNode::instance(const std::string& name, const std::string& settings,
                                             const std::string& plugin) const {
    config::ResolvedInstance plain;
    plain.config.name = name;
    plain.config.plugin = plugin;
    plain.known = true;
    plain.schema = modules_.find(plugin)->manifest->settings_schema;
    config::Overlay given{std::nullopt, json::parse(settings).as_object()};
    given.settings["name"] = name;
    given.settings["lines"] = reinterpret_cast<std::int64_t>(&log_->lines);
    config::Diagnostics found;
    auto out = config::lay_over(plain, given, data_dir_.string(), found);
    if (!found.empty()) throw std::logic_error(config::to_string(found.front()));
    return out;
}

Failure ProbeNode::start(std::vector<config::ResolvedInstance> instances) {
    if (node_) node_->stop();
    NodeOptions options;
    options.data_dir = data_dir_;
    options.instances = std::move(instances);
    options.virtual_clock = &clock_;
    node_ = std::make_unique<Node>(std::move(options), modules_, logger_);
    node_->tap("plugin.state_changed", [this](const std::string& envelope) {
        log_->changes.push_back(json::serialize(json::parse(envelope).as_object().at("data")));
    });
    return node_->start();
}

std::vector<std::string> ProbeNode::took() {
    node_->pump();
    return std::exchange(log_->lines, {});
}

std::string ProbeNode::state(const std::string& instance) const {
    for (const auto& status : node_->instances()) {
        if (status.name == instance) return status.state;
    }
    return "";
}

std::string ProbeNode::reason(const std::string& instance) const {
    for (const auto& status : node_->instances()) {
        if (status.name == instance) return status.reason;
    }
    return "";
}

std::vector<std::string> ProbeNode::changes() {
    node_->pump();
    return std::exchange(log_->changes, {});
}

}  // namespace streamwall::runtime::testing
