#include "cli/app.hpp"

#include "cli/commands.hpp"
#include "config/nearest.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include <algorithm>

namespace streamwall::cli {

namespace json = boost::json;

namespace {

constexpr const char* kFooter =
    "\nExamples:\n"
    "  streamwall run                         start what config/monolith.yaml describes\n"
    "  streamwall check -c config/split.yaml  every mistake of a configuration at once\n"
    "  streamwall plugins list                what is installed, and what was refused\n"
    "\n"
    "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 invalid configuration, 4 no host answers,\n"
    "5 not allowed.\n"
    "Environment: STREAMWALL_DATA_DIR, STREAMWALL_PLUGIN_PATH, STREAMWALL_LOG,\n"
    "STREAMWALL_LOG_FORMAT; `streamwall COMMAND --help` says more.";

std::vector<std::string> names_of(const CLI::App& app) {
    std::vector<std::string> names;
    for (const auto* command : app.get_subcommands([](const CLI::App*) { return true; })) {
        names.push_back(command->get_name());
        const auto& aliases = command->get_aliases();
        names.insert(names.end(), aliases.begin(), aliases.end());
    }
    return names;
}

void add_built_in_commands(CLI::App& root, Session& session) {
    add_run_command(root, session);
    add_up_command(root, session);
    add_config_commands(root, session);
    add_plugins_commands(root, session);
    add_reload_commands(root, session);
    add_host_commands(root, session);
    add_nodes_commands(root, session);
    add_top_command(root, session);
    add_schema_command(root, session);
    add_version_command(root, session);
    add_completion_command(root, session);
}

// CLI11 only says that a word was not expected; whoever mistyped wants the right one.
std::string unknown_command(const CLI::App& root, const std::vector<std::string>& arguments) {
    const CLI::App* at = &root;
    std::string path;
    for (const auto& word : arguments) {
        const auto names = names_of(*at);
        if (names.empty() || word.starts_with('-')) return "";
        path += path.empty() ? word : " " + word;
        if (std::ranges::find(names, word) == names.end()) {
            const auto near = config::nearest_word(word, names);
            const auto hint = near.empty() ? "" : fmt::format("; did you mean '{}'?", near);
            return fmt::format("there is no command '{}'{}", path, hint);
        }
        at = at->get_subcommand(word);
    }
    return "";
}

int parse_and_run(CLI::App& root, Session& session, const std::vector<std::string>& arguments) {
    if (arguments.empty()) {
        session.console.err << root.help();
        return kWrongUsage;
    }
    if (const auto problem = unknown_command(root, arguments); !problem.empty()) {
        return fail(session, kWrongUsage, problem + "\nSee streamwall --help.");
    }
    try {
        std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
        root.parse(std::move(reversed));
        return session.exit_code;
    } catch (const CLI::ParseError& problem) {
        const int code = root.exit(problem, session.console.out, session.console.err);
        return code == static_cast<int>(CLI::ExitCodes::Success) ? kDone : kWrongUsage;
    }
}

}  // namespace

CLI::App* add_command(CLI::App& parent, Session& session, const CommandText& text,
                      std::function<int()> run) {
    auto* command = parent.add_subcommand(text.name, text.help);
    if (!text.examples.empty()) command->footer("\nExamples:\n" + text.examples);
    command->add_option("--output", session.output, "text for people, json for programs [text]")
        ->type_name("FORMAT")
        ->check(CLI::IsMember({"text", "json"}));
    command->callback([&session, run = std::move(run)] { session.exit_code = run(); });
    return command;
}

CLI::App* add_group(CLI::App& parent, const CommandText& text) {
    auto* group = parent.add_subcommand(text.name, text.help);
    group->require_subcommand(1);
    if (!text.examples.empty()) group->footer("\nExamples:\n" + text.examples);
    return group;
}

void print_diagnostics(std::ostream& out, const config::Diagnostics& diagnostics) {
    for (const auto& diagnostic : diagnostics)
        out << to_string(diagnostic) << '\n';
}

int fail(Session& session, int code, std::string_view message) {
    if (session.wants_json()) {
        session.console.out << json::serialize(
                                   json::object{{"error", {{"message", message}, {"exit", code}}}})
                            << '\n';
    } else {
        session.console.err << "streamwall: " << message << '\n';
    }
    return code;
}

int run_command_line(const std::vector<std::string>& arguments, const Console& console,
                     const Environment& environment) {
    Session session(console, environment);
    try {
        CLI::App root("Follows live streams and shows them on walls.", "streamwall");
        root.require_subcommand(1);
        root.footer(kFooter);
        root.get_formatter()->column_width(36);
        add_built_in_commands(root, session);
        const auto built_in = names_of(root);
        // Looking into plugins takes time that most commands need not spend.
        const bool is_built_in =
            !arguments.empty() && std::ranges::find(built_in, arguments[0]) != built_in.end();
        if (!is_built_in || arguments[0] == "completion") add_manifest_commands(root, session);
        return parse_and_run(root, session, arguments);
    } catch (const std::exception& problem) {
        return fail(session, kFailed, problem.what());
    }
}

}  // namespace streamwall::cli
