// `check` and `print-config`: a configuration without a host.
#include "cli/commands.hpp"
#include "cli/config_file.hpp"
#include "config/print.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <algorithm>
#include <ostream>

namespace streamwall::cli {

namespace json = boost::json;

namespace {

struct ConfigOptions {
    std::string file;
    std::string node;
    bool connect = false;
};

std::string summary(const std::string& file, std::ptrdiff_t errors, std::ptrdiff_t warnings) {
    const auto counted = [](std::ptrdiff_t count, std::string_view what) {
        return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
    };
    if (errors > 0) {
        return fmt::format("{}: {}, {}", file, counted(errors, "error"),
                           counted(warnings, "warning"));
    }
    if (warnings > 0) return fmt::format("{}: valid, {}", file, counted(warnings, "warning"));
    return fmt::format("{}: valid", file);
}

int check(Session& session, const ConfigOptions& options) {
    const auto file = read_config(options.file);
    if (!file) return fail(session, kBadConfig, file.error());
    const auto found = check_system(session, *file, options.connect);
    const auto errors =
        std::ranges::count(found, config::Severity::kError, &config::Diagnostic::severity);
    if (session.wants_json()) {
        session.console.out << json::serialize(
                                   json::object{{"file", file->path},
                                                {"valid", errors == 0},
                                                {"diagnostics", config::to_json(found)}})
                            << '\n';
    } else {
        print_diagnostics(session.console.err, found);
        const auto warnings = std::ssize(found) - errors;
        (errors > 0 ? session.console.err : session.console.out)
            << summary(file->path, errors, warnings) << '\n';
    }
    return errors > 0 ? kBadConfig : kDone;
}

int print_config(Session& session, const ConfigOptions& options) {
    const auto file = read_config(options.file);
    if (!file) return fail(session, kBadConfig, file.error());
    const auto plan = plan_node(session, *file, options.node);
    print_diagnostics(session.console.err, plan.diagnostics);
    if (config::has_errors(plan.diagnostics)) return kBadConfig;
    if (session.wants_json()) {
        session.console.out << json::serialize(config::effective_json(plan.node)) << '\n';
    } else {
        session.console.out << config::effective_yaml(plan.node);
    }
    return kDone;
}

}  // namespace

void add_config_commands(CLI::App& root, Session& session) {
    auto options = std::make_shared<ConfigOptions>();
    auto* checking = add_command(root, session,
                                 {"check", "Says everything that is wrong with a configuration",
                                  "  streamwall check\n"
                                  "  streamwall check -c config/split.yaml\n"
                                  "  streamwall check -c config/split.yaml --output json\n"
                                  "  streamwall check -c config/split.yaml --connect\n"
                                  "\nWarnings do not count; with errors it ends with 3."},
                                 [&session, options] { return check(session, *options); });
    auto* printing =
        add_command(root, session,
                    {"print-config",
                     "Prints what a node runs with: defaults, environment and overrides applied",
                     "  streamwall print-config\n"
                     "  streamwall print-config -c config/split.yaml --node ingest\n"
                     "\nSecrets are printed as ***."},
                    [&session, options] { return print_config(session, *options); });
    for (auto* command : {checking, printing}) {
        command->add_option("-c,--config", options->file, "the file [config/monolith.yaml]")
            ->type_name("FILE");
    }
    checking->add_flag("--connect", options->connect,
                       "also ask the servers that settings name whether they are there");
    printing->add_option("--node", options->node, "which node, where the file has several")
        ->type_name("NAME");
}

}  // namespace streamwall::cli
