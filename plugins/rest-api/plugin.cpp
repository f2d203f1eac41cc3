// rest-api: wiring. Routes are in streams_api.cpp, users_api.cpp, nodes_api.cpp, schemas_api.cpp
// and system_api.cpp.
#include "audit_api.hpp"
#include "catalog_api.hpp"
#include "collaboration_api.hpp"
#include "dead_letters_api.hpp"
#include "deeds.hpp"
#include "events_api.hpp"
#include "export_api.hpp"
#include "features_api.hpp"
#include "feed_api.hpp"
#include "import_api.hpp"
#include "messages_api.hpp"
#include "nodes_api.hpp"
#include "schemas_api.hpp"
#include "session_api.hpp"
#include "stream_history_api.hpp"
#include "streams_api.hpp"
#include "system_api.hpp"
#include "users_api.hpp"

#include <streamwall/sdk/json_scan.hpp>
#include <streamwall/sdk/plugin.hpp>

#include <chrono>
#include <optional>
#include <random>

namespace streamwall::rest_api {

struct Settings {
    std::chrono::milliseconds idempotency_lifetime{};
    std::int64_t idempotency_keys = 0;
    bool feed_open_on_loopback = false;
    std::chrono::milliseconds event_streams_for{};
    bool require_if_match = false;
};

}  // namespace streamwall::rest_api

STREAMWALL_SETTINGS(streamwall::rest_api::Settings, idempotency_lifetime, idempotency_keys,
                    feed_open_on_loopback, event_streams_for, require_if_match)

namespace streamwall::rest_api {

class RestApi final : public Plugin<Settings> {
  public:
    using Plugin::Plugin;

    Step start() override {
        if (settings().require_if_match) routes_.require_if_match();
        if (auto opened = open_repeats(); !opened) return std::move(opened).error();
        auto client = contracts::streams::Client::resolve(services());
        if (!client) return std::move(client).error();
        client_ = std::move(*client);
        add_stream_routes(routes_, *client_);
        const FeatureGate gate = [this](std::string_view key, const sw_context& context) {
            return flags_.is_on(key, context);
        };
        add_stream_history_routes(routes_, *client_, gate);
        add_export_routes(routes_, *client_, host(), gate);
        add_import_routes(routes_, *client_, host(), gate);
        if (auto added = catalog_.add(routes_, services()); !added) return std::move(added).error();
        add_feed_routes(routes_, *client_, settings().feed_open_on_loopback);
        auto accounts = AccountsClient::resolve(services());
        if (!accounts) return std::move(accounts).error();
        accounts_ = std::move(*accounts);
        add_account_routes(routes_, *accounts_);
        if (auto begun = flags_.start(); !begun) return std::move(begun).error();
        auto features = FeaturesClient::resolve(
            services(), [this](std::string_view record) { flags_.learn(record); });
        if (!features) return std::move(features).error();
        features_ = std::move(*features);
        add_feature_routes(routes_, *features_);
        auto audit = AuditClient::resolve(services());
        if (!audit) return std::move(audit).error();
        audit_ = *audit;
        add_audit_routes(routes_, audit_);
        add_session_routes(routes_, *accounts_);
        auto nodes = NodesClient::resolve(services());
        if (!nodes) return std::move(nodes).error();
        nodes_ = std::move(*nodes);
        if (auto opened = deeds_.open(services()); !opened) return std::move(opened).error();
        notes_ = host().every(std::chrono::seconds(1), [this] { deeds_.retry(); });
        add_node_routes(routes_, *nodes_, deeds_);
        add_schema_routes(routes_, *nodes_);
        add_dead_letter_routes(routes_, *nodes_, deeds_);
        if (auto added = messages_.add(routes_, services()); !added)
            return std::move(added).error();
        if (auto added = collaboration_.add(routes_, services()); !added)
            return std::move(added).error();
        if (auto added = events_.add(routes_, services()); !added) return std::move(added).error();
        events_.open_streams(host(), settings().event_streams_for);
        add_system_routes(routes_,
                          {.introspect = [this](std::string_view what) { return document(what); },
                           .routes = [this] { return listener_.mounted(); }});
        return listener_.watch([this](const Error& error) {
            log().error("rest.route_refused", error.message, {{"where", error.where}});
        });
    }

    Step drain(std::uint64_t /*deadline_ns*/) override {
        events_.close_streams();
        return ok();
    }

    // Handlers on the listener's loops must not outlive what they use.
    Step stop() override {
        chores_.cancel();
        notes_.cancel();
        events_.close_streams();
        listener_.unmount([host = host()] { host.complete(SW_STEP_STOP); });
        return pending;
    }

  private:
    Result<> open_repeats() {
        const auto health = document("health");
        const auto node = json::to_plain_text(json::find_member(health.view(), "node"));
        std::random_device random;
        const auto process = std::to_string(random()) + "-" + std::to_string(random());
        auto opened = repeats_.open(host(), services(),
                                    {.node = std::string(node.value_or("")),
                                     .process = process,
                                     .lifetime = settings().idempotency_lifetime,
                                     .most_keys = settings().idempotency_keys});
        if (opened) chores_ = host().every(kChores, [this] { repeats_.clean_up(); });
        return opened;
    }

    static constexpr std::chrono::minutes kChores{1};

    Buffer document(std::string_view what) const {
        return Buffer::adopt(introspect_->document(host().raw(), to_str(what)));
    }

    const sw_introspect_api* introspect_ = host().find<sw_introspect_api>(SW_INTROSPECT);
    std::optional<contracts::streams::Client> client_;
    CatalogApi catalog_;
    std::optional<AccountsClient> accounts_;
    std::optional<FeaturesClient> features_;
    AuditClient audit_;
    std::optional<NodesClient> nodes_;
    EventsApi events_;
    MessagesApi messages_;
    CollaborationApi collaboration_;
    http::Listener listener_{host()};
    Deeds deeds_{host()};
    Repeats repeats_;
    contracts::features::Flags flags_{*this};
    Timer chores_;
    Timer notes_;
    Routes routes_{host(), listener_, &repeats_, [this](const sw_context& context) {
                       return flags_.is_on(contracts::features::kMaintenanceMode, context);
                   }};
};

}  // namespace streamwall::rest_api

STREAMWALL_PLUGIN(streamwall::rest_api::RestApi)
