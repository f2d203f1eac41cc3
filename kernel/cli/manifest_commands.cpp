// Commands that plugins bring, from their manifests alone: help and completion load no code.
#include "cli/commands.hpp"
#include "cli/data_folder.hpp"
#include "cli/host_request.hpp"
#include "cli/plugin_command.hpp"
#include "cli/progress.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include <algorithm>
#include <deque>
#include <iterator>
#include <optional>
#include <ostream>
#include <ranges>

namespace streamwall::cli {

namespace json = boost::json;

namespace {

// What the user gave for one argument of the manifest.
struct Value {
    modules::CommandArgument argument;
    CLI::Option* option = nullptr;
    bool flag = false;
    std::vector<std::string> texts = {};
    std::vector<std::int64_t> integers = {};

    bool is_positional() const { return !argument.name.starts_with('-'); }
    std::string key() const { return argument.name.substr(argument.name.find_first_not_of('-')); }
    json::array all() const {
        if (argument.type == "integer") return json::array(integers.begin(), integers.end());
        return json::array(texts.begin(), texts.end());
    }
};

// {"name": value, "_": [positional…]}; what was not given is left out.
json::object to_json(const Session& session, const std::deque<Value>& values) {
    json::object out{{"output", session.output}};
    json::array positional;
    for (const auto& value : values) {
        if (value.option->count() == 0) continue;
        auto all = value.all();
        if (value.is_positional()) {
            positional.insert(positional.end(), all.begin(), all.end());
        } else if (value.argument.type == "flag") {
            out[value.key()] = value.flag;
        } else if (value.argument.many) {
            out[value.key()] = std::move(all);
        } else {
            out[value.key()] = std::move(all.front());
        }
    }
    out["_"] = std::move(positional);
    return out;
}

void add_argument(CLI::App& command, Value& value) {
    const auto& argument = value.argument;
    if (argument.type == "flag") {
        value.option = command.add_flag(argument.name, value.flag, argument.help);
        return;
    }
    value.option = argument.type == "integer"
                       ? command.add_option(argument.name, value.integers, argument.help)
                       : command.add_option(argument.name, value.texts, argument.help);
    // Without it a list would swallow the positional arguments that follow it.
    if (!value.is_positional()) value.option->allow_extra_args(false);
    if (!argument.many) value.option->expected(value.is_positional() ? 0 : 1, 1);
}

constexpr std::int64_t kHostTimeoutMs = 120'000;

// Whether some value is "-": standard input goes along then, and is waited for only then.
bool names_input(const std::deque<Value>& values) {
    return std::ranges::any_of(values, [](const Value& value) {
        return std::ranges::find(value.texts, "-") != value.texts.end();
    });
}

// A command of the running host is a call: service PLUGIN.commands, method COMMAND, request
// {"arguments":{…},"input":"…","progress":"…"}, reply {"out":"…"}. So it finds the plugin on
// whatever node it runs. `progress` is there where somebody looks on: how far the command is may be
// published as `command.progress` with the subject command/PROGRESS.
int run_in_host(Session& session, const HostOptions& host, const modules::Inspection& plugin,
                const modules::Command& command, const std::deque<Value>& values) {
    json::object request{{"arguments", to_json(session, values)}};
    if (names_input(values)) {
        request["input"] = std::string(std::istreambuf_iterator<char>(session.console.in), {});
    }
    const auto data = data_folder(session, host.data);
    auto client = ControlClient::connect(data);
    if (!client) return fail_with(session, client.error());
    std::optional<Progress> progress;
    if (session.console.err_is_terminal) {
        progress.emplace(session, data);
        request["progress"] = progress->id();
    }
    const auto answer = client->request({{"verb", "call"},
                                         {"service", plugin.name() + ".commands"},
                                         {"method", command.name},
                                         {"request", std::move(request)},
                                         {"timeout_ms", kHostTimeoutMs}});
    progress.reset();
    if (!answer) return fail_with(session, answer.error());
    const auto* reply = answer->if_object();
    const auto* out = reply ? reply->if_contains("out") : nullptr;
    if (out && out->is_string()) session.console.out << std::string_view(out->get_string());
    return kDone;
}

int run(Session& session, const HostOptions& host, const modules::Inspection& plugin,
        const modules::Command& command, const std::deque<Value>& values) {
    if (!command.here) return run_in_host(session, host, plugin, command, values);
    return run_plugin_command(session, plugin, command.name, to_json(session, values));
}

CLI::App* find_child(CLI::App& parent, const std::string& name) {
    const auto found =
        parent.get_subcommands([&](const CLI::App* child) { return child->check_name(name); });
    return found.empty() ? nullptr : found.front();
}

// "users list" is a command of the group "users".
CLI::App& parent_of(CLI::App& root, const std::vector<std::string>& words,
                    const std::string& plugin) {
    CLI::App* at = &root;
    for (const auto& word : words | std::views::take(words.size() - 1)) {
        auto* group = find_child(*at, word);
        at = group ? group : add_group(*at, {word, "Commands of " + plugin, ""});
    }
    return *at;
}

void add_one(CLI::App& root, Session& session, const modules::Inspection& plugin,
             const modules::Command& command) {
    std::vector<std::string> words;
    for (const auto word : std::views::split(command.name, ' ')) {
        if (!word.empty()) words.emplace_back(word.begin(), word.end());
    }
    if (words.empty()) return;
    auto& parent = parent_of(root, words, plugin.name());
    if (find_child(parent, words.back())) {
        session.console.err << fmt::format(
            "streamwall: '{}' of plugin '{}' is left out: there is such a command already\n",
            command.name, plugin.name());
        return;
    }
    std::string examples;
    for (const auto& example : command.examples)
        examples += "  " + example + "\n";
    auto values = std::make_shared<std::deque<Value>>();
    auto host = std::make_shared<HostOptions>();
    auto* added = add_command(parent, session, {words.back(), command.help, examples},
                              [&session, &plugin, &command, values, host] {
                                  return run(session, *host, plugin, command, *values);
                              });
    if (!command.here) add_host_options(*added, *host);
    for (const auto& argument : command.arguments) {
        add_argument(*added, values->emplace_back(Value{argument}));
    }
}

}  // namespace

void add_manifest_commands(CLI::App& root, Session& session) {
    for (const auto& inspection : session.modules().found()) {
        if (!inspection.manifest) continue;
        for (const auto& command : inspection.manifest->commands) {
            // A manifest is somebody's text: what CLI11 cannot take must not break the rest.
            try {
                add_one(root, session, inspection, command);
            } catch (const CLI::ConstructionError& problem) {
                session.console.err << fmt::format("streamwall: '{}' of plugin '{}': {}\n",
                                                   command.name, inspection.name(), problem.what());
            }
        }
    }
}

}  // namespace streamwall::cli
