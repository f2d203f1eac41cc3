// `run`: one node in this process, until a signal ends it.
#include "cli/commands.hpp"
#include "cli/config_file.hpp"
#include "cli/data_folder.hpp"
#include "cli/node_processes.hpp"
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
    std::string isolation;
};

runtime::NodeOptions node_options(const Session& session, const NodePlan& plan,
                                  const NodeProcesses& processes) {
    runtime::NodeOptions options;
    options.node = plan.node.identity.node;
    options.isolation = plan.isolation;
    options.compute_limit = plan.compute_limit;
    options.mesh_prefix = plan.mesh_prefix;
    options.transports = processes.transports();
    options.services_elsewhere = plan.services_elsewhere;
    options.other_nodes = plan.other_nodes;
    options.singletons = plan.singletons;
    options.isolated = [&processes] { return processes.isolated(); };
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

// For `reload`. The new values' secrets are known to the log before anybody can log them.
std::function<runtime::FreshConfig()> reread(Session& session, telemetry::Logger& log,
                                             const RunOptions& options) {
    return [&session, &log, options] {
        runtime::FreshConfig fresh{options.file, {}, {}};
        const auto file = read_config(options.file);
        if (!file) {
            fresh.diagnostics.push_back({options.file,
                                         {},
                                         "",
                                         config::Code::kUnreadableFile,
                                         file.error(),
                                         "",
                                         config::Severity::kError});
            return fresh;
        }
        session.modules().look_again();
        auto plan = plan_process(session, *file, options.node, options.isolation);
        for (const auto& secret : plan.node.secrets)
            log.add_secret(secret);
        fresh.file = file->path;
        fresh.instances = std::move(plan.node.instances);
        fresh.diagnostics = std::move(plan.diagnostics);
        return fresh;
    };
}

// As the mesh has it.
std::string process_name(const NodePlan& plan) {
    const auto& node = plan.node.identity.node;
    return plan.isolation.empty() ? node : node + "~" + plan.isolation;
}

void prepare(telemetry::Logger& log, const NodePlan& plan) {
    for (const auto& secret : plan.node.secrets)
        log.add_secret(secret);
    for (const auto& [instance, level] : plan.instance_levels) {
        log.set_plugin_level(instance, level);
    }
    if (!plan.isolation.empty()) return;  // its host has said them
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

void report_ready(telemetry::Logger& log, const runtime::Node& node, const NodeProcesses& processes,
                  const NodePlan& plan, bool on_terminal) {
    const auto instances = node.instances();
    const auto running = std::ranges::count(instances, "running", &runtime::InstanceStatus::state);
    for (const auto& trouble : processes.troubles(node))
        log.warn("host.degraded", "kernel", trouble);
    log.info("host.ready", "kernel", on_terminal ? "ready; Ctrl-C stops" : "ready",
             {{"node", plan.node.identity.node},
              {"running", running},
              {"instances", static_cast<std::int64_t>(instances.size())},
              {"data", plan.data.string()}});
}

bool stop(runtime::Node& node, NodeProcesses& processes) {
    processes.stop_parts_before_host();
    const bool clean = node.stop();
    processes.stop_parts_after_host();
    return clean;
}

int serve(Session& session, runtime::Node& node, NodeProcesses& processes, telemetry::Logger& log,
          const NodePlan& plan, StopSignals& signals) {
    processes.start_parts();
    auto failure = node.start();
    if (failure.code == SW_OK) {
        signals.on_first([&processes] { processes.stop_waiting(); });
        failure = processes.wait_for_parts();
        signals.on_first({});
    }
    if (failure.code != SW_OK) {
        log.error("host.not_started", "kernel", failure.message, {{"where", failure.where}});
        stop(node, processes);
        return kFailed;
    }
    // Of an isolated part the node's host gives orders.
    std::unique_ptr<control::ControlServer> control;
    if (plan.isolation.empty()) {
        auto started = control::ControlServer::start(plan.data / "control.sock",
                                                     control::make_node_handler(node));
        if (!started) {
            log.error("control.not_listening", "kernel", started.error().message);
            stop(node, processes);
            return kFailed;
        }
        control = std::move(*started);
    }
    processes.keep_parent_informed(node);
    report_ready(log, node, processes, plan, session.console.err_is_terminal);
    const int signal = signals.wait();
    log.info("host.stopping", "kernel", "stopping; a second signal ends the host at once",
             {{"signal", signal}});
    if (control) control->close();
    if (!stop(node, processes)) {
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
    auto parent = runtime::Parent::connect();
    if (!options.isolation.empty()) runtime::yield_to_parent();
    const auto file = read_config(options.file);
    if (!file) return fail(session, kBadConfig, file.error());
    auto plan = plan_process(session, *file, options.node, options.isolation);
    if (config::has_errors(plan.diagnostics)) {
        print_diagnostics(session.console.err, plan.diagnostics);
        return fail(session, kBadConfig,
                    fmt::format("{} is not valid; nothing was started", file->path));
    }
    const auto folder = DataFolder::open(plan.data);
    if (!folder) return fail(session, kFailed, folder.error());
    if (parent) plan.log.process = process_name(plan);
    telemetry::Logger log(plan.log);
    prepare(log, plan);
    auto& modules = session.modules();
    if (plan.isolation.empty()) warn_of_refused_plugins(log, modules, plan);
    try_plugins(modules, plan);
    NodeProcesses processes(plan, file->path, log, std::move(parent));
    auto parts = node_options(session, plan, processes);
    parts.reread = reread(session, log, options);
    runtime::Node node(std::move(parts), modules, log);
    return serve(session, node, processes, log, plan, signals);
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
    // For the host's own use: an empty group keeps it out of the help.
    command->add_option("--isolation", options->isolation)->group("");
}

}  // namespace streamwall::cli
