// Formatting and ordering of configuration findings.
#include "config/source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace streamwall::config {

namespace {

auto order_key(const Diagnostic& d) {
    return std::tie(d.file, d.position, d.severity, d.code, d.path, d.message);
}

}  // namespace

std::string to_string(const Diagnostic& diagnostic) {
    std::string line = diagnostic.file;
    if (diagnostic.position.known()) {
        line += fmt::format("{}{}:{}", line.empty() ? "" : ":", diagnostic.position.line,
                            diagnostic.position.column);
    }
    if (!line.empty()) line += ": ";
    if (diagnostic.severity == Severity::kWarning) line += "warning: ";
    if (!diagnostic.path.empty()) line += diagnostic.path + ": ";
    line += fmt::format("{} ({})", diagnostic.message, code_id(diagnostic.code));
    if (diagnostic.hint.empty()) return line;
    if (diagnostic.hint.find(' ') == std::string::npos) {
        return line + fmt::format("; did you mean '{}'?", diagnostic.hint);
    }
    return line + "; " + diagnostic.hint;
}

void sort_and_deduplicate(Diagnostics& diagnostics) {
    std::ranges::sort(diagnostics, [](const Diagnostic& a, const Diagnostic& b) {
        return order_key(a) < order_key(b);
    });
    const auto repeats = std::ranges::unique(
        diagnostics,
        [](const Diagnostic& a, const Diagnostic& b) { return order_key(a) == order_key(b); });
    diagnostics.erase(repeats.begin(), repeats.end());
}

bool has_errors(const Diagnostics& diagnostics) {
    return std::ranges::any_of(diagnostics,
                               [](const Diagnostic& d) { return d.severity == Severity::kError; });
}

std::string join_path(std::string_view parent, std::string_view key) {
    if (parent.empty()) return std::string(key);
    return fmt::format("{}.{}", parent, key);
}

std::string join_path(std::string_view parent, std::size_t index) {
    return fmt::format("{}[{}]", parent, index);
}

}  // namespace streamwall::config
