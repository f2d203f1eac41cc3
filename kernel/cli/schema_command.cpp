// `schema`: JSON Schemas of the configuration, for editors, and of events, for readers.
#include "cli/commands.hpp"
#include "config/print.hpp"
#include "config/topology_schemas.hpp"
#include "runtime/announcer.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include <fstream>
#include <map>
#include <ostream>

namespace streamwall::cli {

namespace fs = std::filesystem;
namespace json = boost::json;

namespace {

struct SchemaOptions {
    std::string folder = "config/schemas";
    bool check = false;
};

// The repository's files must not change with the machine that writes them.
std::string pretty(const json::value& value, int indent = 0) {
    const std::string margin(static_cast<std::size_t>(indent) + 2, ' ');
    const std::string end(static_cast<std::size_t>(indent), ' ');
    const auto plain = json::serialize(value);
    if (plain.size() + static_cast<std::size_t>(indent) < 90) return plain;
    std::string out;
    if (const auto* object = value.if_object()) {
        for (const auto& [key, member] : *object) {
            out += fmt::format("{}{}{}: {}", out.empty() ? "{\n" : ",\n", margin,
                               json::serialize(json::string(key)), pretty(member, indent + 2));
        }
        return out.empty() ? "{}" : out + "\n" + end + "}";
    }
    if (const auto* array = value.if_array()) {
        for (const auto& item : *array) {
            out += fmt::format("{}{}{}", out.empty() ? "[\n" : ",\n", margin,
                               pretty(item, indent + 2));
        }
        return out.empty() ? "[]" : out + "\n" + end + "]";
    }
    return plain;
}

std::string file_text(json::object schema) {
    json::object out{{"$schema", "https://json-schema.org/draft/2020-12/schema"}};
    for (auto& [key, value] : schema) {
        if (key != "$schema") out[key] = value;
    }
    return pretty(out) + "\n";
}

// A number may be written as ${NAME}, which becomes one when the file is read.
void allow_substitution(json::value& schema) {
    auto* object = schema.if_object();
    if (object == nullptr) return;
    for (const auto* keyword : {"properties", "additionalProperties", "items"}) {
        auto* inner = object->if_contains(keyword);
        if (inner == nullptr) continue;
        if (std::string_view(keyword) == "properties" && inner->is_object()) {
            for (auto& property : inner->get_object())
                allow_substitution(property.value());
        } else {
            allow_substitution(*inner);
        }
    }
    const auto* type = object->if_contains("type");
    const bool is_plain = type && (*type == "integer" || *type == "number" || *type == "boolean");
    if (!is_plain) return;
    auto original = std::exchange(schema, nullptr);
    schema = {{"anyOf", {std::move(original), {{"type", "string"}, {"pattern", "[$][{]"}}}}};
}

// The settings of one plugin, with the keys that the kernel keeps for itself.
json::object instance_schema(const json::value& settings) {
    auto out = config::reserved_schema_source().as_object();
    auto& properties = out["properties"].as_object();
    const auto* own = settings.if_object();
    if (const auto* named = own ? own->if_contains("properties") : nullptr) {
        for (const auto& [key, schema] : named->as_object())
            properties[key] = schema;
    }
    const auto* others = own ? own->if_contains("additionalProperties") : nullptr;
    out["additionalProperties"] = others ? *others : json::value(false);
    return out;
}

// Of a whole file: plugins that this program finds are known by the name of their instance.
json::value topology_schema(const modules::ModuleStore& modules) {
    auto out = config::structure_schema_source().as_object();
    json::object plugins;
    for (const auto& inspection : modules.found()) {
        if (!inspection.manifest) continue;
        plugins[inspection.name()] = instance_schema(inspection.manifest->settings);
    }
    auto& properties = out["properties"].as_object();
    auto& instances = properties["plugins"].as_object();
    instances["properties"] = std::move(plugins);
    properties["kernel"] = config::kernel_schema_source();
    out["title"] = "A configuration of streamwall";
    json::value schema = std::move(out);
    allow_substitution(schema);
    return schema;
}

std::map<std::string, std::string> all_files(Session& session) {
    const auto& modules = session.modules();
    std::map<std::string, std::string> files;
    files["topology.json"] = file_text(topology_schema(modules).as_object());
    const auto add_event = [&](const std::string& type, const std::string& version,
                               const json::value& schema) {
        files[fmt::format("events/{}-{}.json", type, version)] = file_text(schema.as_object());
    };
    for (const auto& event : runtime::kernel_event_schemas())
        add_event(event.type, event.version, event.source);
    for (const auto& inspection : modules.found()) {
        if (!inspection.manifest) continue;
        if (inspection.manifest->settings.is_object()) {
            files[fmt::format("plugins/{}.json", inspection.name())] =
                file_text(inspection.manifest->settings.get_object());
        }
        for (const auto& event : inspection.manifest->events)
            add_event(event.type, event.version, event.source);
    }
    return files;
}

std::string content_of(const fs::path& file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

// Files that a plugin left behind which is gone.
std::vector<fs::path> strays(const fs::path& folder,
                             const std::map<std::string, std::string>& files) {
    std::vector<fs::path> out;
    std::error_code failed;
    for (fs::recursive_directory_iterator at(folder, failed), end; !failed && at != end;
         at.increment(failed)) {
        if (!at->is_regular_file() || at->path().extension() != ".json") continue;
        if (!files.contains(fs::relative(at->path(), folder).generic_string())) {
            out.push_back(at->path());
        }
    }
    return out;
}

int check(Session& session, const fs::path& folder,
          const std::map<std::string, std::string>& files) {
    json::array different;
    for (const auto& [name, text] : files) {
        if (content_of(folder / name) != text) different.emplace_back((folder / name).string());
    }
    for (const auto& file : strays(folder, files))
        different.emplace_back(file.string());
    if (session.wants_json()) {
        session.console.out << json::serialize(json::object{{"different", different}}) << '\n';
    } else {
        for (const auto& file : different)
            session.console.err << std::string(file.as_string()) << " is not up to date\n";
    }
    if (different.empty()) return kDone;
    if (session.wants_json()) return kFailed;
    return fail(session, kFailed, "write them anew with `streamwall schema`");
}

int write(Session& session, const SchemaOptions& options) {
    const fs::path folder = options.folder;
    const auto files = all_files(session);
    if (options.check) return check(session, folder, files);
    for (const auto& [name, text] : files) {
        const auto file = folder / name;
        std::error_code failed;
        fs::create_directories(file.parent_path(), failed);
        std::ofstream stream(file, std::ios::binary);
        stream << text;
        stream.close();
        if (!stream) return fail(session, kFailed, file.string() + " cannot be written");
    }
    const auto gone = strays(folder, files);
    for (const auto& file : gone)
        fs::remove(file);
    if (session.wants_json()) {
        session.console.out << json::serialize(json::object{{"folder", folder.string()},
                                                            {"written", files.size()},
                                                            {"removed", gone.size()}})
                            << '\n';
    } else {
        session.console.out << fmt::format("{}: {} schemas\n", folder.string(), files.size());
    }
    return kDone;
}

}  // namespace

void add_schema_command(CLI::App& root, Session& session) {
    auto options = std::make_shared<SchemaOptions>();
    auto* command = add_command(
        root, session,
        {"schema", "Writes the JSON Schemas of the configuration, of settings and of events",
         "  streamwall schema\n"
         "  streamwall schema --folder /tmp/schemas\n"
         "  streamwall schema --check\n"
         "\nAn editor that knows topology.json completes and checks the configuration while one\n"
         "types: # yaml-language-server: $schema=schemas/topology.json"},
        [&session, options] { return write(session, *options); });
    command->add_option("--folder", options->folder, "where they are [config/schemas]")
        ->type_name("FOLDER");
    command->add_flag("--check", options->check, "write nothing; fail where a file is out of date");
}

}  // namespace streamwall::cli
