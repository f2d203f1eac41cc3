// The program `streamwall`.
#include "cli/app.hpp"
#include "modules/trial.hpp"
#include "runtime/supervisor/child_process.hpp"

#include <unistd.h>

#include <csignal>
#include <iostream>

int main(int argc, char** argv) {
    streamwall::runtime::tie_to_parent();
    if (argc > 1 && streamwall::modules::kTrialVerb == std::string_view(argv[1])) {
        streamwall::modules::load_and_exit(std::vector<std::string>(argv + 2, argv + argc));
    }
    // A reader that has gone is an error of one write, not the end of the host.
    std::signal(SIGPIPE, SIG_IGN);
    std::ios::sync_with_stdio(false);
    const streamwall::cli::Console console{std::cin, std::cout, std::cerr,
                                           ::isatty(STDERR_FILENO) == 1};
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    const int code = streamwall::cli::run_command_line(arguments, console,
                                                       streamwall::cli::system_environment());
    std::cout.flush();
    return code;
}
