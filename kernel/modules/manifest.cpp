// plugin.yaml against the schema of manifests.
#include "modules/manifest.hpp"

#include "config/settings.hpp"
#include "config/yaml_tree.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <algorithm>

namespace streamwall::modules {

namespace json = boost::json;

namespace {

constexpr std::string_view kSchema = R"json({
  "type": "object", "additionalProperties": false, "required": ["name", "version", "abi"],
  "properties": {
    "name": {"type": "string", "pattern": "^[a-z][a-z0-9]*(-[a-z0-9]+)*$", "maxLength": 63},
    "version": {"type": "string", "maxLength": 63},
    "abi": {"type": "string", "pattern": "^[0-9]+\\.[0-9]+$"},
    "description": {"type": "string"},
    "threading": {"type": "object", "additionalProperties": false, "properties": {
      "mode": {"type": "string", "enum": ["serial", "parallel"]},
      "loop": {"type": "string", "enum": ["pool", "own"]}}},
    "singleton": {"type": "boolean"},
    "stand_in_for": {"type": "string"},
    "provides": {"type": "array", "items": {"type": "string"}},
    "interfaces": {"type": "array", "items": {"type": "string"}},
    "requires": {"type": "array", "items": {"type": "object", "additionalProperties": false,
      "properties": {"service": {"type": "string"}, "interface": {"type": "string"},
                     "optional": {"type": "boolean"}}}},
    "publishes": {"type": "array", "items": {"type": "object", "additionalProperties": false,
      "required": ["type"], "properties": {
        "type": {"type": "string"},
        "class": {"type": "string", "enum": ["durable", "transient", "local"]}}}},
    "subscribes": {"type": "array", "items": {"type": "string"}},
    "permissions": {"type": "array", "items": {"type": "string"}},
    "commands": {"type": "array", "items": {"type": "object", "additionalProperties": false,
      "required": ["name", "help"], "properties": {
        "name": {"type": "string"}, "help": {"type": "string"},
        "where": {"type": "string", "enum": ["here", "host"]},
        "examples": {"type": "array", "items": {"type": "string"}},
        "arguments": {"type": "array", "items": {"type": "object", "additionalProperties": false,
          "required": ["name", "help"], "properties": {
            "name": {"type": "string"}, "help": {"type": "string"},
            "type": {"type": "string", "enum": ["text", "integer", "flag"]},
            "many": {"type": "boolean"}}}}}}},
    "settings": {"type": "object", "additionalProperties": true}
  }
})json";

const config::Schema& schema() {
    static const config::Schema compiled = *config::Schema::compile(json::parse(kSchema));
    return compiled;
}

std::string text_of(const json::object& from, std::string_view name,
                    std::string_view otherwise = "") {
    const auto* found = from.if_contains(name);
    return std::string(found && found->is_string() ? std::string_view(found->get_string())
                                                   : otherwise);
}
bool flag_of(const json::object& from, std::string_view name, bool otherwise = false) {
    const auto* found = from.if_contains(name);
    return found && found->is_bool() ? found->get_bool() : otherwise;
}
std::vector<std::string> list_of(const json::object& from, std::string_view name) {
    std::vector<std::string> out;
    if (const auto* found = from.if_contains(name)) {
        for (const auto& item : found->as_array())
            out.emplace_back(item.as_string());
    }
    return out;
}
template <class Each>
void each_of(const json::object& from, std::string_view name, Each each) {
    if (const auto* found = from.if_contains(name)) {
        for (const auto& item : found->as_array())
            each(item.as_object());
    }
}

Command read_command(const json::object& from) {
    Command command{text_of(from, "name"),
                    text_of(from, "help"),
                    text_of(from, "where", "here") == "here",
                    {},
                    list_of(from, "examples")};
    each_of(from, "arguments", [&](const json::object& argument) {
        command.arguments.push_back({text_of(argument, "name"), text_of(argument, "help"),
                                     text_of(argument, "type", "text"), flag_of(argument, "many")});
    });
    return command;
}

Manifest read_fields(const json::object& from) {
    Manifest out;
    out.name = text_of(from, "name");
    out.version = text_of(from, "version");
    out.description = text_of(from, "description");
    const auto abi = text_of(from, "abi");
    out.abi_major = std::atoi(abi.c_str());
    out.abi_minor = std::atoi(abi.c_str() + abi.find('.') + 1);
    if (const auto* threading = from.if_contains("threading")) {
        out.parallel = text_of(threading->as_object(), "mode") == "parallel";
        out.own_loop = text_of(threading->as_object(), "loop") == "own";
    }
    out.singleton = flag_of(from, "singleton");
    out.stand_in_for = text_of(from, "stand_in_for");
    out.provides = list_of(from, "provides");
    out.interfaces = list_of(from, "interfaces");
    out.subscribes = list_of(from, "subscribes");
    out.permissions = list_of(from, "permissions");
    each_of(from, "requires", [&](const json::object& need) {
        const bool interface = need.contains("interface");
        out.needs.push_back({text_of(need, interface ? "interface" : "service"), interface,
                             flag_of(need, "optional")});
    });
    each_of(from, "publishes", [&](const json::object& published) {
        const auto name = text_of(published, "class", "transient");
        out.publishes.push_back({text_of(published, "type"), name == "durable" ? EventClass::durable
                                                             : name == "local"
                                                                 ? EventClass::local
                                                                 : EventClass::transient});
    });
    each_of(from, "commands",
            [&](const json::object& command) { out.commands.push_back(read_command(command)); });
    return out;
}

// As "$id" says, "stream.created/1.0"; 1.0 without one.
std::string version_of(const json::value& schema) {
    const auto* object = schema.if_object();
    const auto* id = object ? object->if_contains("$id") : nullptr;
    if (!id || !id->is_string()) return "1.0";
    const std::string_view text = id->get_string();
    return std::string(text.substr(text.rfind('/') + 1));
}

// "events/stream.created.json" or "events/stream.created-2.0.json" → "stream.created"
std::string type_of_file(std::string_view file) {
    file.remove_prefix(std::min(file.find('/') + 1, file.size()));
    file = file.substr(0, file.rfind(".json"));
    const auto dash = file.rfind('-');
    if (dash != std::string_view::npos && dash + 1 < file.size() && file[dash + 1] >= '0' &&
        file[dash + 1] <= '9') {
        file = file.substr(0, dash);
    }
    return std::string(file);
}

config::Diagnostic problem(const std::string& file, const std::string& path, std::string message) {
    return {
        file, {}, path, config::Code::kBadSchema, std::move(message), "", config::Severity::kError};
}

void compile_into(const json::value& source, config::Schema& into, const std::string& file,
                  const std::string& path, config::Diagnostics& out) {
    auto compiled = config::Schema::compile(source);
    if (compiled) {
        into = std::move(*compiled);
        return;
    }
    for (const auto& error : compiled.error()) {
        out.push_back(problem(file, path + error.pointer, error.message));
    }
}

}  // namespace

const Published* Manifest::find_published(std::string_view type) const {
    const auto found = std::ranges::find(publishes, type, &Published::type);
    return found == publishes.end() ? nullptr : &*found;
}

bool Manifest::may(std::string_view permission) const {
    return std::ranges::find(permissions, permission) != permissions.end();
}

std::expected<Manifest, config::Diagnostics> parse_manifest(std::string_view text,
                                                            const std::string& file) {
    constexpr std::string_view kMark = "\n--- events/";
    const auto yaml = text.substr(0, text.find(kMark));
    auto document = config::parse_yaml(yaml, file);
    auto& found = document.diagnostics;
    const auto fields = config::normalise_settings(document.root, schema(), file, "", found);
    if (config::has_errors(found)) return std::unexpected(std::move(found));
    auto manifest = read_fields(fields.value.as_object());
    const auto* settings = document.root.find("settings");
    manifest.settings = settings ? config::to_json(*settings)
                                 : json::value{{"type", "object"}, {"additionalProperties", false}};
    compile_into(manifest.settings, manifest.settings_schema, file, "settings", found);
    for (auto at = text.find(kMark); at != std::string_view::npos;) {
        const auto line = at + 5;
        const auto end = text.find('\n', line);
        const auto next = text.find(kMark, line);
        const auto name = text.substr(line, end - line);
        const auto body = text.substr(end + 1, next == text.npos ? text.npos : next - end - 1);
        boost::system::error_code failed;
        const auto source = json::parse(body, failed);
        const auto type = type_of_file(name);
        if (failed) {
            found.push_back(
                problem(file, std::string(name), "malformed JSON: " + failed.message()));
        } else {
            compile_into(source, manifest.event_schemas[type], file, std::string(name), found);
            manifest.events.push_back({type, version_of(source), source});
        }
        at = next;
    }
    if (config::has_errors(found)) return std::unexpected(std::move(found));
    return manifest;
}

}  // namespace streamwall::modules
