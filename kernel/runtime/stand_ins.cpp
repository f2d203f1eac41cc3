// Who publishes durable events without a journal, and what is installed to help.
#include "runtime/stand_ins.hpp"

#include "config/settings.hpp"
#include "config/yaml_tree.hpp"

#include <algorithm>

namespace streamwall::runtime {

namespace {

constexpr std::string_view kJournal = "journal";

const modules::Manifest* manifest_of(const config::ResolvedInstance& instance,
                                     const modules::ModuleStore& modules) {
    if (!instance.config.enabled) return nullptr;
    const auto* found = modules.find(instance.config.plugin);
    return found && found->manifest ? &*found->manifest : nullptr;
}

bool publishes_durable(const modules::Manifest& manifest) {
    return std::ranges::any_of(manifest.publishes, [](const modules::Published& published) {
        return published.event_class == modules::EventClass::durable;
    });
}

config::ResolvedInstance instance_of(const modules::Manifest& manifest,
                                     const std::string& data_dir) {
    config::ResolvedInstance out;
    out.config.name = manifest.name;
    out.config.plugin = manifest.name;
    out.known = true;
    out.schema = manifest.settings_schema;
    config::Node nothing;
    nothing.kind = config::Node::Kind::kMapping;
    config::Diagnostics found;  // a default that breaks its schema fails the instance's start
    out.settings = config::normalise_settings(nothing, out.schema, manifest.name, "", found);
    config::fill_in_data_folder(out.settings.value, data_dir);
    return out;
}

}  // namespace

void add_stand_ins(std::vector<config::ResolvedInstance>& instances,
                   const modules::ModuleStore& modules, const std::set<std::string>& elsewhere,
                   const std::string& data_dir) {
    bool is_wanted = false;
    for (const auto& instance : instances) {
        const auto* manifest = manifest_of(instance, modules);
        if (!manifest) continue;
        const auto& provided = manifest->provides;
        if (std::ranges::find(provided, kJournal) != provided.end()) return;
        is_wanted = is_wanted || publishes_durable(*manifest);
    }
    if (!is_wanted || elsewhere.contains(std::string(kJournal))) return;
    for (const auto& inspection : modules.found()) {
        if (!inspection.manifest || inspection.manifest->stand_in_for != kJournal) continue;
        instances.push_back(instance_of(*inspection.manifest, data_dir));
        return;
    }
}

}  // namespace streamwall::runtime
