// `plan` and `reload`: what a changed file means for what runs.
#include "cli/commands.hpp"
#include "cli/config_file.hpp"
#include "cli/host_request.hpp"
#include "config/diff.hpp"
#include "runtime/overrides.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <ostream>

namespace streamwall::cli {

namespace json = boost::json;

namespace {

struct PlanOptions {
    HostOptions host;
    std::string file, against;
};

std::string text_of(const json::object& from, std::string_view name) {
    const auto* found = from.if_contains(name);
    return found && found->is_string() ? std::string(found->get_string()) : "";
}

std::string joined(const json::object& from, std::string_view name) {
    const auto* found = from.if_contains(name);
    std::string out;
    if (!found || !found->is_array()) return out;
    for (const auto& item : found->get_array()) {
        out += out.empty() ? "" : ", ";
        out += item.is_string() ? std::string(item.get_string()) : json::serialize(item);
    }
    return out;
}

const json::array& list_of(const json::object& from, std::string_view name) {
    static const json::array none;
    const auto* found = from.if_contains(name);
    return found && found->is_array() ? found->get_array() : none;
}

// "disabled; sets rate": what operators have set.
std::string overrides_of(const json::object& instance) {
    std::string out;
    if (const auto* enabled = instance.if_contains("enabled")) {
        out = *enabled == true ? "enabled" : "disabled";
    }
    const auto names = joined(instance, "settings");
    if (!names.empty()) out += fmt::format("{}sets {}", out.empty() ? "" : "; ", names);
    const auto beaten = joined(instance, "beaten");
    if (!beaten.empty()) out += fmt::format(" (the file's {} has no effect)", beaten);
    return out;
}

void print_plan(std::ostream& out, const json::object& plan) {
    out << fmt::format("node {}, {}\n\n", text_of(plan, "node"), text_of(plan, "file"));
    std::vector<std::vector<std::string>> rows{
        {"INSTANCE", "STATE", "ACTION", "CHANGED", "SET BY OPERATORS"}};
    for (const auto& value : list_of(plan, "instances")) {
        const auto& one = value.as_object();
        rows.push_back({text_of(one, "instance"), text_of(one, "state"), text_of(one, "action"),
                        joined(one, "changed"), overrides_of(one)});
    }
    print_table(out, rows);
    for (const auto& value : list_of(plan, "unused")) {
        out << fmt::format("{} is in no file, yet operators have set it: {}\n",
                           text_of(value.as_object(), "instance"), overrides_of(value.as_object()));
    }
    if (const auto refused = text_of(plan, "refused"); !refused.empty()) out << refused << '\n';
}

int show(Session& session, const json::object& plan) {
    if (session.wants_json())
        session.console.out << json::serialize(plan) << '\n';
    else
        print_plan(session.console.out, plan);
    return kDone;
}

json::array to_json(const std::vector<config::InstancePlan>& plans) {
    json::array out;
    for (const auto& plan : plans) {
        out.push_back({{"instance", plan.name},
                       {"action", config::to_string(plan.action)},
                       {"changed", json::value_from(plan.changed)},
                       {"state", nullptr},
                       {"beaten", json::array()}});
    }
    return out;
}

// Reads and resolves a file; what is wrong with it has been printed where nothing comes back.
std::optional<NodePlan> resolved(Session& session, const std::string& name,
                                 const std::string& node) {
    const auto file = read_config(name);
    if (!file) {
        fail(session, kBadConfig, file.error());
        return std::nullopt;
    }
    auto plan = plan_node(session, *file, node);
    if (!config::has_errors(plan.diagnostics)) return plan;
    print_diagnostics(session.console.err, plan.diagnostics);
    fail(session, kBadConfig, fmt::format("{} is not valid", file->path));
    return std::nullopt;
}

// Without a host: one file against another, with what operators have set beside it.
int plan_files(Session& session, const PlanOptions& options) {
    const auto wanted = resolved(session, options.file, options.host.node);
    if (!wanted) return kBadConfig;
    config::ResolvedNode before;
    if (!options.against.empty()) {
        auto running = resolved(session, options.against, options.host.node);
        if (!running) return kBadConfig;
        before = std::move(running->node);
    }
    json::object out{{"node", wanted->node.identity.node},
                     {"file", options.file},
                     {"instances", to_json(config::plan_reload(before, wanted->node))}};
    const auto data =
        options.host.data.empty() ? wanted->data : data_folder(session, options.host.data);
    const auto overrides = runtime::read_overrides(data);
    if (!overrides) return fail(session, kFailed, overrides.error().message);
    json::array unused;
    for (const auto& kept : runtime::describe(*overrides)) {
        bool is_used = false;
        for (auto& value : out.at("instances").as_array()) {
            auto& one = value.as_object();
            if (one.at("instance") != kept.as_object().at("instance")) continue;
            is_used = true;
            for (const auto& [key, set] : kept.as_object())
                one[key] = set;
        }
        if (!is_used) unused.push_back(kept);
    }
    out["unused"] = std::move(unused);
    return show(session, out);
}

// A file that is not valid comes back with everything that is wrong with it.
int explain(Session& session, const ClientFailure& problem) {
    boost::system::error_code malformed;
    const auto details = json::parse(problem.failure.details, malformed);
    const auto* object = malformed ? nullptr : details.if_object();
    const auto* found = object ? object->if_contains("diagnostics") : nullptr;
    if (!found || !found->is_array()) return fail_with(session, problem);
    if (session.wants_json()) {
        session.console.out << json::serialize(json::object{{"error",
                                                             {{"code", "INVALID_ARGUMENT"},
                                                              {"message", problem.failure.message},
                                                              {"exit", int{kBadConfig}}}},
                                                            {"diagnostics", *found}})
                            << '\n';
        return kBadConfig;
    }
    for (const auto& diagnostic : found->get_array())
        session.console.err << text_of(diagnostic.as_object(), "text") << '\n';
    return fail(session, kBadConfig, problem.failure.message);
}

int ask(Session& session, const HostOptions& options, const char* verb,
        const std::function<int(const json::object&)>& use) {
    auto client = ControlClient::connect(data_folder(session, options.data));
    if (!client) return fail_with(session, client.error());
    json::object request{{"verb", verb}};
    if (!options.node.empty()) request["node"] = options.node;
    const auto answer = client->request(request, std::chrono::minutes(6));
    if (!answer) return explain(session, answer.error());
    return use(answer->as_object());
}

int plan(Session& session, const PlanOptions& options) {
    if (!options.file.empty()) return plan_files(session, options);
    if (!options.against.empty()) {
        return fail(session, kWrongUsage, "--against needs a file to compare with: -c FILE");
    }
    return ask(session, options.host, "plan",
               [&](const json::object& answer) { return show(session, answer); });
}

int reload(Session& session, const HostOptions& options) {
    return ask(session, options, "reload", [&](const json::object& answer) {
        if (session.wants_json()) {
            session.console.out << json::serialize(answer) << '\n';
            return int{kDone};
        }
        for (const auto& warning : list_of(answer, "warnings"))
            session.console.err << text_of(warning.as_object(), "text") << '\n';
        for (const auto& value : list_of(answer, "changes")) {
            const auto& change = value.as_object();
            const auto names = joined(change, "changed");
            session.console.out << fmt::format("{}: {}{}{}\n", text_of(change, "instance"),
                                               text_of(change, "action"),
                                               names.empty() ? "" : " for ", names);
        }
        if (list_of(answer, "changes").empty()) session.console.out << "nothing has changed\n";
        return int{kDone};
    });
}

}  // namespace

void add_reload_commands(CLI::App& root, Session& session) {
    auto planned = std::make_shared<PlanOptions>();
    auto* planning = add_command(
        root, session,
        {"plan", "What `reload` would do: the file, what runs, and what operators have set",
         "  streamwall plan\n"
         "  streamwall plan --node ingest\n"
         "  streamwall plan -c new.yaml --against config/monolith.yaml\n"
         "\nWith -c no host is asked: the file is compared with the one of --against, or with\n"
         "nothing. Values are never printed."},
        [&session, planned] { return plan(session, *planned); });
    planning->add_option("-c,--config", planned->file, "a file to look at without a host")
        ->type_name("FILE");
    planning->add_option("--against", planned->against, "the file that counts as running")
        ->type_name("FILE");
    add_node_options(*planning, planned->host);

    auto reloaded = std::make_shared<HostOptions>();
    auto* reloading = add_command(
        root, session,
        {"reload", "Has the running host read its file again and carry out what changed",
         "  streamwall reload\n  streamwall reload --node ingest --output json\n"
         "\nWhat did not change is not touched. A file with mistakes, or a step that fails, "
         "leaves\n"
         "everything as it was; mistakes are printed, and the exit code is 3."},
        [&session, reloaded] { return reload(session, *reloaded); });
    add_node_options(*reloading, *reloaded);
}

}  // namespace streamwall::cli
