// `plugins enable …`: switches and settings of plugins that run.
#include "cli/commands.hpp"
#include "cli/host_request.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include <expected>
#include <istream>
#include <iterator>
#include <ostream>

namespace streamwall::cli {

namespace json = boost::json;

namespace {

struct SwitchOptions {
    HostOptions host;
    std::string instance;
    std::vector<std::string> pairs;
    std::string settings;
};

std::string state_of(const json::value& answer) {
    const auto* object = answer.if_object();
    const auto* plugin = object ? object->if_contains("plugin") : nullptr;
    const auto* state =
        plugin && plugin->is_object() ? plugin->get_object().if_contains("state") : nullptr;
    return state && state->is_string() ? std::string(state->get_string()) : std::string("done");
}

int give_order(Session& session, const std::string& name, const SwitchOptions& options,
               const json::object* settings = nullptr) {
    json::object request{{"verb", "plugins." + name}};
    if (!options.instance.empty()) request["instance"] = options.instance;
    if (!options.host.node.empty()) request["node"] = options.host.node;
    if (settings) request["settings"] = *settings;
    return with_answer(session, options.host, request, [&](const json::value& answer) {
        const auto whom = options.instance.empty() ? "all" : options.instance;
        session.console.out << fmt::format("{}: {}\n", whom, state_of(answer));
    });
}

CLI::App* add_switch(CLI::App& group, Session& session, const std::string& name,
                     const std::string& help, bool needs_instance = true) {
    auto options = std::make_shared<SwitchOptions>();
    auto* command =
        add_command(group, session,
                    {name, help,
                     fmt::format("  streamwall plugins {0} hello\n"
                                 "  streamwall plugins {0} hello --node ingest",
                                 name)},
                    [&session, options, name] { return give_order(session, name, *options); });
    auto* instance =
        command->add_option("INSTANCE", options->instance, "as the configuration names it");
    instance->required(needs_instance);
    add_node_options(*command, options->host);
    return command;
}

// limits.high=3 → {"limits":{"high":3}}; what is no JSON is text.
std::expected<void, std::string> add_pair(json::object& into, const std::string& pair) {
    const auto equals = pair.find('=');
    if (equals == std::string::npos || equals == 0) {
        return std::unexpected(fmt::format("'{}' is no setting; write name=value", pair));
    }
    auto* at = &into;
    auto name = pair.substr(0, equals);
    for (auto dot = name.find('.'); dot != std::string::npos; dot = name.find('.')) {
        auto& inner = (*at)[name.substr(0, dot)];
        if (!inner.is_object()) inner = json::object();
        at = &inner.get_object();
        name = name.substr(dot + 1);
    }
    const auto text = pair.substr(equals + 1);
    boost::system::error_code malformed;
    auto value = json::parse(text, malformed);
    (*at)[name] = malformed ? json::value(text) : std::move(value);
    return {};
}

std::expected<json::object, std::string> read_settings(Session& session,
                                                       const SwitchOptions& options) {
    json::object settings;
    if (!options.settings.empty()) {
        auto text = options.settings;
        if (text == "-") text.assign(std::istreambuf_iterator<char>(session.console.in), {});
        boost::system::error_code malformed;
        auto given = json::parse(text, malformed);
        if (malformed || !given.is_object()) {
            return std::unexpected("the settings are no JSON object");
        }
        settings = std::move(given.get_object());
    }
    for (const auto& pair : options.pairs) {
        if (auto added = add_pair(settings, pair); !added) return std::unexpected(added.error());
    }
    if (settings.empty()) return std::unexpected("say which settings: name=value, or --settings");
    return settings;
}

int reconfigure(Session& session, const SwitchOptions& options) {
    const auto settings = read_settings(session, options);
    if (!settings) return fail(session, kWrongUsage, settings.error());
    return give_order(session, "reconfigure", options, &*settings);
}

void add_reconfigure(CLI::App& group, Session& session) {
    auto options = std::make_shared<SwitchOptions>();
    auto* command = add_command(
        group, session,
        {"reconfigure", "Gives an instance other settings, live where it can take them so",
         "  streamwall plugins reconfigure hello greeting=Hi\n"
         "  streamwall plugins reconfigure discovery seen_capacity=5000 place_hint=null\n"
         "  streamwall plugins reconfigure hello --settings - < settings.json\n"
         "\nA value is JSON, else text; null takes a setting back to the file's. The settings "
         "beat\n"
         "the file until `plugins reset`. Where they fail, the old ones stay in force."},
        [&session, options] { return reconfigure(session, *options); });
    command->add_option("INSTANCE", options->instance, "as the configuration names it")->required();
    command->add_option("NAME=VALUE", options->pairs, "settings; dots lead into mappings");
    command->add_option("--settings", options->settings, "a JSON object; - for standard input")
        ->type_name("JSON");
    add_node_options(*command, options->host);
}

}  // namespace

void add_switch_commands(CLI::App& group, Session& session) {
    add_switch(group, session, "enable", "Starts an instance that was disabled");
    add_switch(group, session, "disable",
               "Stops an instance; it stays off after a restart of the host too");
    add_switch(group, session, "restart", "Stops an instance and starts it again");
    add_reconfigure(group, session);
    add_switch(group, session, "reset",
               "Takes switches and settings back to what the file says; of all without INSTANCE",
               false);
}

}  // namespace streamwall::cli
