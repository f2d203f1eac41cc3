// `top`: what the plugins of a node have to do, again and again.
#include "cli/commands.hpp"
#include "cli/host_request.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include <ostream>
#include <thread>

namespace streamwall::cli {

namespace json = boost::json;

namespace {

struct TopOptions {
    HostOptions host;
    bool once = false;
    double interval = 2;
};

const json::object& object_of(const json::value& value) {
    static const json::object none;
    return value.is_object() ? value.get_object() : none;
}

double number_of(const json::object& from, std::string_view name) {
    const auto* found = from.if_contains(name);
    boost::system::error_code none;
    return found && found->is_number() ? found->to_number<double>(none) : 0;
}

std::string text_of(const json::object& from, std::string_view name) {
    const auto* found = from.if_contains(name);
    return found && found->is_string() ? std::string(found->get_string()) : "";
}

const json::array& plugins_of(const json::object& sample) {
    static const json::array none;
    const auto* found = sample.if_contains("plugins");
    return found && found->is_array() ? found->get_array() : none;
}

const json::object& same_plugin(const json::object& sample, const std::string& name) {
    for (const auto& plugin : plugins_of(sample)) {
        if (text_of(object_of(plugin), "name") == name) return object_of(plugin);
    }
    return object_of(json::value());
}

// Two samples as one, with what happened between them in a second.
json::object with_rates(const json::object& before, json::object now) {
    const auto seconds = (number_of(now, "at_ms") - number_of(before, "at_ms")) / 1000;
    auto plugins = plugins_of(now);
    for (auto& value : plugins) {
        auto& plugin = value.as_object();
        const auto& earlier = same_plugin(before, text_of(plugin, "name"));
        for (const auto* counter : {"events", "calls"}) {
            const auto change = number_of(plugin, counter) - number_of(earlier, counter);
            // A plugin that was restarted counts from zero.
            plugin[fmt::format("{}_per_second", counter)] =
                seconds > 0 && change > 0 ? change / seconds : 0.0;
        }
    }
    now["plugins"] = std::move(plugins);
    return now;
}

void print_sample(std::ostream& out, const json::object& sample) {
    out << fmt::format("node {}  pid {:.0f}  threads {:.0f}  memory {:.1f} MiB  up {:.0f} s\n\n",
                       text_of(sample, "node"), number_of(sample, "pid"),
                       number_of(sample, "threads"), number_of(sample, "rss_kib") / 1024,
                       number_of(sample, "uptime_ms") / 1000);
    std::vector<std::vector<std::string>> rows{{"PLUGIN", "STATE", "HEALTH", "QUEUED", "EVENTS/s",
                                                "CALLS/s", "DROPPED", "FAILED", "REASON"}};
    for (const auto& value : plugins_of(sample)) {
        const auto& plugin = object_of(value);
        rows.push_back({text_of(plugin, "name"), text_of(plugin, "state"),
                        text_of(plugin, "health"), fmt::format("{}", number_of(plugin, "queued")),
                        fmt::format("{:.1f}", number_of(plugin, "events_per_second")),
                        fmt::format("{:.1f}", number_of(plugin, "calls_per_second")),
                        fmt::format("{}", number_of(plugin, "dropped")),
                        fmt::format("{}", number_of(plugin, "failed_calls")),
                        text_of(plugin, "reason")});
    }
    print_table(out, rows);
}

int top(Session& session, const TopOptions& options) {
    auto client = ControlClient::connect(data_folder(session, options.host.data));
    if (!client) return fail_with(session, client.error());
    json::object request{{"verb", "introspect"}, {"what", "load"}};
    if (!options.host.node.empty()) request["node"] = options.host.node;
    auto before = client->request(request);
    if (!before) return fail_with(session, before.error());
    // One look has no rates: two, a second apart, have.
    const auto pause = std::chrono::duration<double>(options.once ? 1 : options.interval);
    for (;;) {
        std::this_thread::sleep_for(pause);
        auto now = client->request(request);
        if (!now) return fail_with(session, now.error());
        const auto sample = with_rates(object_of(*before), object_of(*now));
        auto& out = session.console.out;
        if (session.wants_json()) {
            out << json::serialize(sample) << std::endl;
        } else {
            if (!options.once) out << "\x1b[H\x1b[2J";
            print_sample(out, sample);
            out.flush();
        }
        if (options.once || !out) return kDone;
        before = std::move(now);
    }
}

}  // namespace

void add_top_command(CLI::App& root, Session& session) {
    auto options = std::make_shared<TopOptions>();
    auto* command =
        add_command(root, session,
                    {"top", "What the plugins of a node have to do, refreshed until Ctrl-C",
                     "  streamwall top\n"
                     "  streamwall top --node ingest --interval 0.5\n"
                     "  streamwall top --once --output json"},
                    [&session, options] { return top(session, *options); });
    command->add_flag("--once", options->once, "measure for one second, print, end");
    command->add_option("--interval", options->interval, "between two looks [2]")
        ->type_name("SECONDS")
        ->check(CLI::Range(0.1, 3600.0));
    add_node_options(*command, options->host);
}

}  // namespace streamwall::cli
