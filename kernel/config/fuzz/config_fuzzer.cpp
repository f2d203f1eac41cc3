// Feeds any bytes to everything that reads a configuration before a plugin is known.
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>

#include "config/check.hpp"
#include "config/print.hpp"

namespace {

using namespace streamwall::config;

class NoManifests : public ManifestLookup {
  public:
    [[nodiscard]] const PluginFacts* find(std::string_view /*plugin*/) const override {
        return nullptr;
    }
    [[nodiscard]] std::vector<std::string> names() const override { return {"http-server"}; }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const SubstitutionSources sources{
        .environment = [](std::string_view name) { return std::optional<std::string>(name); },
        .read_file = [](std::string_view) { return std::optional<std::string>("secret\n"); }};
    const ParsedTopology parsed = parse_topology(text, "fuzz.yaml");
    const CheckResult result = check(parsed, NoManifests{}, sources);
    for (const Diagnostic& diagnostic : result.diagnostics)
        (void)to_string(diagnostic);
    for (const ResolvedNode& node : result.nodes) {
        // What is printed is a document again.
        if (has_errors(parse_yaml(effective_yaml(node), "printed.yaml").diagnostics))
            __builtin_trap();
    }
    return 0;
}
