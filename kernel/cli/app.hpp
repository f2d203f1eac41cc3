// The command line as a whole: arguments in, exit code out.
#pragma once

#include "cli/session.hpp"

namespace streamwall::cli {

// `arguments` without the program's name. Never throws.
int run_command_line(const std::vector<std::string>& arguments, const Console& console,
                     const Environment& environment);

}  // namespace streamwall::cli
