// Commands that ask the running host: `status`, `events tap`, `dead-letters …`, `call`, `show`.
// Those about all nodes are in nodes_commands.cpp.
#include "cli/commands.hpp"
#include "cli/host_request.hpp"
#include "runtime/control/control_server.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include <istream>
#include <iterator>
#include <ostream>

namespace streamwall::cli {

namespace json = boost::json;

namespace {

std::string text_at(const json::value& object, std::string_view name) {
    const auto* found = object.is_object() ? object.get_object().if_contains(name) : nullptr;
    if (!found || found->is_null()) return "";
    return found->is_string() ? std::string(found->get_string()) : json::serialize(*found);
}

// `reason` of what does not run, and of what runs badly.
std::string reason_of(const json::value& plugin) {
    const auto reason = text_at(plugin, "reason");
    return reason.empty() ? text_at(plugin, "health_reason") : reason;
}

void print_status(std::ostream& out, const json::value& status) {
    out << "node " << text_at(status, "node") << "\n\n";
    std::vector<std::vector<std::string>> rows{
        {"INSTANCE", "VERSION", "STATE", "HEALTH", "RESTARTS", "REASON"}};
    const auto* plugins = status.is_object() ? status.get_object().if_contains("plugins") : nullptr;
    if (plugins && plugins->is_array()) {
        for (const auto& plugin : plugins->get_array()) {
            rows.push_back({text_at(plugin, "name"), text_at(plugin, "version"),
                            text_at(plugin, "state"), text_at(plugin, "health"),
                            text_at(plugin, "restarts"), reason_of(plugin)});
        }
    }
    print_table(out, rows);
}

void add_status(CLI::App& root, Session& session) {
    auto options = std::make_shared<HostOptions>();
    auto* command = add_command(
        root, session,
        {"status", "State and health of every plugin of the running host",
         "  streamwall status\n"
         "  streamwall status --data /var/lib/streamwall --output json"},
        [&session, options] {
            return with_answer(
                session, *options, {{"verb", "status"}},
                [&](const json::value& answer) { print_status(session.console.out, answer); });
        });
    add_host_options(*command, *options);
}

int tap(Session& session, const HostOptions& options, const std::string& pattern, bool all) {
    auto client = ControlClient::connect(data_folder(session, options.data));
    if (!client) return fail_with(session, client.error());
    json::object request{{"verb", "events.tap"}, {"pattern", pattern}};
    if (all)
        request["nodes"] = "*";
    else if (!options.node.empty())
        request["nodes"] = json::array{options.node};
    const auto ended = client->stream(request, [&](const json::object& message) {
        if (const auto* event = message.if_contains("line")) {
            session.console.out << json::serialize(*event) << std::endl;
        } else if (const auto* lost = message.if_contains("dropped")) {
            session.console.err << "streamwall: " << json::serialize(*lost)
                                << " events were lost here: this terminal is too slow\n";
        }
        return static_cast<bool>(session.console.out);
    });
    return ended ? int{kDone} : fail_with(session, ended.error());
}

void add_events(CLI::App& root, Session& session) {
    struct Options {
        HostOptions host;
        std::string pattern = ">";
        bool all = false;
    };
    auto options = std::make_shared<Options>();
    auto* group = add_group(
        root, {"events", "Events of the running host", "  streamwall events tap 'stream.*'"});
    auto* command =
        add_command(*group, session,
                    {"tap", "Shows events as they happen, one JSON envelope a line, until Ctrl-C",
                     "  streamwall events tap\n"
                     "  streamwall events tap 'chat.>' --node ingest\n"
                     "  streamwall events tap plugin.state_changed --all"},
                    [&session, options] {
                        return tap(session, options->host, options->pattern, options->all);
                    });
    command->add_flag("--all", options->all, "those of all nodes");
    command->add_option("PATTERN", options->pattern,
                        "of types: * is one part, > at the end all that follow [>]");
    add_node_options(*command, options->host);
}

void print_dead_letters(std::ostream& out, const json::value& answer) {
    std::vector<std::vector<std::string>> rows{{"ID", "SUBSCRIPTION", "EVENT", "TRIES", "ERROR"}};
    const auto* list =
        answer.is_object() ? answer.get_object().if_contains("dead_letters") : nullptr;
    if (list && list->is_array()) {
        for (const auto& letter : list->get_array()) {
            const auto* event =
                letter.is_object() ? letter.get_object().if_contains("event") : nullptr;
            const auto* error =
                letter.is_object() ? letter.get_object().if_contains("error") : nullptr;
            rows.push_back({text_at(letter, "id"), text_at(letter, "name"),
                            event ? text_at(*event, "type") : "", text_at(letter, "attempts"),
                            error ? text_at(*error, "message") : ""});
        }
    }
    print_table(out, rows);
}

struct LetterOptions {
    HostOptions host;
    std::int64_t id = 0;
    std::int64_t after = 0;
    std::int64_t limit = 100;
};

json::object about_letters(const LetterOptions& options, const std::string& verb,
                           json::object request) {
    request["verb"] = "dead_letters." + verb;
    if (!options.host.node.empty()) request["node"] = options.host.node;
    return request;
}

void add_letter_order(CLI::App& group, Session& session, const std::string& name,
                      const std::string& help) {
    auto options = std::make_shared<LetterOptions>();
    auto* command = add_command(
        group, session, {name, help, fmt::format("  streamwall dead-letters {} 17", name)},
        [&session, options, name] {
            return with_answer(session, options->host,
                               about_letters(*options, name, {{"id", options->id}}),
                               [&](const json::value&) {
                                   session.console.out << options->id << ": gone from the list\n";
                               });
        });
    command->add_option("ID", options->id, "as the list shows it")->required();
    add_node_options(*command, options->host);
}

void add_dead_letters(CLI::App& root, Session& session) {
    auto* group =
        add_group(root, {"dead-letters", "Events that a subscription gave up, after all its tries",
                         "  streamwall dead-letters list\n  streamwall dead-letters retry 17"});
    auto options = std::make_shared<LetterOptions>();
    auto* listing = add_command(
        *group, session,
        {"list", "The oldest first",
         "  streamwall dead-letters list\n  streamwall dead-letters list --after 117 --limit 50"},
        [&session, options] {
            return with_answer(
                session, options->host,
                about_letters(*options, "list",
                              {{"after", options->after}, {"limit", options->limit}}),
                [&](const json::value& answer) {
                    print_dead_letters(session.console.out, answer);
                });
        });
    listing->add_option("--after", options->after, "only ids above this one")->type_name("ID");
    listing->add_option("--limit", options->limit, "how many [100]")->check(CLI::Range(1, 1000));
    add_node_options(*listing, options->host);
    add_letter_order(*group, session, "retry", "Delivers one again; it goes once that succeeded");
    add_letter_order(*group, session, "drop", "Removes one undelivered");
}

struct CallOptions {
    HostOptions host;
    std::string service, method;
    std::string request = "{}";
    double timeout = 10;
};

int call(Session& session, const CallOptions& options) {
    auto text = options.request;
    if (text == "-") text.assign(std::istreambuf_iterator<char>(session.console.in), {});
    boost::system::error_code malformed;
    const auto request = json::parse(text, malformed);
    if (malformed) {
        return fail(session, kWrongUsage,
                    fmt::format("the request is not JSON: {}", malformed.message()));
    }
    return with_answer(
        session, options.host,
        {{"verb", "call"},
         {"service", options.service},
         {"method", options.method},
         {"request", request},
         {"timeout_ms", static_cast<std::int64_t>(options.timeout * 1000)}},
        [&](const json::value& answer) { session.console.out << json::serialize(answer) << '\n'; });
}

void add_call(CLI::App& root, Session& session) {
    auto options = std::make_shared<CallOptions>();
    auto* command = add_command(root, session,
                                {"call", "Calls a method of a service as the operator",
                                 "  streamwall call catalog.streams list '{\"limit\":5}'\n"
                                 "  echo '{\"id\":5}' | streamwall call catalog.streams get -"},
                                [&session, options] { return call(session, *options); });
    command->add_option("SERVICE", options->service, "such as catalog.streams")->required();
    command->add_option("METHOD", options->method, "such as list")->required();
    command->add_option("JSON", options->request, "the request, - for standard input [{}]");
    command->add_option("--timeout", options->timeout, "how long to wait [10]")
        ->type_name("SECONDS")
        ->check(CLI::Range(0.001, 300.0));
    add_host_options(*command, options->host);
}

void add_introspect(CLI::App& root, Session& session) {
    struct Options {
        HostOptions host;
        std::string what;
    };
    auto options = std::make_shared<Options>();
    auto* command = add_command(
        root, session,
        {"show", "A document of the running host, as its REST interface has it",
         "  streamwall show services\n  streamwall show metrics"},
        [&session, options] {
            json::object request{{"verb", "introspect"}, {"what", options->what}};
            if (!options->host.node.empty()) request["node"] = options->host.node;
            return with_answer(session, options->host, request, [&](const json::value& answer) {
                session.console.out << (answer.is_string() ? std::string(answer.get_string())
                                                           : json::serialize(answer) + "\n");
            });
        });
    command
        ->add_option("WHAT", options->what,
                     "node, plugins, services, interfaces, events, schemas, health, graph, load or "
                     "metrics")
        ->required();
    add_node_options(*command, options->host);
}

}  // namespace

void add_host_options(CLI::App& command, HostOptions& options) {
    command
        .add_option("--data", options.data,
                    "data folder of the host [STREAMWALL_DATA_DIR, or ./var]")
        ->type_name("FOLDER");
}

void add_node_options(CLI::App& command, HostOptions& options) {
    add_host_options(command, options);
    command.add_option("--node", options.node, "a node that this host can reach [its own]")
        ->type_name("NAME");
}

int fail_with(Session& session, const ClientFailure& problem) {
    if (session.wants_json()) {
        const json::object error{{"code", control::status_name(problem.failure.code)},
                                 {"message", problem.failure.message},
                                 {"exit", problem.exit_code}};
        session.console.out << json::serialize(json::object{{"error", error}}) << '\n';
        return problem.exit_code;
    }
    return fail(session, problem.exit_code, problem.failure.message);
}

int with_answer(Session& session, const HostOptions& options, const json::object& request,
                const std::function<void(const json::value&)>& print) {
    auto client = ControlClient::connect(data_folder(session, options.data));
    if (!client) return fail_with(session, client.error());
    // Above the longest time that `call` may ask for.
    const auto answer = client->request(request, std::chrono::minutes(6));
    if (!answer) return fail_with(session, answer.error());
    if (session.wants_json()) {
        session.console.out << json::serialize(*answer) << '\n';
    } else {
        print(*answer);
    }
    return kDone;
}

void add_host_commands(CLI::App& root, Session& session) {
    add_status(root, session);
    add_introspect(root, session);
    add_events(root, session);
    add_dead_letters(root, session);
    add_call(root, session);
}

}  // namespace streamwall::cli
