// `up`: every node of a configuration on this machine, as supervised processes.
#include "cli/commands.hpp"
#include "cli/config_file.hpp"
#include "cli/stop_signals.hpp"
#include "runtime/supervisor/children.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>

namespace streamwall::cli {

namespace {

using runtime::ChildState;
using runtime::ChildStatus;

// Says how each node is whenever that changes: a line for people on a terminal, else a log line.
class Progress {
  public:
    Progress(const Session& session, telemetry::Logger& log)
        : console_(session.console), log_(log) {}

    void show(const ChildStatus& status) {
        std::lock_guard lock(mutex_);
        auto& last = last_[status.name];
        const auto text = fmt::format("{}{}{}", to_string(status.state),
                                      status.reason.empty() ? "" : ": ", status.reason);
        if (std::exchange(last, text) == text) return;
        const bool is_bad =
            status.state == ChildState::degraded || status.state == ChildState::waiting;
        if (!console_.err_is_terminal) {
            log_.log(is_bad ? telemetry::Level::kWarn : telemetry::Level::kInfo,
                     fmt::format("node.{}", to_string(status.state)), "kernel",
                     status.reason.empty() ? std::string(to_string(status.state)) : status.reason,
                     {{"node", status.name}, {"pid", static_cast<std::int64_t>(status.pid)}});
            return;
        }
        console_.err << fmt::format("{}{:<16}\x1b[0m {}\n", colour(status.state), status.name, text)
                     << std::flush;
    }

  private:
    static const char* colour(ChildState state) {
        if (state == ChildState::ready) return "\x1b[32m";
        return state == ChildState::degraded || state == ChildState::waiting ? "\x1b[33m"
                                                                             : "\x1b[2m";
    }

    const Console& console_;
    telemetry::Logger& log_;
    std::mutex mutex_;
    std::map<std::string, std::string> last_;
};

// Nodes in groups that may stop together, those first whose services nobody else uses any more.
// What uses itself in a circle stops at last, together.
std::vector<std::vector<std::string>> stop_groups(std::vector<NodePlan> plans,
                                                  const config::ManifestLookup& plugins) {
    struct Wants {
        std::set<std::string> needs, provides;
    };
    std::map<std::string, Wants> left;
    for (const auto& plan : plans) {
        auto& wants = left[plan.node.identity.node];
        for (const auto& instance : plan.node.instances) {
            const auto* facts = plugins.find(instance.config.plugin);
            if (!facts || !instance.config.enabled) continue;
            wants.provides.insert(facts->provides_services.begin(), facts->provides_services.end());
            wants.needs.insert(facts->needs_services.begin(), facts->needs_services.end());
        }
    }
    // What a node has itself it needs of nobody.
    for (auto& [name, wants] : left)
        std::erase_if(wants.needs, [&](const auto& need) { return wants.provides.contains(need); });
    std::vector<std::vector<std::string>> groups;
    while (!left.empty()) {
        std::vector<std::string> unused;
        for (const auto& [name, wants] : left) {
            const bool is_used = std::ranges::any_of(left, [&](const auto& other) {
                return std::ranges::any_of(other.second.needs, [&](const auto& need) {
                    return wants.provides.contains(need);
                });
            });
            if (!is_used) unused.push_back(name);
        }
        if (unused.empty()) {
            for (const auto& [name, wants] : left)
                unused.push_back(name);
        }
        for (const auto& name : unused)
            left.erase(name);
        groups.push_back(std::move(unused));
    }
    return groups;
}

struct Plans {
    std::vector<NodePlan> nodes;
    config::Diagnostics diagnostics;
};

Plans plan_all(Session& session, const ConfigFile& file) {
    Plans out;
    out.diagnostics = check_system(session, file);
    for (const auto& choice : config::all_choices(file.parsed.topology)) {
        out.nodes.push_back(plan_node(session, file, choice.identity.node));
        const auto& found = out.nodes.back().diagnostics;
        out.diagnostics.insert(out.diagnostics.end(), found.begin(), found.end());
    }
    config::sort_and_deduplicate(out.diagnostics);
    return out;
}

int supervise(Session& session, const ConfigFile& file, const Plans& plans, StopSignals& signals) {
    const auto& first = plans.nodes.front();
    auto log_options = first.log;
    log_options.process = "up";
    telemetry::Logger log(log_options);
    Progress progress(session, log);
    runtime::SupervisorOptions options;
    options.changed = [&progress](const ChildStatus& status) { progress.show(status); };
    runtime::Children children(std::move(options), log);
    for (const auto& plan : plans.nodes) {
        const auto& node = plan.node.identity.node;
        // A node stops its parts, its plugins and the rest of its parts, one after the other.
        children.start({.name = node,
                        .arguments = {"run", "-c", file.path, "--node", node},
                        .stop_timeout = 6 * plan.stop_timeout});
    }
    const int signal = signals.wait();
    log.info("up.stopping", "kernel", "stopping; a second signal ends all nodes at once",
             {{"signal", signal}});
    for (const auto& group : stop_groups(plans.nodes, InstalledPlugins(session.modules())))
        children.stop_together(group);
    log.info("up.stopped", "kernel", "stopped");
    const auto statuses = children.statuses();
    const bool clean = std::ranges::all_of(statuses, [](const ChildStatus& status) {
        return status.reason.empty() || status.reason == "ended with exit code 0";
    });
    return clean ? kDone : kFailed;
}

int up(Session& session, const std::string& wish) {
    StopSignals signals;
    const auto file = read_config(wish);
    if (!file) return fail(session, kBadConfig, file.error());
    const auto plans = plan_all(session, *file);
    if (config::has_errors(plans.diagnostics)) {
        print_diagnostics(session.console.err, plans.diagnostics);
        return fail(session, kBadConfig,
                    fmt::format("{} is not valid; nothing was started", file->path));
    }
    return supervise(session, *file, plans, signals);
}

}  // namespace

void add_up_command(CLI::App& root, Session& session) {
    auto file = std::make_shared<std::string>();
    auto* command = add_command(
        root, session,
        {"up", "Runs every node of a configuration on this machine until SIGTERM or Ctrl-C",
         "  streamwall up -c config/split.yaml\n"
         "\nEach node is a process that is started again when it crashes: at once, and with\n"
         "growing pauses when that does not help. Nodes reach each other without a server.\n"
         "\nThe first signal stops all nodes in order, with exit code 0; a second one ends them\n"
         "at once. Environment: as for `streamwall run`."},
        [&session, file] { return up(session, *file); });
    command->add_option("-c,--config", *file, "the file [config/monolith.yaml]")->type_name("FILE");
}

}  // namespace streamwall::cli
