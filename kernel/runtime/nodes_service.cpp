#include "runtime/nodes_service.hpp"

#include "config/nearest.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <utility>

namespace streamwall::runtime {

namespace json = boost::json;
using namespace std::chrono_literals;

namespace {

// Long enough for an answer to leave this process, too short to be waited for.
constexpr auto kAnswerLeaves = 250ms;
// One silent node must not keep the others from being shown.
constexpr auto kPatience = 2s;

constexpr std::array<std::string_view, 17> kMethods = {
    "list",         "plugins",     "schemas",           "document",         "tap",      "enable",
    "disable",      "reset",       "reconfigure",       "restart",          "plan",     "reload",
    "dead_letters", "dead_letter", "dead_letter_retry", "dead_letter_drop", "redeliver"};
constexpr std::array<std::string_view, 5> kOrders = {"enable", "disable", "reset", "reconfigure",
                                                     "restart"};

json::object unreachable(const NodesService::Peer& host, std::string_view reason) {
    return {{"node", host.node}, {"peer", host.peer},       {"state", "unreachable"},
            {"reason", reason},  {"health", "error"},       {"version", host.version},
            {"pid", nullptr},    {"plugins", json::array()}};
}

std::string text_of(const json::object& from, std::string_view name) {
    const auto* found = from.if_contains(name);
    return found && found->is_string() ? std::string(found->get_string()) : std::string();
}

std::expected<json::value, Failure> parsed(const std::expected<BufferRef, Failure>& answer) {
    if (!answer) return std::unexpected(answer.error());
    boost::system::error_code malformed;
    auto value = json::parse(answer->text(), malformed);
    if (malformed) return std::unexpected(Failure::of(SW_INTERNAL, "the answer is no JSON"));
    return value;
}

// What went wrong inside a plugin must not look like a failure of this service, whose callers keep
// a breaker.
Failure as_answer(Failure failure) {
    if (failure.code != SW_UNAVAILABLE && failure.code != SW_DEADLINE_EXCEEDED &&
        failure.code != SW_INTERNAL && failure.code != SW_UNKNOWN &&
        failure.code != SW_FAILED_PRECONDITION) {
        return failure;
    }
    failure.code = SW_ABORTED;
    failure.details = R"({"code":"order_failed"})";
    return failure;
}

// The answer of a peer, or why there is none, so that it says nothing about this service.
std::expected<json::value, Failure> answer_of(const std::string& peer,
                                              const std::expected<BufferRef, Failure>& answer) {
    if (!answer && answer.error().code == SW_UNAVAILABLE) {
        return std::unexpected(
            Failure::of(SW_NOT_FOUND, fmt::format("no node '{}' can be reached", peer)));
    }
    return parsed(answer);
}

// Of several lists one, by type; of what is in more than one the first.
json::array merged(const json::array& lists) {
    std::map<std::pair<std::string, std::string>, json::value> found;
    for (const auto& list : lists) {
        if (!list.is_array()) continue;
        for (const auto& one : list.get_array()) {
            const auto& schema = one.as_object();
            found.try_emplace({text_of(schema, "type"), text_of(schema, "version")}, one);
        }
    }
    json::array out;
    for (auto& [key, schema] : found)
        out.push_back(std::move(schema));
    return out;
}

}  // namespace

// Answers of several peers, in the order in which they were asked.
struct NodesService::Gather {
    explicit Gather(std::size_t count, std::function<void(json::array)> all)
        : left(count), answers(count), done(std::move(all)) {}

    void answer(std::size_t at, json::value value) {
        {
            std::lock_guard lock(mutex);
            answers[at] = std::move(value);
            if (--left > 0) return;
        }
        done(std::move(answers));
    }

    std::mutex mutex;
    std::size_t left;
    json::array answers;
    const std::function<void(json::array)> done;
};

std::string NodesService::Request::text(std::string_view name) const {
    return text_of(body, name);
}

std::string NodesService::Request::principal() const {
    return std::string(view(context.raw().principal_type)) + ":" +
           std::string(view(context.raw().principal_id));
}

bool NodesService::Request::is_order() const {
    return std::ranges::find(kOrders, method) != kOrders.end();
}

NodesService::NodesService(services::Registry& services, Party& party, exec::Timers& timers,
                           const exec::Clock& clock, telemetry::Logger& log, Local local,
                           Peers peers)
    : timers_(timers),
      clock_(clock),
      log_(log),
      party_(party),
      local_(std::move(local)),
      peers_(std::move(peers)) {
    for (const auto method : kMethods) {
        const auto failure = services.offer(party, kName, method, &NodesService::handle, this);
        if (failure.code != SW_OK) log_.error("kernel.nodes", "kernel", failure.message);
    }
}

sw_status NodesService::handle(void* self, const sw_request* request, sw_buffer** /*reply*/,
                               sw_error* error) {
    const auto& context = *request->context;
    if (view(context.role) != "admin" && view(request->method) != "schemas") {
        return fill(error, Failure::of(SW_PERMISSION_DENIED, "this needs the role admin"));
    }
    auto made = std::make_shared<Request>();
    made->method = view(request->method);
    made->raw = BufferRef::share(request->body);
    made->context = ContextCopy(context);
    made->context.raw().home = nullptr;  // the caller's, not of those that are asked in turn
    boost::system::error_code malformed;
    const auto text = made->raw.text();
    auto body = text.empty() ? json::value(json::object()) : json::parse(text, malformed);
    if (malformed || !body.is_object()) {
        return fill(error, Failure::of(SW_INVALID_ARGUMENT, "a request is a JSON object"));
    }
    made->body = std::move(body.get_object());
    if (made->is_order() && made->text("plugin").empty() && made->method != "reset") {
        return fill(error, Failure::of(SW_INVALID_ARGUMENT, "give 'plugin'"));
    }
    auto* responder = services::Registry::defer(request);
    static_cast<NodesService*>(self)->dispatch(
        made, [responder](const std::expected<json::value, Failure>& answer) {
            if (!answer) {
                ErrorSlot why(answer.error());
                return services::Registry::respond(responder, answer.error().code, nullptr,
                                                   why.get());
            }
            BufferRef reply(json::serialize(*answer));
            services::Registry::respond(responder, SW_OK, reply.release(), nullptr);
        });
    return SW_PENDING;
}

void NodesService::dispatch(const RequestPtr& request, Done done) {
    // An isolated part knows only itself; the node's host knows everybody.
    if (!local_.is_host && !request->is_for_here()) {
        return forward(local_.node, request, std::move(done));
    }
    if (request->method == "list") return list_nodes(request, std::move(done));
    const auto node = request->text("node");
    if (!node.empty() && node != local_.node) {
        const auto known = peers_.list();
        if (std::ranges::find(known, node, &Peer::node) == known.end() &&
            std::ranges::find(known, node, &Peer::peer) == known.end()) {
            return done(std::unexpected(Failure::of(SW_NOT_FOUND, unknown_node(node))));
        }
        return forward(node, request, std::move(done));
    }
    if (request->method == "schemas") return list_schemas(request, std::move(done));
    if (request->method == "document") return document(request, done);
    if (request->method == "tap") return tap(request, std::move(done));
    if (request->method == "plugins") return describe_node(request, std::move(done));
    if (request->method.starts_with("dead_letter") || request->method == "redeliver")
        return dead_letters(request, std::move(done));
    if (request->method == "plan") return local_.plan(std::move(done));
    if (request->method == "reload") return local_.reload(std::move(done));
    const auto others = request->is_for_here() ? std::vector<std::string>{} : children();
    if (has_plugin(request->text("plugin")) || others.empty()) {
        return carry_out(request, std::move(done));
    }
    to_children(request, others, std::move(done));
}

std::string NodesService::unknown_node(const std::string& node) const {
    std::vector<std::string> names{local_.node};
    for (const auto& peer : peers_.list())
        names.push_back(peer.node);
    const auto near = config::nearest_word(node, names);
    return near.empty()
               ? fmt::format("no node '{}' can be reached", node)
               : fmt::format("no node '{}' can be reached; did you mean '{}'?", node, near);
}

std::vector<std::string> NodesService::children() const {
    std::vector<std::string> out;
    for (const auto& peer : peers_.list()) {
        if (peer.node == local_.node && !peer.isolation.empty()) out.push_back(peer.peer);
    }
    return out;
}

std::vector<NodesService::Peer> NodesService::other_nodes() const {
    std::vector<Peer> out;
    for (auto& peer : peers_.list()) {
        if (peer.isolation.empty() && peer.node != local_.node) out.push_back(std::move(peer));
    }
    std::ranges::sort(out, {}, &Peer::node);
    return out;
}

void NodesService::forward(const std::string& peer, const RequestPtr& request, Done done) {
    peers_.call(
        peer, request->method, request->raw, request->context.raw(),
        [peer, done = std::move(done)](const auto& answer) { done(answer_of(peer, answer)); });
}

// Which isolated part runs the plugin is found by asking one after the other.
void NodesService::to_children(const RequestPtr& request, std::vector<std::string> children,
                               Done done) {
    if (children.empty()) return carry_out(request, std::move(done));  // says what is near
    const auto child = children.back();
    children.pop_back();
    auto body = request->body;
    body["here"] = true;
    peers_.call(child, request->method, BufferRef(json::serialize(body)), request->context.raw(),
                [this, request, children,
                 done = std::move(done)](const std::expected<BufferRef, Failure>& answer) {
                    if (answer || answer.error().code != SW_NOT_FOUND) return done(parsed(answer));
                    to_children(request, children, done);
                });
}

bool NodesService::has_plugin(const std::string& plugin) const {
    if (plugin.empty()) return true;
    return !answer_for(plugin).empty();
}

json::object NodesService::answer_for(const std::string& plugin) const {
    const auto node = local_.describe();
    for (const auto& one : node.at("plugins").as_array()) {
        if (text_of(one.as_object(), "name") == plugin) return {{"plugin", one}};
    }
    return {};
}

void NodesService::carry_out(const RequestPtr& request, Done done) {
    const auto plugin = request->text("plugin");
    const auto* given = request->body.if_contains("settings");
    if (request->method == "reconfigure" && (given == nullptr || !given->is_object())) {
        return done(
            std::unexpected(Failure::of(SW_INVALID_ARGUMENT, "give 'settings', an object")));
    }
    const auto settings = given && given->is_object() ? given->get_object() : json::object();
    const auto give = [this, order = request->method, plugin, settings,
                       who = request->principal()](std::function<void(const Failure&)> then) {
        local_.order(order, plugin, settings,
                     [this, order, plugin, who, then = std::move(then)](const Failure& failure) {
                         log_.info("control.order", "kernel", "an operator gave an order",
                                   {{"order", order},
                                    {"instance", plugin},
                                    {"by", who},
                                    {"done", failure.code == SW_OK},
                                    {"error", failure.message}});
                         then(failure);
                     });
    };
    if (has_plugin(plugin) && local_.carries(view(request->context.raw().caller), plugin)) {
        auto answer = answer_for(plugin);
        answer["accepted"] = true;
        done(std::move(answer));
        timers_.after(party_.strand, kAnswerLeaves, [give] { give([](const Failure&) {}); });
        return;
    }
    give([this, plugin, done = std::move(done)](const Failure& failure) {
        if (failure.code != SW_OK) return done(std::unexpected(as_answer(failure)));
        done(answer_for(plugin));
    });
}

ContextCopy NodesService::impatient(const sw_context& context) const {
    ContextCopy out(context);
    const auto patience = std::chrono::nanoseconds(kPatience).count();
    out.raw().deadline_ns =
        std::min(context.deadline_ns, clock_.monotonic_ns() + static_cast<std::uint64_t>(patience));
    return out;
}

// The own process and the isolated parts, as one node.
void NodesService::describe_node(const RequestPtr& request, Done done) {
    auto whole = local_.describe();
    const auto parts = request->is_for_here() ? std::vector<std::string>{} : children();
    if (parts.empty()) return done(std::move(whole));
    auto gather = std::make_shared<Gather>(
        parts.size(), [whole, parts, done = std::move(done)](const json::array& answers) mutable {
            auto& plugins = whole.at("plugins").as_array();
            for (std::size_t n = 0; n < answers.size(); ++n) {
                if (!answers[n].is_object()) continue;
                for (auto plugin : answers[n].as_object().at("plugins").as_array()) {
                    plugin.as_object()["peer"] = parts[n];
                    plugins.push_back(std::move(plugin));
                }
            }
            done(std::move(whole));
        });
    const auto context = impatient(request->context.raw());
    const BufferRef body(R"({"here":true})");
    for (std::size_t n = 0; n < parts.size(); ++n) {
        peers_.call(parts[n], "plugins", body, context.raw(),
                    [gather, n](const std::expected<BufferRef, Failure>& answer) {
                        auto value = parsed(answer);
                        gather->answer(n, value ? std::move(*value) : json::value());
                    });
    }
}

void NodesService::list_schemas(const RequestPtr& request, Done done) {
    std::vector<std::pair<std::string, json::object>> others;
    if (!request->is_for_here()) {
        for (const auto& child : children())
            others.emplace_back(child, json::object{{"here", true}});
        if (request->text("node").empty()) {
            for (const auto& host : other_nodes())
                others.emplace_back(host.peer, json::object{{"node", host.node}});
        }
    }
    auto gather = std::make_shared<Gather>(others.size() + 1,
                                           [done = std::move(done)](const json::array& lists) {
                                               done(json::object{{"schemas", merged(lists)}});
                                           });
    const auto own = local_.document("schemas");
    gather->answer(0, own ? json::parse(*own) : json::value());
    const auto context = impatient(request->context.raw());
    for (std::size_t n = 0; n < others.size(); ++n) {
        const auto& [peer, body] = others[n];
        peers_.call(peer, "schemas", BufferRef(json::serialize(body)), context.raw(),
                    [gather, n](const std::expected<BufferRef, Failure>& answer) {
                        auto value = parsed(answer);
                        gather->answer(n + 1,
                                       value ? std::move(value->at("schemas")) : json::value());
                    });
    }
}

void NodesService::list_nodes(const RequestPtr& request, Done done) {
    const auto hosts = other_nodes();
    auto gather = std::make_shared<Gather>(
        hosts.size() + 1, [absent = absent(hosts), done = std::move(done)](json::array nodes) {
            nodes.insert(nodes.end(), absent.begin(), absent.end());
            done(json::object{{"nodes", std::move(nodes)}});
        });
    const auto context = impatient(request->context.raw());
    describe_node(request, [gather](auto node) { gather->answer(0, std::move(*node)); });
    for (std::size_t n = 0; n < hosts.size(); ++n) {
        const BufferRef body(json::serialize(json::object{{"node", hosts[n].node}}));
        peers_.call(hosts[n].peer, "plugins", body, context.raw(),
                    [gather, n, host = hosts[n]](const std::expected<BufferRef, Failure>& answer) {
                        auto value = parsed(answer);
                        if (value) return gather->answer(n + 1, std::move(*value));
                        gather->answer(n + 1, unreachable(host, value.error().message));
                    });
    }
}

// Of the configuration, and not among `hosts`.
json::array NodesService::absent(const std::vector<Peer>& hosts) const {
    json::array out;
    for (const auto& node : local_.expected) {
        if (std::ranges::find(hosts, node, &Peer::node) != hosts.end()) continue;
        out.push_back(unreachable({node, node, "", ""}, "it has not been heard of lately"));
    }
    return out;
}

}  // namespace streamwall::runtime
