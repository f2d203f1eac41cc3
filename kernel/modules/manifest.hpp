// Manifest: what plugin.yaml says, read before any code of the plugin runs.
#pragma once

#include "config/schema.hpp"
#include "config/source.hpp"

#include <boost/json/value.hpp>

#include <expected>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace streamwall::modules {

struct Need {
    std::string name;
    bool interface = false;  // a local interface, else a service
    bool optional = false;
};

enum class EventClass { durable, transient, local };

struct Published {
    std::string type;
    EventClass event_class = EventClass::transient;
};

struct CommandArgument {
    std::string name;  // "--output"; without dashes: positional
    std::string help;
    std::string type;  // text, integer, flag
    bool many = false;
};

struct Command {
    std::string name, help;
    bool here = true;  // in the command line's own process; else in the running host
    std::vector<CommandArgument> arguments;
    std::vector<std::string> examples;
};

// A schema from events/: of one version of one type.
struct EventSchema {
    std::string type, version;
    boost::json::value source;
};

struct Manifest {
    std::string name, version, description;
    int abi_major = 0, abi_minor = 0;
    bool parallel = false;
    bool own_loop = false;
    bool singleton = false;    // one of all instances in the system runs, the others stand by
    std::string stand_in_for;  // a service: added by the host where it is wanted and nobody has it
    std::vector<std::string> provides, interfaces, subscribes, permissions;
    std::vector<Need> needs;
    std::vector<Published> publishes;
    std::vector<Command> commands;
    boost::json::value settings;  // the schema as written
    config::Schema settings_schema;
    std::map<std::string, config::Schema> event_schemas;  // by type, from events/*.json
    std::vector<EventSchema> events;

    const Published* find_published(std::string_view type) const;
    bool may(std::string_view permission) const;
};

// `text` is the section: the YAML, then "--- events/NAME.json" and a schema, repeated. Every
// mistake at once, with its place in `file`.
std::expected<Manifest, config::Diagnostics> parse_manifest(std::string_view text,
                                                            const std::string& file);

}  // namespace streamwall::modules
