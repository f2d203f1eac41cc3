#include "runtime/control/control_verbs.hpp"

#include "runtime/documents.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <algorithm>
#include <array>

namespace streamwall::control {

namespace json = boost::json;
using runtime::Node;
using std::chrono::milliseconds;

namespace {

constexpr milliseconds kDefaultTimeout{10'000};
constexpr std::int64_t kMaxTimeoutMs = 300'000;

struct Request {
    Node& node;
    telemetry::Logger& log;
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

Answer settled(const Failure& failure) {
    if (failure.code != SW_OK) return std::unexpected(failure);
    return json::value(nullptr);
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
    auto document = request.node.introspect(*what);
    if (document) return parsed(std::move(*document));
    return std::unexpected(
        Failure::of(SW_NOT_FOUND, fmt::format("there is nothing called '{}' to look into", *what)));
}

template <Failure (Node::*Order)(const std::string&)>
Answer order(const Request& request) {
    const auto instance = request.text("instance");
    if (!instance) return std::unexpected(instance.error());
    const auto result = (request.node.*Order)(*instance);
    const auto verb = request.text("verb");
    request.log.info("control.order", "kernel", "an operator gave an order",
                     {{"verb", *verb}, {"instance", *instance}, {"done", result.code == SW_OK}});
    return settled(result);
}

Answer tap(const Request& request) {
    const auto pattern = request.text("pattern");
    if (!pattern) return std::unexpected(pattern.error());
    // Shared: an envelope may be under way when the tap ends.
    auto queue = std::make_shared<LineQueue>();
    const auto id =
        request.node.tap(*pattern, [queue](const std::string& envelope) { queue->push(envelope); });
    request.client.stream(*queue);
    request.node.untap(id);
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
    return call_journal(request, "dead_letters", body);
}

Answer retry_dead_letter(const Request& request) {
    const auto id = request.number("id");
    if (!id) return std::unexpected(id.error());
    return settled(request.node.retry_dead_letter(*id));
}

Answer drop_dead_letter(const Request& request) {
    const auto id = request.number("id");
    if (!id) return std::unexpected(id.error());
    request.log.info("control.order", "kernel", "an operator gave an order",
                     {{"verb", "dead_letters.drop"}, {"id", *id}});
    return call_journal(request, "dead_letter_take", {{"id", *id}});
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

constexpr std::array<Verb, 11> kVerbs{{
    {"status", &status},
    {"introspect", &introspect},
    {"plugins.list", &list_plugins},
    {"plugins.enable", &order<&Node::enable>},
    {"plugins.disable", &order<&Node::disable>},
    {"plugins.restart", &order<&Node::restart>},
    {"events.tap", &tap},
    {"dead_letters.list", &list_dead_letters},
    {"dead_letters.retry", &retry_dead_letter},
    {"dead_letters.drop", &drop_dead_letter},
    {"call", &call},
}};

}  // namespace

Handler make_node_handler(Node& node, telemetry::Logger& log) {
    return [&node, &log](const json::object& body, Client& client) -> Answer {
        const Request request{node, log, body, client};
        const auto name = request.text("verb");
        if (!name) return std::unexpected(name.error());
        const auto verb = std::ranges::find(kVerbs, *name, &Verb::name);
        if (verb != kVerbs.end()) return verb->run(request);
        return std::unexpected(
            Failure::of(SW_UNIMPLEMENTED, fmt::format("there is no verb '{}'", *name)));
    };
}

}  // namespace streamwall::control
