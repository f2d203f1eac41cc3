// The program `streamwall`.
#include "cli/app.hpp"

#include <unistd.h>

#include <csignal>
#include <iostream>

int main(int argc, char** argv) {
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
