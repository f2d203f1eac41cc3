// The commands of `streamwall`: each group in a file of its own, added to one tree.
#pragma once

#include "cli/session.hpp"
#include "config/source.hpp"

#include <CLI/App.hpp>

#include <functional>

namespace streamwall::cli {

struct CommandText {
    std::string name;
    std::string help;
    std::string examples;  // one a line
};

// A command that runs `run` and ends with the exit code it returns; takes --output and --help.
CLI::App* add_command(CLI::App& parent, Session& session, const CommandText& text,
                      std::function<int()> run);
// A word that only leads to commands: `plugins list`.
CLI::App* add_group(CLI::App& parent, const CommandText& text);

void add_run_command(CLI::App& root, Session& session);
void add_up_command(CLI::App& root, Session& session);
void add_config_commands(CLI::App& root, Session& session);   // check, print-config
void add_plugins_commands(CLI::App& root, Session& session);  // plugins …
void add_host_commands(CLI::App& root, Session& session);     // status, events, call, …
void add_nodes_commands(CLI::App& root, Session& session);    // nodes, graph
void add_top_command(CLI::App& root, Session& session);
void add_reload_commands(CLI::App& root, Session& session);  // plan, reload
void add_schema_command(CLI::App& root, Session& session);
void add_version_command(CLI::App& root, Session& session);
void add_completion_command(CLI::App& root, Session& session);
// What installed plugins bring. Reads manifests only; no code of a plugin runs before its command.
void add_manifest_commands(CLI::App& root, Session& session);

// enable, disable, restart, reconfigure, reset: added to the group `plugins`.
void add_switch_commands(CLI::App& group, Session& session);

// One finding a line.
void print_diagnostics(std::ostream& out, const config::Diagnostics& diagnostics);

// "streamwall: message" on stderr, or {"error": …} where JSON is wanted; returns `code`.
int fail(Session& session, int code, std::string_view message);

}  // namespace streamwall::cli
