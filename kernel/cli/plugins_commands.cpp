// `plugins …`: what is installed; the switches are in switch_commands.cpp.
#include "cli/commands.hpp"
#include "config/print.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <ostream>

namespace streamwall::cli {

namespace json = boost::json;
using modules::Inspection;
using modules::Manifest;

namespace {

json::array to_json(const std::vector<std::string>& texts) {
    return json::array(texts.begin(), texts.end());
}

json::object describe_in_short(const Inspection& inspection) {
    json::object out{{"name", inspection.name()},
                     {"file", inspection.file.string()},
                     {"usable", inspection.manifest.has_value()},
                     {"version", nullptr},
                     {"description", nullptr},
                     {"refused", nullptr},
                     {"warnings", to_json(inspection.warnings)}};
    if (inspection.manifest) {
        out["version"] = inspection.manifest->version;
        out["description"] = inspection.manifest->description;
    } else {
        out["refused"] = inspection.failure.message;
    }
    return out;
}

std::string_view class_name(modules::EventClass event_class) {
    switch (event_class) {
        case modules::EventClass::durable:
            return "durable";
        case modules::EventClass::transient:
            return "transient";
        case modules::EventClass::local:
            return "local";
    }
    return "";
}

json::array describe_needs(const Manifest& manifest) {
    json::array list;
    for (const auto& need : manifest.needs) {
        list.push_back(
            {{need.interface ? "interface" : "service", need.name}, {"optional", need.optional}});
    }
    return list;
}

json::object describe(const Inspection& inspection) {
    auto out = describe_in_short(inspection);
    if (!inspection.manifest) return out;
    const Manifest& manifest = *inspection.manifest;
    out["abi"] = fmt::format("{}.{}", manifest.abi_major, manifest.abi_minor);
    out["threading"] = {{"mode", manifest.parallel ? "parallel" : "serial"},
                        {"loop", manifest.own_loop ? "own" : "pool"}};
    out["provides"] = to_json(manifest.provides);
    out["interfaces"] = to_json(manifest.interfaces);
    out["requires"] = describe_needs(manifest);
    json::array publishes;
    for (const auto& published : manifest.publishes) {
        publishes.push_back(
            {{"type", published.type}, {"class", class_name(published.event_class)}});
    }
    out["publishes"] = std::move(publishes);
    out["subscribes"] = to_json(manifest.subscribes);
    out["permissions"] = to_json(manifest.permissions);
    json::array commands;
    for (const auto& command : manifest.commands) {
        commands.push_back({{"name", command.name},
                            {"help", command.help},
                            {"where", command.here ? "here" : "host"}});
    }
    out["commands"] = std::move(commands);
    out["settings"] = manifest.settings;
    return out;
}

int list(Session& session) {
    const auto& found = session.modules().found();
    if (session.wants_json()) {
        json::array plugins;
        for (const auto& inspection : found)
            plugins.push_back(describe_in_short(inspection));
        session.console.out << json::serialize(plugins) << '\n';
        return kDone;
    }
    std::vector<std::vector<std::string>> rows{{"NAME", "VERSION", "DESCRIPTION"}};
    for (const auto& inspection : found) {
        if (inspection.manifest) {
            rows.push_back({inspection.name(), inspection.manifest->version,
                            inspection.manifest->description});
        } else {
            rows.push_back(
                {inspection.name(), "refused",
                 fmt::format("{}: {}", inspection.file.string(), inspection.failure.message)});
        }
    }
    print_table(session.console.out, rows);
    if (found.empty()) {
        std::string folders;
        for (const auto& folder : plugin_folders(session.environment, {})) {
            folders += " " + folder.string();
        }
        session.console.err << "No plugins in:" << folders << '\n';
    }
    return kDone;
}

int inspect(Session& session, const std::string& name) {
    // A path looks at a file that no folder need hold, such as one that was just built.
    std::optional<Inspection> file;
    if (name.contains('/')) file = modules::ModuleStore::inspect(name);
    const Inspection* found = file ? &*file : session.modules().find(name);
    if (!found) {
        return fail(session, kFailed,
                    fmt::format("no plugin is called '{}'; see streamwall plugins list", name));
    }
    const json::value description = describe(*found);
    if (session.wants_json()) {
        session.console.out << json::serialize(description) << '\n';
    } else {
        session.console.out << config::to_yaml(description);
    }
    return found->manifest ? kDone : kFailed;
}

}  // namespace

void add_plugins_commands(CLI::App& root, Session& session) {
    auto* group = add_group(root, {"plugins", "Installed plugins, and those of the running host",
                                   "  streamwall plugins list\n"
                                   "  streamwall plugins inspect discovery\n"
                                   "  streamwall plugins restart hello\n"
                                   "  streamwall plugins reconfigure hello greeting=Hi"});
    add_command(*group, session,
                {"list", "What is installed, and what was refused and why",
                 "  streamwall plugins list\n"
                 "  STREAMWALL_PLUGIN_PATH=/opt/plugins streamwall plugins list --output json"},
                [&session] { return list(session); });
    auto name = std::make_shared<std::string>();
    auto* inspecting =
        add_command(*group, session,
                    {"inspect", "All that a plugin says of itself, without running it",
                     "  streamwall plugins inspect http-server\n"
                     "  streamwall plugins inspect ./build/dev/plugins/discovery.so --output json"},
                    [&session, name] { return inspect(session, *name); });
    inspecting->add_option("NAME", *name, "of the plugin, or the path of a file")->required();
    add_switch_commands(*group, session);
}

}  // namespace streamwall::cli
