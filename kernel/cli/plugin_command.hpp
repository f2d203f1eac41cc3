// PluginCommand: a command of a plugin, run in this process.
#pragma once

#include "cli/session.hpp"

#include <boost/json/object.hpp>

namespace streamwall::cli {

// Creates an instance with default settings, runs `command` and destroys it; the plugin is never
// started. Returns the exit code.
int run_plugin_command(Session& session, const modules::Inspection& plugin,
                       const std::string& command, const boost::json::object& arguments);

}  // namespace streamwall::cli
