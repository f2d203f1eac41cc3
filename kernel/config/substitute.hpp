// ${NAME}, ${NAME:-default}, ${file:/path}, ${node}, ${replica} inside values.
//
// Works on scalars of the parsed tree, never on text, so a value can add no key, and positions stay
// true. Keys are left alone. What was put in is not searched again. A default may hold ${node} and
// ${replica}. $${ is a literal ${.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "config/source.hpp"
#include "config/yaml_tree.hpp"

namespace streamwall::config {

// The world outside, as tests want to control it. Both may be called many times.
struct SubstitutionSources {
    std::function<std::optional<std::string>(std::string_view name)> environment;
    // nullopt: cannot be read. The last line break of the content is not part of the value.
    std::function<std::optional<std::string>(std::string_view path)> read_file;
};

// The process's environment and files of at most 64 KiB.
SubstitutionSources system_sources();

// What ${node} and ${replica} stand for.
struct NodeIdentity {
    std::string node;
    int replica = 1;
};

// Changes `node` in place; appends a finding at the exact "${" for each that cannot be replaced and
// marks that scalar unreadable. Values from files are marked secret and added to `secrets`.
void substitute(Node& node, const std::string& path, const SubstitutionSources& sources,
                const NodeIdentity& identity, std::string_view file, std::set<std::string>& secrets,
                Diagnostics& out);

}  // namespace streamwall::config
