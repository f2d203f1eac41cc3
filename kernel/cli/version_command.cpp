// `version`: of the program and of the boundary that plugins are built against.
#include "cli/commands.hpp"

#include <streamwall/base.h>

#include <fmt/format.h>
#include <boost/json.hpp>

#include <ostream>

namespace streamwall::cli {

void add_version_command(CLI::App& root, Session& session) {
    add_command(root, session, {"version", "Prints the version", "  streamwall version"},
                [&session]() -> int {
                    const auto abi = fmt::format("{}.{}", SW_ABI_MAJOR, SW_ABI_MINOR);
                    if (session.wants_json()) {
                        const boost::json::object version{{"version", STREAMWALL_VERSION},
                                                          {"plugin_abi", abi}};
                        session.console.out << boost::json::serialize(version) << '\n';
                    } else {
                        session.console.out << fmt::format("streamwall {} (plugin ABI {})\n",
                                                           STREAMWALL_VERSION, abi);
                    }
                    return kDone;
                });
}

}  // namespace streamwall::cli
