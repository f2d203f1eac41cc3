// Hub: the endpoint /cable, from the time a listener appears until it goes.
//
// It speaks ActionCable's JSON protocol (sub-protocol actioncable-v1-json): welcome, pings,
// commands. Authentication is the listener's; here it only counts whether there is somebody.
#pragma once

#include "command.hpp"
#include "gate.hpp"
#include "nodes_channel.hpp"
#include "streams_channel.hpp"

#include <streamwall/sdk/websocket.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

namespace streamwall::hub {

inline constexpr std::size_t kMaxSubscriptions = 100;  // of one connection

// All optional: a default Series records nothing.
struct HubMetrics {
    Series connections;    // gauge
    Series subscriptions;  // gauge
    Series messages;       // counter of messages times receivers
    Series ignored;        // counter of texts that were no valid command
};

class Hub {
  public:
    struct Connection;
    using User = Connection;  // none for whoever was turned away

    // `wants_nodes` runs when somebody has subscribed to NodesChannel: publish_nodes() is due.
    Hub(const sw_http_table* table, void* self, sw_lease* lease, HubMetrics metrics,
        std::function<void()> wants_nodes = {});
    ~Hub();
    Hub(const Hub&) = delete;
    Hub& operator=(const Hub&) = delete;

    // [strand]
    Result<> mount();

    // One shared frame to everybody. [any]
    void ping(std::int64_t epoch_seconds);
    // An event about a stream. What is no broadcast (other types) is success. Calls for one subject
    // must not overlap. [any]
    Result<> publish(std::string_view type, std::string_view subject, std::string_view record,
                     std::string_view changes);

    // The list of all nodes, a JSON array, and a change of one plugin. [any]
    void publish_nodes(std::string_view nodes);
    void publish_plugin(std::string_view subject, std::string_view plugin);
    bool has_node_subscribers() const { return nodes_.identifiers() > 0; }

    // Tells everybody to come back later, closes all connections and topics, and turns new ones
    // away. Idempotent. Afterwards the lease may go; the hub stays until the listener has let go of
    // it too, as callbacks may still come. [strand]
    void shut_down();

    // The listener's callbacks. [the connection's loop]
    User* on_open(http::WsConnection connection, const http::Request& request,
                  std::string_view protocol);
    void on_message(http::WsConnection connection, User* user, std::string_view payload,
                    bool is_text);
    void on_close(http::WsConnection connection, User* user, int code) noexcept;
    const sw_http_table* table() const { return table_; }

    std::size_t subscription_groups() const { return streams_.group_count(); }
    std::size_t subscription_topics() const { return streams_.topic_count(); }

  private:
    void turn_away(http::WsConnection connection, const Buffer& message, int code) const;
    bool subscribe(Connection& user, const std::string& identifier);
    StreamTopicPtr find_channel(const Connection& user, const std::string& identifier);
    void give_up(const Connection& user, const StreamTopicPtr& topic);
    bool unsubscribe(Connection& user, std::string_view identifier);
    void link(Connection& user);
    void unlink(Connection& user);

    const sw_http_table* table_;
    void* self_;
    sw_lease* lease_;
    HubMetrics metrics_;
    const Buffer welcome_;
    const Buffer unauthorized_;
    const Buffer restart_;
    StreamsChannel streams_;
    NodesChannel nodes_;
    const std::function<void()> wants_nodes_;
    std::optional<http::WsTopic> everybody_;
    // Whoever uses a topic is inside; closed before the topics are.
    Gate gate_;

    std::mutex mutex_;
    Connection* first_ = nullptr;  // list of all that were let in
};

}  // namespace streamwall::hub
