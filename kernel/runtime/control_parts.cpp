// How `kernel.nodes` reaches this process and others.
#include "bus/envelope.hpp"
#include "runtime/core.hpp"
#include "runtime/documents.hpp"

#include <boost/json.hpp>

#include <algorithm>

namespace streamwall::runtime {

namespace json = boost::json;

namespace {
constexpr std::string_view kTransport = "streamwall.transport/1";
constexpr std::string_view kJournal = "journal";
}  // namespace

NodesService::Local Node::Core::local_control() {
    NodesService::Local out;
    out.node = options.node;
    out.is_host = options.isolation.empty();
    out.expected = options.other_nodes;
    out.describe = [this] { return json::parse(*document("node")).as_object(); };
    out.order = [this](const std::string& order, const std::string& plugin,
                       const json::object& settings,
                       Outcome done) { give(order, plugin, settings, std::move(done)); };
    out.plan = [this](Report done) { plan_file(std::move(done)); };
    out.reload = [this](Report done) { reload_file(std::move(done)); };
    out.document = [this](const std::string& what) { return document(what); };
    out.tap = [this](const std::string& pattern, std::function<void(const std::string&)> seen) {
        return bus.tap(pattern, [seen = std::move(seen)](const bus::EventPtr& event) {
            seen(bus::render(event->raw()));
        });
    };
    out.untap = [this](std::uint64_t id) { bus.untap(id); };
    out.journal = &journal;
    out.keeps_journal = [this] {
        return std::ranges::any_of(all(), [](const auto& instance) {
            const auto* manifest = instance->manifest();
            return manifest &&
                   std::ranges::find(manifest->provides, kJournal) != manifest->provides.end();
        });
    };
    out.redeliver = [this](const std::string& subscription, const bus::EventPtr& event,
                           std::function<void(sw_status)> done) {
        for (const auto& instance : all()) {
            for (const auto& reader : instance->readers()) {
                if (reader->options().name != subscription) continue;
                reader->redeliver(event, std::move(done));
                return true;
            }
        }
        return false;
    };
    out.carries = [this](std::string_view caller, const std::string& plugin) {
        return carries_answers(caller, plugin);
    };
    return out;
}

NodesService::Peers Node::Core::peer_control() {
    NodesService::Peers out;
    out.list = [this] {
        std::vector<NodesService::Peer> peers;
        for (const auto& peer : network.mesh().peers())
            peers.push_back({peer.name, peer.node, peer.isolation, peer.version});
        return peers;
    };
    out.call = [this](const std::string& peer, const std::string& method, const BufferRef& body,
                      const sw_context& context,
                      std::function<void(std::expected<BufferRef, Failure>)> done) {
        network.mesh().call_peer(peer, NodesService::kName, method, body, context, std::move(done));
    };
    return out;
}

void Node::Core::give(const std::string& order, const std::string& plugin,
                      const json::object& settings, Outcome done) {
    control->post_function([this, order, plugin, settings, done = std::move(done)] {
        if (order == "enable") return enable(plugin, done);
        if (order == "disable") return disable(plugin, done);
        if (order == "restart") return restart(plugin, done);
        if (order == "reset") return reset(plugin, done);
        if (order == "reconfigure") return reconfigure(plugin, settings, done);
        done(Failure::of(SW_UNIMPLEMENTED, "there is no order '" + order + "'"));
    });
}

bool Node::Core::carries_answers(std::string_view caller, const std::string& plugin) const {
    const auto at = caller.find('@');
    const std::string instance(caller.substr(0, at));
    if (at == std::string_view::npos || caller.substr(at + 1) != options.node) {
        // From another node, through whatever joins them.
        const auto* found = find(plugin);
        const auto* manifest = found ? found->manifest() : nullptr;
        return manifest &&
               std::ranges::find(manifest->interfaces, kTransport) != manifest->interfaces.end();
    }
    const auto users = interfaces.users_of(plugin);
    return instance == plugin || std::ranges::find(users, instance) != users.end();
}

}  // namespace streamwall::runtime
