// `run`: one node in this process, until a signal ends it.
#include "cli/commands.hpp"
#include "cli/config_file.hpp"
#include "cli/data_folder.hpp"
#include "cli/stop_signals.hpp"
#include "runtime/control/control_verbs.hpp"
#include "runtime/node.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <ostream>

namespace streamwall::cli {

namespace {

#ifdef STREAMWALL_CONTRACT_CHECKS
constexpr bool kValidateEvents = true;
#else
constexpr bool kValidateEvents = false;
#endif

struct RunOptions {
    std::string file;
    std::string node;
};

runtime::NodeOptions node_options(const Session& session, const NodePlan& plan) {
    runtime::NodeOptions options;
    options.node = plan.node.identity.node;
    options.data_dir = plan.data;
    options.instances = plan.node.instances;
    options.start_timeout = plan.start_timeout;
    options.stop_timeout = plan.stop_timeout;
    options.validate_events = kValidateEvents;
#ifdef STREAMWALL_FAULT_POINTS
    const auto seed = session.variable_or("STREAMWALL_TEST_LINK", "");
    options.memory_link = !seed.empty();
    if (options.memory_link) options.memory_link_seed = std::strtoull(seed.c_str(), nullptr, 10);
#else
    static_cast<void>(session);
#endif
    return options;
}

void prepare(telemetry::Logger& log, const NodePlan& plan) {
    for (const auto& secret : plan.node.secrets)
        log.add_secret(secret);
    for (const auto& [instance, level] : plan.instance_levels) {
        log.set_plugin_level(instance, level);
    }
    for (const auto& diagnostic : plan.diagnostics) {
        log.warn("config.warning", "kernel", config::to_string(diagnostic));
    }
}

// Those that the node names are reported by their instances.
void warn_of_refused_plugins(telemetry::Logger& log, const modules::ModuleStore& modules,
                             const NodePlan& plan) {
    for (const auto& inspection : modules.found()) {
        for (const auto& warning : inspection.warnings) {
            log.warn("plugin.inspected", "kernel", warning, {{"file", inspection.file.string()}});
        }
        const bool named = std::ranges::any_of(plan.node.instances, [&](const auto& instance) {
            return instance.config.plugin == inspection.name();
        });
        if (inspection.manifest || named) continue;
        log.warn("plugin.refused", "kernel", inspection.failure.message,
                 {{"file", inspection.file.string()}});
    }
}

// Before a thread or a database is there: a library may end the process that loads it.
void try_plugins(modules::ModuleStore& modules, const NodePlan& plan) {
    modules.try_first({.program = "/proc/self/exe", .memory = plan.data / "tried-plugins.json"});
    std::vector<const modules::Inspection*> wanted;
    for (const auto& instance : plan.node.instances) {
        const auto* found = modules.find(instance.config.plugin);
        // What is pinned must show its checksum before any of it runs, which load() sees to.
        if (found && instance.config.enabled && instance.config.sha256.empty()) {
            wanted.push_back(found);
        }
    }
    modules.try_together(wanted);
}

void report_ready(telemetry::Logger& log, const runtime::Node& node, const NodePlan& plan,
                  bool on_terminal) {
    int running = 0;
    const auto instances = node.instances();
    for (const auto& instance : instances) {
        if (instance.state == "running") ++running;
        if (instance.state == "disabled") continue;
        if (instance.state != "running") {
            log.warn("host.degraded", instance.name,
                     fmt::format("{}: {}", instance.state, instance.reason));
        } else if (instance.health != "ok") {
            log.warn("host.degraded", instance.name,
                     fmt::format("{}: {}", instance.health, instance.health_reason));
        }
    }
    log.info("host.ready", "kernel", on_terminal ? "ready; Ctrl-C stops" : "ready",
             {{"node", plan.node.identity.node},
              {"running", running},
              {"instances", static_cast<std::int64_t>(instances.size())},
              {"data", plan.data.string()}});
}

int serve(Session& session, runtime::Node& node, telemetry::Logger& log, const NodePlan& plan,
          StopSignals& signals) {
    if (const auto failure = node.start(); failure.code != SW_OK) {
        log.error("host.not_started", "kernel", failure.message, {{"where", failure.where}});
        return kFailed;
    }
    auto control = control::ControlServer::start(plan.data / "control.sock",
                                                 control::make_node_handler(node, log));
    if (!control) {
        log.error("control.not_listening", "kernel", control.error().message);
        node.stop();
        return kFailed;
    }
    report_ready(log, node, plan, session.console.err_is_terminal);
    const int signal = signals.wait();
    log.info("host.stopping", "kernel", "stopping; a second signal ends the host at once",
             {{"signal", signal}});
    (*control)->close();
    if (!node.stop()) {
        // Code of a plugin still runs somewhere: what it uses must not be destroyed.
        log.error("host.stuck", "kernel", "a plugin did not stop in time");
        log.flush();
        ::_exit(kFailed);
    }
    log.info("host.stopped", "kernel", "stopped");
    return kDone;
}

int run(Session& session, const RunOptions& options) {
    StopSignals signals;
    const auto file = read_config(options.file);
    if (!file) return fail(session, kBadConfig, file.error());
    const auto plan = plan_node(session, *file, options.node);
    if (config::has_errors(plan.diagnostics)) {
        print_diagnostics(session.console.err, plan.diagnostics);
        return fail(session, kBadConfig,
                    fmt::format("{} is not valid; nothing was started", file->path));
    }
    const auto folder = DataFolder::open(plan.data);
    if (!folder) return fail(session, kFailed, folder.error());
    telemetry::Logger log(plan.log);
    prepare(log, plan);
    auto& modules = session.modules();
    warn_of_refused_plugins(log, modules, plan);
    try_plugins(modules, plan);
    runtime::Node node(node_options(session, plan), modules, log);
    return serve(session, node, log, plan, signals);
}

}  // namespace

void add_run_command(CLI::App& root, Session& session) {
    auto options = std::make_shared<RunOptions>();
    auto* command = add_command(
        root, session,
        {"run", "Runs one node of a configuration until SIGTERM or Ctrl-C",
         "  streamwall run\n"
         "  streamwall run -c config/split.yaml --node ingest\n"
         "  STREAMWALL_LISTEN=127.0.0.1:0 STREAMWALL_DATA_DIR=/tmp/wall streamwall run\n"
         "\nEnvironment:\n"
         "  STREAMWALL_DATA_DIR     everything the host writes [./var]\n"
         "  STREAMWALL_PLUGIN_PATH  more folders with plugins, separated by colons\n"
         "  STREAMWALL_LOG          trace, debug, info, warn, error, off [info]\n"
         "  STREAMWALL_LOG_FORMAT   text, json [text on a terminal, else json]\n"
         "What the file's kernel section says wins over these.\n"
         "\nThe first signal stops gracefully, with exit code 0; a second one ends the host at "
         "once."},
        [&session, options] { return run(session, *options); });
    command->add_option("-c,--config", options->file, "the file [config/monolith.yaml]")
        ->type_name("FILE");
    command->add_option("--node", options->node, "which node, where the file has several")
        ->type_name("NAME");
}

}  // namespace streamwall::cli
