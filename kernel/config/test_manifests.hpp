// A few plugins for the tests of this folder.
#pragma once

#include <boost/json/parse.hpp>

#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "config/check.hpp"

namespace streamwall::config::testing_support {

class Manifests : public ManifestLookup {
  public:
    PluginFacts& add(const std::string& plugin, std::string_view schema = R"({"type":"object"})") {
        auto compiled = Schema::compile(boost::json::parse(schema));
        if (!compiled) throw std::logic_error(compiled.error()[0].message);
        facts_[plugin].settings = *compiled;
        return facts_[plugin];
    }
    [[nodiscard]] const PluginFacts* find(std::string_view plugin) const override {
        const auto found = facts_.find(plugin);
        return found == facts_.end() ? nullptr : &found->second;
    }
    [[nodiscard]] std::vector<std::string> names() const override {
        std::vector<std::string> result;
        for (const auto& [name, facts] : facts_)
            result.push_back(name);
        return result;
    }

  private:
    std::map<std::string, PluginFacts, std::less<>> facts_;
};

// Variables and files as given; nothing of the machine the test runs on.
inline SubstitutionSources sources(std::map<std::string, std::string> variables = {},
                                   std::map<std::string, std::string> files = {}) {
    const auto lookup = [](std::map<std::string, std::string> values) {
        return [values = std::move(values)](std::string_view name) -> std::optional<std::string> {
            const auto found = values.find(std::string(name));
            if (found == values.end()) return std::nullopt;
            return found->second;
        };
    };
    return {.environment = lookup(std::move(variables)), .read_file = lookup(std::move(files))};
}

inline std::vector<std::string> printed(const Diagnostics& diagnostics) {
    std::vector<std::string> lines;
    for (const Diagnostic& diagnostic : diagnostics)
        lines.push_back(to_string(diagnostic));
    return lines;
}

}  // namespace streamwall::config::testing_support
