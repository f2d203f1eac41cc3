// Where something stands in a configuration file, and what is wrong with it there.
#pragma once

#include <compare>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "config/error_codes.hpp"

namespace streamwall::config {

// 1-based; columns count code points, as editors do. {0, 0} means "no place in the file".
struct Position {
    std::size_t line = 0;
    std::size_t column = 0;

    auto operator<=>(const Position&) const = default;
    [[nodiscard]] bool known() const { return line != 0; }
};

enum class Severity { kError, kWarning };

// One finding. `path` names the setting ("plugins.http-server.listen"), empty for the file itself.
// `hint` is the nearest right word, or a sentence that says what to do; never a secret.
struct Diagnostic {
    std::string file;
    Position position;
    std::string path;
    Code code = Code::kYamlSyntax;
    std::string message;
    std::string hint;
    Severity severity = Severity::kError;
};

using Diagnostics = std::vector<Diagnostic>;

// file:line:column: path: message (SW-CFG-0103); did you mean 'x'?
// Parts that are not known are left out; a hint of several words is printed as it is.
std::string to_string(const Diagnostic& diagnostic);

// By file, then position, errors before warnings on one place; exact repeats are dropped.
void sort_and_deduplicate(Diagnostics& diagnostics);

bool has_errors(const Diagnostics& diagnostics);

// "plugins" + "http-server" → "plugins.http-server"
std::string join_path(std::string_view parent, std::string_view key);
// "nodes.main.plugins" + 2 → "nodes.main.plugins[2]"
std::string join_path(std::string_view parent, std::size_t index);

}  // namespace streamwall::config
