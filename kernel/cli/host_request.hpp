// What commands that talk to a running host have in common.
#pragma once

#include "cli/control_client.hpp"
#include "cli/session.hpp"

#include <CLI/App.hpp>

namespace streamwall::cli {

struct HostOptions {
    std::string data;  // folder of the host that is asked
    std::string node;  // that is meant; empty: the one of that host
};

void add_host_options(CLI::App& command, HostOptions& options);
// --node too, for what one host can ask another.
void add_node_options(CLI::App& command, HostOptions& options);

// Sends one request; `print` shows the answer as text, and with --output json it is printed as it
// came. Returns the exit code.
int with_answer(Session& session, const HostOptions& options, const boost::json::object& request,
                const std::function<void(const boost::json::value&)>& print);

// Prints a failure of the client; returns its exit code.
int fail_with(Session& session, const ClientFailure& failure);

}  // namespace streamwall::cli
