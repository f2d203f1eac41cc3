// `nodes` and `graph`: the system as its nodes see it.
#include "cli/commands.hpp"
#include "cli/host_request.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include <map>
#include <ostream>
#include <set>

namespace streamwall::cli {

namespace json = boost::json;

namespace {

std::string text_of(const json::object& from, std::string_view name) {
    const auto* found = from.if_contains(name);
    if (!found || found->is_null()) return "";
    return found->is_string() ? std::string(found->get_string()) : json::serialize(*found);
}

const json::array& list_of(const json::value& from, std::string_view name) {
    static const json::array none;
    const auto* object = from.if_object();
    const auto* found = object ? object->if_contains(name) : nullptr;
    return found && found->is_array() ? found->get_array() : none;
}

// "6 running, 1 disabled"
std::string count_states(const json::array& plugins) {
    std::map<std::string, int> counts;
    for (const auto& plugin : plugins)
        ++counts[text_of(plugin.as_object(), "state")];
    std::string out;
    for (const auto& [state, count] : counts)
        out += fmt::format("{}{} {}", out.empty() ? "" : ", ", count, state);
    return out;
}

void print_nodes(std::ostream& out, const json::value& answer) {
    std::vector<std::vector<std::string>> rows{
        {"NODE", "STATE", "HEALTH", "VERSION", "PID", "PLUGINS", "REASON"}};
    for (const auto& value : list_of(answer, "nodes")) {
        const auto& node = value.as_object();
        rows.push_back({text_of(node, "node"), text_of(node, "state"), text_of(node, "health"),
                        text_of(node, "version"), text_of(node, "pid"),
                        count_states(list_of(value, "plugins")), text_of(node, "reason")});
    }
    print_table(out, rows);
}

void add_nodes(CLI::App& root, Session& session) {
    auto options = std::make_shared<HostOptions>();
    auto* command = add_command(
        root, session,
        {"nodes", "Every node that the running host can reach, and its plugins",
         "  streamwall nodes\n  streamwall nodes --output json"},
        [&session, options] {
            return with_answer(
                session, *options, {{"verb", "nodes"}},
                [&](const json::value& answer) { print_nodes(session.console.out, answer); });
        });
    add_host_options(*command, *options);
}

// ---- graph ----

std::string in_quotes(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + '"';
}

std::string_view colour_of(std::string_view state) {
    if (state == "running") return "palegreen";
    if (state == "failed" || state == "stuck") return "salmon";
    return state == "disabled" ? "lightgrey" : "khaki";
}

// What instances have in common is drawn once: a service, an interface, a type of events.
class Dot {
  public:
    void add(const json::object& instance) {
        const auto name = text_of(instance, "name");
        const auto plugin = text_of(instance, "plugin");
        const auto state = text_of(instance, "state");
        lines_ +=
            fmt::format("  {} [shape=box style=filled fillcolor={} label={}];\n", in_quotes(name),
                        colour_of(state),
                        in_quotes(plugin == name ? fmt::format("{}\n{}", name, state)
                                                 : fmt::format("{}\n{}, {}", name, plugin, state)));
        for (const auto& [member, shape] : kShared) {
            for (const auto& item : list_of(instance, member))
                add_edge(name, std::string(item.as_string()), shape, true, false);
        }
        for (const auto& [member, shape] : kNeeded) {
            for (const auto& item : list_of(instance, member)) {
                const auto& need = item.as_object();
                const auto* optional = need.if_contains("optional");
                add_edge(name, text_of(need, "name"), shape, false, optional && *optional == true);
            }
        }
        for (const auto& item : list_of(instance, "subscribes"))
            add_edge(name, std::string(item.as_string()), "note", false, false);
    }

    std::string text(const std::string& node) const {
        std::string shapes;
        for (const auto& [name, shape] : shapes_)
            shapes += fmt::format("  {} [shape={}];\n", in_quotes(name), shape);
        return fmt::format("digraph {} {{\n  rankdir=LR;\n{}{}{}}}\n", in_quotes(node), lines_,
                           shapes, edges_);
    }

  private:
    static constexpr std::pair<const char*, const char*> kShared[] = {
        {"provides", "ellipse"}, {"interfaces", "diamond"}, {"publishes", "note"}};
    static constexpr std::pair<const char*, const char*> kNeeded[] = {{"needs", "ellipse"},
                                                                      {"uses", "diamond"}};

    // An arrow points to who uses what: provider → service → user.
    void add_edge(const std::string& instance, const std::string& thing, const char* shape,
                  bool from_instance, bool optional) {
        shapes_.emplace(thing, shape);
        const auto style = optional ? " [style=dashed]" : "";
        edges_ +=
            from_instance
                ? fmt::format("  {} -> {}{};\n", in_quotes(instance), in_quotes(thing), style)
                : fmt::format("  {} -> {}{};\n", in_quotes(thing), in_quotes(instance), style);
    }

    static const json::array& list_of(const json::object& from, std::string_view name) {
        static const json::array none;
        const auto* found = from.if_contains(name);
        return found && found->is_array() ? found->get_array() : none;
    }

    std::map<std::string, std::string> shapes_;
    std::string lines_, edges_;
};

void add_graph(CLI::App& root, Session& session) {
    auto options = std::make_shared<HostOptions>();
    auto* command = add_command(
        root, session,
        {"graph", "Who provides, needs, publishes and hears what, as a graph in DOT",
         "  streamwall graph | dot -Tsvg > graph.svg\n  streamwall graph --node ingest"},
        [&session, options] {
            json::object request{{"verb", "introspect"}, {"what", "graph"}};
            if (!options->node.empty()) request["node"] = options->node;
            return with_answer(session, *options, request, [&](const json::value& answer) {
                Dot dot;
                for (const auto& instance : list_of(answer, "instances"))
                    dot.add(instance.as_object());
                session.console.out << dot.text(text_of(answer.as_object(), "node"));
            });
        });
    add_node_options(*command, *options);
}

}  // namespace

void add_nodes_commands(CLI::App& root, Session& session) {
    add_nodes(root, session);
    add_graph(root, session);
}

}  // namespace streamwall::cli
