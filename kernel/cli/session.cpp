#include "cli/session.hpp"

#include <algorithm>
#include <cstdlib>
#include <ostream>

namespace streamwall::cli {

namespace fs = std::filesystem;

namespace {

std::vector<std::string> split(std::string_view text, char separator) {
    std::vector<std::string> parts;
    while (!text.empty()) {
        const auto end = std::min(text.find(separator), text.size());
        if (end > 0) parts.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return parts;
}

}  // namespace

Environment system_environment() {
    std::error_code unknown;
    return {[](std::string_view name) -> std::optional<std::string> {
                const char* value = std::getenv(std::string(name).c_str());
                return value ? std::optional<std::string>(value) : std::nullopt;
            },
            fs::read_symlink("/proc/self/exe", unknown)};
}

std::vector<fs::path> plugin_folders(const Environment& environment,
                                     const std::vector<std::string>& more) {
    const auto prefix = environment.binary.parent_path().parent_path();
    std::error_code unknown;
    // A build tree has plugins/ beside bin/, an installation lib/streamwall/plugins.
    std::vector<fs::path> folders{fs::is_directory(prefix / "plugins", unknown)
                                      ? prefix / "plugins"
                                      : prefix / "lib" / "streamwall" / "plugins"};
    const auto path = environment.variable("STREAMWALL_PLUGIN_PATH");
    for (auto& folder : split(path.value_or(""), ':'))
        folders.emplace_back(std::move(folder));
    folders.insert(folders.end(), more.begin(), more.end());
    return folders;
}

modules::ModuleStore& Session::modules(const std::vector<std::string>& more) {
    if (!modules_) {
        modules_ = std::make_unique<modules::ModuleStore>(plugin_folders(environment, more));
        modules_->scan();
    }
    return *modules_;
}

std::string Session::variable_or(std::string_view name, std::string_view otherwise) const {
    auto value = environment.variable(name);
    return value && !value->empty() ? *std::move(value) : std::string(otherwise);
}

fs::path data_folder(const Session& session, const std::string& wish) {
    const fs::path chosen =
        wish.empty() ? session.variable_or("STREAMWALL_DATA_DIR", "./var") : wish;
    return fs::absolute(chosen).lexically_normal();
}

void print_table(std::ostream& out, const std::vector<std::vector<std::string>>& rows) {
    std::vector<std::size_t> widths;
    for (const auto& row : rows) {
        widths.resize(std::max(widths.size(), row.size()));
        for (std::size_t column = 0; column < row.size(); ++column) {
            widths[column] = std::max(widths[column], row[column].size());
        }
    }
    for (const auto& row : rows) {
        std::string line;
        for (std::size_t column = 0; column < row.size(); ++column) {
            line += row[column];
            line.append(widths[column] - row[column].size() + 2, ' ');
        }
        line.erase(line.find_last_not_of(' ') + 1);
        out << line << '\n';
    }
}

}  // namespace streamwall::cli
