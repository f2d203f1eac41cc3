// rest-api: wiring. Routes are in streams_api.cpp, users_api.cpp, nodes_api.cpp, schemas_api.cpp
// and system_api.cpp.
#include "nodes_api.hpp"
#include "schemas_api.hpp"
#include "streams_api.hpp"
#include "system_api.hpp"
#include "users_api.hpp"

#include <streamwall/sdk/plugin.hpp>

#include <optional>

namespace streamwall::rest_api {

class RestApi final : public Plugin<> {
  public:
    using Plugin::Plugin;

    Step start() override {
        auto client = contracts::streams::Client::resolve(services());
        if (!client) return std::move(client).error();
        client_ = std::move(*client);
        add_stream_routes(routes_, *client_);
        auto accounts = AccountsClient::resolve(services());
        if (!accounts) return std::move(accounts).error();
        accounts_ = std::move(*accounts);
        add_account_routes(routes_, *accounts_);
        auto nodes = NodesClient::resolve(services());
        if (!nodes) return std::move(nodes).error();
        nodes_ = std::move(*nodes);
        add_node_routes(routes_, *nodes_);
        add_schema_routes(routes_, *nodes_);
        add_system_routes(routes_,
                          {.introspect = [this](std::string_view what) { return document(what); },
                           .routes = [this] { return listener_.mounted(); }});
        return listener_.watch([this](const Error& error) {
            log().error("rest.route_refused", error.message, {{"where", error.where}});
        });
    }

    // Handlers on the listener's loops must not outlive what they use.
    Step stop() override {
        listener_.unmount([host = host()] { host.complete(SW_STEP_STOP); });
        return pending;
    }

  private:
    Buffer document(std::string_view what) const {
        return Buffer::adopt(introspect_->document(host().raw(), to_str(what)));
    }

    const sw_introspect_api* introspect_ = host().find<sw_introspect_api>(SW_INTROSPECT);
    std::optional<contracts::streams::Client> client_;
    std::optional<AccountsClient> accounts_;
    std::optional<NodesClient> nodes_;
    http::Listener listener_{host()};
    Routes routes_{host(), listener_};
};

}  // namespace streamwall::rest_api

STREAMWALL_PLUGIN(streamwall::rest_api::RestApi)
