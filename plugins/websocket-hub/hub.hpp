// Hub: the endpoint /cable, from the time a listener appears until it goes.
//
// It speaks ActionCable's JSON protocol (sub-protocol actioncable-v1-json): welcome, pings,
// commands; and AnyCable's extension of it (actioncable-v1-ext-json): sessions that are resumed,
// and history. Authentication is the listener's; here it only counts whether there is somebody.
#pragma once

#include "burst.hpp"
#include "command.hpp"
#include "nodes_channel.hpp"
#include "replay.hpp"
#include "sessions.hpp"
#include "streams_channel.hpp"
#include "timeline.hpp"

#include <streamwall/rooms/gate.hpp>
#include <streamwall/rooms/pace.hpp>
#include <streamwall/rooms/principals.hpp>
#include <streamwall/rooms/rooms.hpp>
#include <streamwall/sdk/bus.hpp>
#include <streamwall/sdk/websocket.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

namespace streamwall::hub {

using rooms::AskRoom;
using rooms::Principals;
using rooms::RoomMember;
using rooms::RoomMemberPtr;
using rooms::Rooms;

inline constexpr std::size_t kMaxSubscriptions = 100;  // of one connection

// All optional: a default Series records nothing.
struct HubMetrics {
    Series connections;    // gauge
    Series subscriptions;  // gauge
    Series messages;       // counter of messages times receivers
    Series ignored;        // counter of texts that were no valid command
    Series resumed;        // counter of sessions
    Series refused;        // counter of histories that could not be given
    Series flooded;        // counter of connections closed for too many commands
    Series held;           // counter of changes that waited in a burst
    Series merged;         // counter of changes that a later one of their stream stands for
};

struct HubOptions {
    std::size_t history_bytes = 16 * 1024 * 1024;
    std::uint64_t history_events = 100'000;  // that a client may be behind
    std::chrono::milliseconds session_ttl{300'000};
    std::size_t max_sessions = 20'000;           // without a connection
    rooms::Pace pace = {};                       // of the commands of one connection
    std::chrono::milliseconds heartbeat{6'000};  // in which who is in a room has to be heard
    BurstOptions burst = {};
};

// An event about a stream, borrowed.
struct StreamEvent {
    std::string_view type;
    std::string_view subject;
    Buffer record;
    std::string_view changes;
    StreamPlace place = {};
    std::int64_t time_ms = 0;
};

class Hub {
  public:
    struct Connection;
    using User = Connection;  // none for whoever was turned away

    // `wants_nodes` runs when somebody has subscribed to NodesChannel: publish_nodes() is due,
    // and publish_features().
    // `burst_began` runs when changes begin to wait: end_burst() is due after the burst's delay.
    Hub(const sw_http_table* table, void* self, sw_lease* lease, HubMetrics metrics,
        std::function<void()> wants_nodes = {}, Sources sources = {}, HubOptions options = {},
        AskRoom ask_room = {}, std::function<void()> burst_began = {});
    ~Hub();
    Hub(const Hub&) = delete;
    Hub& operator=(const Hub&) = delete;

    // [strand]
    Result<> mount();

    // One shared frame to everybody. [any]
    void ping(std::int64_t epoch_seconds);
    // What is no broadcast (other types) is success. In the order of the journal, one at a time.
    // [any]
    Result<> publish(const StreamEvent& event);
    // Sends what a burst has held back; due some time after `burst_began` ran, see the constructor.
    // [any]
    void end_burst();
    // Where the journal is, some time after events began to be published. Whoever asks for history,
    // for a snapshot or speaks the extended protocol waits for it. [any]
    void begin_history(const Position& newest, std::int64_t now_ms);
    bool knows_history() const { return timeline_.has_begun(); }

    // The list of all nodes, a JSON array, and a change of one plugin. [any]
    void publish_nodes(std::string_view nodes);
    void publish_plugin(std::string_view subject, std::string_view plugin);
    void publish_features(std::string_view flags);
    void publish_feature(std::string_view subject, std::string_view flag);
    bool has_node_subscribers() const { return nodes_.identifiers() > 0; }

    // What plugins say in their rooms: the data of `room.message_sent` and of `room.opened`. [any]
    Result<> deliver_to_room(std::string_view sent);
    Result<> open_room(std::string_view opened);
    // Once a second. [any]
    void keep_rooms();

    // Turns new clients away and tells up to `count` of those that are here to come back. False
    // once all have been told. [strand]
    bool retire(std::size_t count);
    std::size_t connections() const;

    // Tells everybody to come back later, closes all connections and topics, and turns new ones
    // away. Idempotent. Afterwards the lease may go; the hub stays until the listener has let go of
    // it too, as callbacks may still come. [strand]
    void shut_down();

    // Answers with server-sent events. [the connection's loop]
    void stream_events(const http::Request& request, http::Exchange exchange);

    // The listener's callbacks. [the connection's loop]
    User* on_open(http::WsConnection connection, const http::Request& request,
                  std::string_view protocol);
    void on_message(http::WsConnection connection, User* user, std::string_view payload,
                    bool is_text);
    void on_close(http::WsConnection connection, User* user, int code) noexcept;
    void on_written(http::WsConnection connection, User* user);
    const sw_http_table* table() const { return table_; }

    std::size_t subscription_groups() const { return streams_.group_count(); }
    std::size_t subscription_topics() const { return streams_.topic_count(); }

  private:
    // What a subscription comes to.
    enum class Answer { kConfirm, kReject, kLater };

    // Says something in NodesChannel while the hub is open, and counts the messages.
    template <class... Texts>
    void tell_nodes(std::size_t (NodesChannel::*send)(Texts...), Texts... texts);
    void turn_away(http::WsConnection connection, const Buffer& message, int code) const;
    bool is_flood(Connection& user) const;
    void welcome(Connection& user, const http::Request& request);
    void restore(Connection& user, std::string_view sid, std::string_view who, json::Writer& out);
    bool obey(Connection& user, const Command& command);
    void subscribe(Connection& user, const Command& command);
    Answer try_subscribe(Connection& user, const Command& command);
    std::optional<Answer> try_room(Connection& user, const Command& command);
    bool send_to_room(Connection& user, const Command& command);
    static RoomMemberPtr find_room(const Connection& user, std::string_view identifier);
    bool leave_room(Connection& user, std::string_view identifier);
    bool send_history(Connection& user, const Command& command);
    StreamTopicPtr find_channel(const Connection& user, const std::string& identifier,
                                bool& wants_snapshot);
    std::shared_ptr<Replay> add_replay(Connection& user, StreamTopicPtr topic, ReplayWish wish);
    void keep(Connection& user, StreamTopicPtr topic);
    static void drop_replays(Connection& user, const StreamTopicPtr& topic);
    void give_up(const Connection& user, const StreamTopicPtr& topic);
    bool unsubscribe(Connection& user, std::string_view identifier);
    // Under the timeline's lock.
    std::size_t send_news(const StreamNews& news, const StreamEvent& event, bool is_repeated);
    void send_held();
    void link(Connection& user);
    void unlink(Connection& user);

    const sw_http_table* table_;
    void* self_;
    sw_lease* lease_;
    HubMetrics metrics_;
    const HubOptions options_;
    const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
    const Buffer welcome_;
    const Buffer unauthorized_;
    const Buffer restart_;
    StreamsChannel streams_;
    NodesChannel nodes_;
    const std::shared_ptr<Rooms> rooms_;  // none where nobody can be asked
    Principals principals_;
    Timeline timeline_;
    const std::function<void()> burst_began_;
    Burst burst_;  // under the timeline's lock
    Sessions sessions_;
    ReplayParts replays_;
    const std::function<void()> wants_nodes_;
    std::optional<http::WsTopic> everybody_;
    // Whoever uses a topic is inside; closed before the topics are.
    Gate gate_;

    std::atomic<bool> is_retiring_{false};
    mutable std::mutex mutex_;
    Connection* first_ = nullptr;  // list of all that were let in
};

}  // namespace streamwall::hub
