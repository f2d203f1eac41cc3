// Replaces ${…} in the scalars of a tree.
#include "config/substitute.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <fstream>
#include <utility>

namespace streamwall::config {

namespace {

constexpr std::size_t kMaxSecretFile = 64 * 1024;

bool is_variable_name(std::string_view name) {
    if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
    constexpr std::string_view kAllowed =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";
    return name.find_first_not_of(kAllowed) == std::string_view::npos;
}

std::optional<std::string> read_small_file(std::string_view path) {
    std::ifstream stream{std::string(path), std::ios::binary};
    if (!stream) return std::nullopt;
    std::string content(kMaxSecretFile + 1, '\0');
    stream.read(content.data(), static_cast<std::streamsize>(content.size()));
    if (stream.bad() || stream.gcount() > static_cast<std::streamsize>(kMaxSecretFile)) {
        return std::nullopt;
    }
    // Opening a folder succeeds; only reading it fails, and then nothing marks the end of file.
    if (!stream.eof()) return std::nullopt;
    content.resize(static_cast<std::size_t>(stream.gcount()));
    return content;
}

// What a default may hold besides text, so that replicas can differ in it.
constexpr std::string_view kNode = "${node}";
constexpr std::string_view kReplica = "${replica}";

// The '}' that ends the "${" at `begin`.
std::size_t find_end(std::string_view text, std::size_t begin) {
    for (std::size_t at = begin + 2; at < text.size(); ++at) {
        const auto rest = text.substr(at);
        if (rest.starts_with(kNode)) {
            at += kNode.size() - 1;
        } else if (rest.starts_with(kReplica)) {
            at += kReplica.size() - 1;
        } else if (text[at] == '}') {
            return at;
        }
    }
    return std::string_view::npos;
}

struct Failure {
    Code code;
    std::string message;
    std::string hint;
};

struct Walker {
    const SubstitutionSources& sources;
    const NodeIdentity& identity;
    std::string_view file;
    std::set<std::string>& secrets;
    Diagnostics& out;

    void walk(Node& node, const std::string& path) {
        if (node.is_scalar()) {
            if (node.text.find("${") != std::string::npos) replace(node, path);
        } else if (node.is_sequence()) {
            for (std::size_t i = 0; i < node.items.size(); ++i) {
                walk(node.items[i], join_path(path, i));
            }
        } else if (node.is_mapping()) {
            for (Entry& entry : node.entries)
                walk(entry.value, join_path(path, entry.key));
        }
    }

    void replace(Node& node, const std::string& path) {
        std::string result;
        std::size_t marker = 0;
        bool failed = false;
        std::size_t at = 0;
        for (std::size_t next = node.text.find("${"); next != std::string::npos;
             next = node.text.find("${", at)) {
            const Position where =
                marker < node.markers.size() ? node.markers[marker] : node.position;
            ++marker;
            result.append(node.text, at, next - at);
            if (next > at && node.text[next - 1] == '$') {
                result += '{';  // its '$' is there already: it was the one that escapes
                at = next + 2;
                continue;
            }
            const std::size_t close = find_end(node.text, next);
            const std::size_t end = close == std::string::npos ? node.text.size() : close;
            const std::string_view inside =
                std::string_view(node.text).substr(next + 2, end - next - 2);
            std::string value;
            const auto failure = close == std::string::npos
                                     ? Failure{Code::kBadSubstitution, "'${' without its '}'",
                                               "write $${ for a literal ${"}
                                     : evaluate(inside, node, value);
            if (failure.code != Code{}) {
                out.push_back(
                    {std::string(file), where, path, failure.code, failure.message, failure.hint});
                failed = true;
            }
            // A "${" inside a default is text, yet it has a marker.
            for (std::size_t i = inside.find("${"); i != inside.npos; i = inside.find("${", i + 2))
                ++marker;
            result += value;
            at = close == std::string::npos ? node.text.size() : close + 1;
        }
        result.append(node.text, std::min(at, node.text.size()));
        if (node.secret) secrets.insert(result);
        node.text = std::move(result);
        if (failed) node.kind = Node::Kind::kUnreadable;
    }

    // Fills `value`; a Failure with code 0 means success.
    Failure evaluate(std::string_view inside, Node& node, std::string& value) {
        if (inside == "node") {
            value = identity.node;
            return {};
        }
        if (inside == "replica") {
            value = std::to_string(identity.replica);
            node.substituted = true;
            return {};
        }
        if (inside.starts_with("file:")) return evaluate_file(inside.substr(5), node, value);
        const std::size_t separator = inside.find(":-");
        const std::string_view name = inside.substr(0, separator);
        if (!is_variable_name(name)) {
            return {Code::kBadSubstitution, fmt::format("'{}' is no variable name", name),
                    "write ${NAME}, ${NAME:-default} or ${file:/path}"};
        }
        const std::optional<std::string> found = sources.environment(name);
        node.substituted = true;
        // As in a shell, ":-" also replaces a variable that is set but empty.
        if (separator != std::string_view::npos && (!found || found->empty())) {
            value = with_identity(inside.substr(separator + 2));
            return {};
        }
        if (!found) {
            return {Code::kUnknownVariable, fmt::format("environment variable {} is not set", name),
                    fmt::format("set it, or write ${{{}:-default}}", name)};
        }
        value = *found;
        return {};
    }

    std::string with_identity(std::string_view text) const {
        std::string out;
        while (!text.empty()) {
            if (text.starts_with(kNode)) {
                out += identity.node;
                text.remove_prefix(kNode.size());
            } else if (text.starts_with(kReplica)) {
                out += std::to_string(identity.replica);
                text.remove_prefix(kReplica.size());
            } else {
                out += text.front();
                text.remove_prefix(1);
            }
        }
        return out;
    }

    Failure evaluate_file(std::string_view path, Node& node, std::string& value) {
        node.secret = true;
        node.substituted = true;
        if (path.empty()) {
            return {Code::kBadSubstitution, "${file:} names no file",
                    "write ${file:/path/to/file}"};
        }
        std::optional<std::string> content = sources.read_file(path);
        if (!content) {
            return {Code::kUnreadableFile, fmt::format("cannot read {}", path),
                    "check the path and who may read it"};
        }
        if (content->ends_with('\n')) content->pop_back();
        if (content->ends_with('\r')) content->pop_back();
        if (!content->empty()) secrets.insert(*content);
        value = std::move(*content);
        return {};
    }
};

}  // namespace

SubstitutionSources system_sources() {
    return {.environment = [](std::string_view name) -> std::optional<std::string> {
                const char* value = std::getenv(std::string(name).c_str());
                if (value == nullptr) return std::nullopt;
                return std::string(value);
            },
            .read_file = read_small_file};
}

void substitute(Node& node, const std::string& path, const SubstitutionSources& sources,
                const NodeIdentity& identity, std::string_view file, std::set<std::string>& secrets,
                Diagnostics& out) {
    Walker{sources, identity, file, secrets, out}.walk(node, path);
}

}  // namespace streamwall::config
