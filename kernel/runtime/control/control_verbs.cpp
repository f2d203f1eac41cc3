#include "runtime/control/control_verbs.hpp"

#include "runtime/documents.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <stop_token>
#include <thread>

namespace streamwall::control {

namespace json = boost::json;
using runtime::Node;
using std::chrono::milliseconds;

namespace {

constexpr milliseconds kDefaultTimeout{10'000};
// Longer than a plugin may take to stop and to start.
constexpr milliseconds kOrderTimeout{120'000};
constexpr std::int64_t kMaxTimeoutMs = 300'000;

struct Request {
    Node& node;
    const json::object& body;
    Client& client;

    std::expected<std::string, Failure> text(std::string_view name) const {
        const auto* found = body.if_contains(name);
        if (found && found->is_string()) return std::string(found->get_string());
        return std::unexpected(Failure::of(SW_INVALID_ARGUMENT, fmt::format("give '{}'", name)));
    }
    std::expected<std::int64_t, Failure> number(std::string_view name) const {
        const auto* found = body.if_contains(name);
        if (found && found->is_int64()) return found->get_int64();
        return std::unexpected(
            Failure::of(SW_INVALID_ARGUMENT, fmt::format("give '{}', a whole number", name)));
    }
};

Answer parsed(std::expected<std::string, Failure> text) {
    if (!text) return std::unexpected(std::move(text.error()));
    if (text->empty()) return json::value(nullptr);
    boost::system::error_code malformed;
    auto value = json::parse(*text, malformed);
    // Prometheus' text, and whatever a service answers that is not JSON.
    return malformed ? json::value(*text) : std::move(value);
}

// A request to kernel.nodes, here or on the node that is named.
Answer ask_nodes(const Request& request, const std::string& method, json::object body) {
    if (const auto node = request.text("node")) body["node"] = *node;
    return parsed(request.node.call("kernel.nodes", method, json::serialize(body), kOrderTimeout));
}

Answer list_plugins(const Request& request) {
    json::array list;
    for (const auto& status : request.node.instances())
        list.push_back(runtime::describe(status));
    return list;
}

Answer status(const Request& request) {
    auto plugins = list_plugins(request);
    return json::object{{"node", request.node.options().node}, {"plugins", std::move(*plugins)}};
}

Answer introspect(const Request& request) {
    const auto what = request.text("what");
    if (!what) return std::unexpected(what.error());
    if (request.text("node")) return ask_nodes(request, "document", {{"what", *what}});
    auto document = request.node.introspect(*what);
    if (document) return parsed(std::move(*document));
    return std::unexpected(
        Failure::of(SW_NOT_FOUND, fmt::format("there is nothing called '{}' to look into", *what)));
}

// "plugins.restart" → restart
Answer order(const Request& request) {
    const auto verb = *request.text("verb");
    const auto method = verb.substr(verb.find('.') + 1);
    const auto instance = request.text("instance");
    if (!instance && method != "reset") return std::unexpected(instance.error());
    json::object body{{"plugin", instance.value_or("")}};
    if (const auto* settings = request.body.if_contains("settings")) body["settings"] = *settings;
    return ask_nodes(request, method, std::move(body));
}

Answer list_nodes(const Request& request) {
    return ask_nodes(request, "list", {});
}
Answer plan(const Request& request) {
    return ask_nodes(request, "plan", {});
}
Answer reload(const Request& request) {
    return ask_nodes(request, "reload", {});
}

// Fetches the events of another node until it is told to stop, or the node is gone.
void follow(Node& node, const std::string& name, const std::string& pattern, LineQueue& queue,
            const std::stop_token& stop) {
    json::object ask{{"node", name}, {"pattern", pattern}};
    while (!stop.stop_requested()) {
        const auto answer =
            parsed(node.call("kernel.nodes", "tap", json::serialize(ask), kDefaultTimeout));
        if (!answer) {
            if (!ask.contains("tap")) return;
            ask.erase("tap");  // it may have been restarted
            continue;
        }
        const auto& found = answer->as_object();
        ask["tap"] = found.at("tap");
        for (const auto& envelope : found.at("events").as_array())
            queue.push(json::serialize(envelope));
    }
}

std::vector<std::string> tapped_nodes(const Request& request) {
    std::vector<std::string> names;
    const auto* given = request.body.if_contains("nodes");
    if (given && given->is_array()) {
        for (const auto& name : given->get_array()) {
            if (name.is_string()) names.emplace_back(name.get_string());
        }
    } else if (given && *given == "*") {
        if (const auto nodes = list_nodes(request)) {
            for (const auto& node : nodes->as_object().at("nodes").as_array())
                names.emplace_back(node.as_object().at("node").as_string());
        }
    } else {
        names.push_back(request.node.options().node);
    }
    return names;
}

Answer tap(const Request& request) {
    const auto pattern = request.text("pattern");
    if (!pattern) return std::unexpected(pattern.error());
    // Shared: an envelope may be under way when the tap ends.
    auto queue = std::make_shared<LineQueue>();
    std::optional<std::uint64_t> own;
    std::vector<std::jthread> others;
    for (const auto& name : tapped_nodes(request)) {
        if (name == request.node.options().node) {
            own = request.node.tap(*pattern,
                                   [queue](const std::string& envelope) { queue->push(envelope); });
        } else {
            others.emplace_back([&node = request.node, name, pattern = *pattern,
                                 queue](const std::stop_token& stop) {
                follow(node, name, pattern, *queue, stop);
            });
        }
    }
    request.client.stream(*queue);
    if (own) request.node.untap(*own);
    return json::value(nullptr);
}

Answer call_journal(const Request& request, const char* method, const json::object& body) {
    return parsed(request.node.call("journal", method, json::serialize(body), kDefaultTimeout));
}

Answer list_dead_letters(const Request& request) {
    json::object body;
    for (const char* name : {"after", "limit"}) {
        if (const auto given = request.number(name)) body[name] = *given;
    }
    if (request.text("node")) return ask_nodes(request, "dead_letters", std::move(body));
    return call_journal(request, "dead_letters", body);
}

// "dead_letters.retry" → dead_letter_retry
Answer settle_dead_letter(const Request& request) {
    const auto verb = *request.text("verb");
    const auto id = request.number("id");
    if (!id) return std::unexpected(id.error());
    return ask_nodes(request, "dead_letter_" + verb.substr(verb.find('.') + 1), {{"id", *id}});
}

Answer call(const Request& request) {
    const auto service = request.text("service");
    if (!service) return std::unexpected(service.error());
    const auto method = request.text("method");
    if (!method) return std::unexpected(method.error());
    const auto* body = request.body.if_contains("request");
    const auto timeout = request.number("timeout_ms");
    const milliseconds limit =
        timeout ? milliseconds(std::clamp<std::int64_t>(*timeout, 1, kMaxTimeoutMs))
                : kDefaultTimeout;
    return parsed(
        request.node.call(*service, *method, body ? json::serialize(*body) : "{}", limit));
}

struct Verb {
    std::string_view name;
    Answer (*run)(const Request& request);
};

constexpr std::array<Verb, 16> kVerbs{{
    {"status", &status},
    {"introspect", &introspect},
    {"plugins.list", &list_plugins},
    {"plugins.enable", &order},
    {"plugins.disable", &order},
    {"plugins.restart", &order},
    {"plugins.reconfigure", &order},
    {"plugins.reset", &order},
    {"nodes", &list_nodes},
    {"plan", &plan},
    {"reload", &reload},
    {"events.tap", &tap},
    {"dead_letters.list", &list_dead_letters},
    {"dead_letters.retry", &settle_dead_letter},
    {"dead_letters.drop", &settle_dead_letter},
    {"call", &call},
}};

}  // namespace

Handler make_node_handler(Node& node) {
    return [&node](const json::object& body, Client& client) -> Answer {
        const Request request{node, body, client};
        const auto name = request.text("verb");
        if (!name) return std::unexpected(name.error());
        const auto verb = std::ranges::find(kVerbs, *name, &Verb::name);
        if (verb != kVerbs.end()) return verb->run(request);
        return std::unexpected(
            Failure::of(SW_UNIMPLEMENTED, fmt::format("there is no verb '{}'", *name)));
    };
}

}  // namespace streamwall::control
