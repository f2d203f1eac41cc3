// Session: what one run of the command line works with: streams, environment, installed plugins.
#pragma once

#include "modules/module_store.hpp"

#include <filesystem>
#include <functional>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace streamwall::cli {

// Documented for users; never renumbered.
enum ExitCode : int {
    kDone = 0,
    kFailed = 1,       // at run time
    kWrongUsage = 2,   // of the command line
    kBadConfig = 3,    // the configuration is invalid
    kUnreachable = 4,  // no host answers
    kNotAllowed = 5,
};

struct Console {
    std::istream& in;
    std::ostream& out;
    std::ostream& err;
    bool err_is_terminal = false;
};

// The process's surroundings, as tests want to control them.
struct Environment {
    std::function<std::optional<std::string>(std::string_view name)> variable;
    std::filesystem::path binary;  // of this program
};

Environment system_environment();

class Session {
  public:
    Session(Console given_console, Environment given_environment)
        : console(given_console), environment(std::move(given_environment)) {}

    // The plugins of the default folder, of STREAMWALL_PLUGIN_PATH, then of `more`; inspected at
    // the first call, which alone `more` is for.
    modules::ModuleStore& modules(const std::vector<std::string>& more = {});

    std::string variable_or(std::string_view name, std::string_view otherwise) const;
    bool wants_json() const { return output == "json"; }

    const Console console;
    const Environment environment;
    std::string output = "text";  // --output of the command that runs
    int exit_code = kDone;

  private:
    std::unique_ptr<modules::ModuleStore> modules_;
};

// Where plugins are looked for, in this order.
std::vector<std::filesystem::path> plugin_folders(const Environment& environment,
                                                  const std::vector<std::string>& more);

// --data, else STREAMWALL_DATA_DIR, else ./var; absolute.
std::filesystem::path data_folder(const Session& session, const std::string& wish);

// Rows as aligned columns, the first row being the heading.
void print_table(std::ostream& out, const std::vector<std::vector<std::string>>& rows);

}  // namespace streamwall::cli
