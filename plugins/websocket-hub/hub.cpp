// The protocol's connection side.
#include "hub.hpp"

#include <streamwall/sdk/json.hpp>
#include <streamwall/sdk/json_scan.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace streamwall::hub {

namespace {

constexpr int kNormalClosure = 1000;
constexpr int kGoingAway = 1001;

Buffer answer(std::string_view identifier, std::string_view type) {
    return json::Writer().text("identifier", identifier).text("type", type).buffer();
}

bool is_somebody(const sw_context& context) {
    const auto type = to_view(context.principal_type);
    return !type.empty() && type != "anonymous";
}

}  // namespace

// Small on purpose: most connections are idle. `topics` is touched on the connection's loop only,
// the links under the hub's mutex.
struct Hub::Connection {
    http::WsConnection handle;
    Connection* previous = nullptr;
    Connection* next = nullptr;
    std::vector<StreamTopicPtr> topics;
    bool is_admin = false;
};

Hub::Hub(const sw_http_table* table, void* self, sw_lease* lease, HubMetrics metrics,
         std::function<void()> wants_nodes)
    : table_(table),
      self_(self),
      lease_(lease),
      metrics_(metrics),
      welcome_(R"({"type":"welcome"})"),
      unauthorized_(R"({"type":"disconnect","reason":"unauthorized","reconnect":false})"),
      restart_(R"({"type":"disconnect","reason":"server_restart","reconnect":true})"),
      streams_(table, self, lease),
      nodes_(table, self, lease),
      wants_nodes_(std::move(wants_nodes)),
      everybody_(std::in_place, table, self, lease) {}

Hub::~Hub() = default;

Result<> Hub::mount() {
    return http::mount_websocket(table_, self_, lease_,
                                 {.path = "/cable",
                                  .protocols = "actioncable-v1-json",
                                  .flags = SW_WS_UNAUTHENTICATED,
                                  .message_limit = 65'536,
                                  .fragment_limit = 1'024},
                                 *this);
}

Hub::User* Hub::on_open(http::WsConnection connection, const http::Request& request,
                        std::string_view /*protocol*/) {
    metrics_.connections.add();
    if (!is_somebody(request.context())) {
        turn_away(connection, unauthorized_, kNormalClosure);
        return nullptr;
    }
    const Gate::Stay stay(gate_);
    if (!stay) {
        turn_away(connection, restart_, kGoingAway);
        return nullptr;
    }
    auto user = std::make_unique<Connection>(
        Connection{connection, nullptr, nullptr, {}, to_view(request.context().role) == "admin"});
    link(*user);
    connection.send(welcome_);
    everybody_->join(connection);
    return user.release();
}

void Hub::turn_away(http::WsConnection connection, const Buffer& message, int code) const {
    connection.send(message);
    connection.close(code);
}

void Hub::on_message(http::WsConnection connection, User* user, std::string_view payload,
                     bool is_text) {
    if (user == nullptr) return;  // turned away, what it still says is of no interest
    const Gate::Stay stay(gate_);
    if (!stay) return;  // closed with everybody else
    const auto command = is_text ? parse_command(payload) : std::nullopt;
    bool understood = false;
    if (command && command->kind == Command::Kind::kSubscribe) {
        const bool confirmed = subscribe(*user, command->identifier);
        connection.send(answer(command->identifier,
                               confirmed ? "confirm_subscription" : "reject_subscription"));
        understood = true;
        const bool is_nodes = confirmed && user->is_admin && has_node_subscribers() &&
                              parse_identifier(command->identifier)->channel == "NodesChannel";
        if (is_nodes && wants_nodes_) wants_nodes_();
    } else if (command && command->kind == Command::Kind::kUnsubscribe) {
        understood = unsubscribe(*user, command->identifier);
    }
    // A `message` performs an action; no channel has one.
    if (!understood) metrics_.ignored.add();
}

namespace {
auto find_topic(std::vector<StreamTopicPtr>& topics, std::string_view identifier) {
    return std::ranges::find_if(
        topics, [&](const StreamTopicPtr& topic) { return topic->identifier() == identifier; });
}
}  // namespace

// Whether to confirm. The topic is joined first, so that no event falls between the two.
// Subscribing again to what one is subscribed to is confirmed again: the stock client asks until it
// is answered.
bool Hub::subscribe(Connection& user, const std::string& identifier) {
    if (find_topic(user.topics, identifier) != user.topics.end()) return true;
    if (user.topics.size() >= kMaxSubscriptions) return false;
    auto topic = find_channel(user, identifier);
    if (!topic) return false;
    user.topics.reserve(user.topics.size() + 1);  // most have one; growth is not worth the memory
    topic->topic().join(user.handle);
    user.topics.push_back(std::move(topic));
    metrics_.subscriptions.add();
    return true;
}

// Null where the identifier names no channel that the user may hear.
StreamTopicPtr Hub::find_channel(const Connection& user, const std::string& identifier) {
    const auto parsed = parse_identifier(identifier);
    if (!parsed) return nullptr;
    if (parsed->channel == "NodesChannel") {
        return user.is_admin ? nodes_.subscribe(identifier) : nullptr;
    }
    if (parsed->channel != "StreamsChannel") return nullptr;
    const auto filter = StreamFilter::parse(parsed->params);
    return filter ? streams_.subscribe(identifier, *filter) : nullptr;
}

void Hub::give_up(const Connection& user, const StreamTopicPtr& topic) {
    if (!user.is_admin || !nodes_.unsubscribe(topic)) streams_.unsubscribe(topic);
}

bool Hub::unsubscribe(Connection& user, std::string_view identifier) {
    const auto found = find_topic(user.topics, identifier);
    if (found == user.topics.end()) return false;
    const auto topic = std::move(*found);
    user.topics.erase(found);
    topic->topic().leave(user.handle);
    give_up(user, topic);
    metrics_.subscriptions.add(-1);
    return true;
}

void Hub::on_close(http::WsConnection /*connection*/, User* user, int /*code*/) noexcept {
    metrics_.connections.add(-1);
    if (user == nullptr) return;
    const std::unique_ptr<Connection> owned(user);
    unlink(*user);
    metrics_.subscriptions.add(-static_cast<double>(user->topics.size()));
    const Gate::Stay stay(gate_);
    if (stay) {
        for (const auto& topic : user->topics)
            give_up(*user, topic);
    }
    user->topics.clear();  // inside the gate: the last subscriber closes the topic
}

void Hub::link(Connection& user) {
    const std::lock_guard lock(mutex_);
    user.next = first_;
    if (first_) first_->previous = &user;
    first_ = &user;
}

void Hub::unlink(Connection& user) {
    const std::lock_guard lock(mutex_);
    (user.previous ? user.previous->next : first_) = user.next;
    if (user.next) user.next->previous = user.previous;
}

void Hub::ping(std::int64_t epoch_seconds) {
    const Gate::Stay stay(gate_);
    if (!stay) return;
    everybody_->publish(
        json::Writer().text("type", "ping").number("message", epoch_seconds).buffer(), "ping");
}

Result<> Hub::publish(std::string_view type, std::string_view subject, std::string_view record,
                      std::string_view changes) {
    const Gate::Stay stay(gate_);
    if (!stay || streams_.is_empty()) return ok();  // nobody is there to be told
    const auto action = choose_action(type, changes);
    if (action.empty()) return ok();
    const bool is_well_formed =
        json::is_enclosed_object(record) && (changes.empty() || json::is_enclosed_object(changes));
    const auto facts = is_well_formed ? read_facts(record, changes) : std::nullopt;
    if (!facts) return Error::invalid("the event holds no stream record", std::string(subject));
    const auto sent = streams_.broadcast(make_broadcast(action, record, changes), *facts, subject);
    metrics_.messages.add(static_cast<double>(sent));
    return ok();
}

void Hub::publish_nodes(std::string_view nodes) {
    const Gate::Stay stay(gate_);
    if (stay) metrics_.messages.add(static_cast<double>(nodes_.send_snapshot(nodes)));
}

void Hub::publish_plugin(std::string_view subject, std::string_view plugin) {
    const Gate::Stay stay(gate_);
    if (stay) metrics_.messages.add(static_cast<double>(nodes_.send_change(subject, plugin)));
}

void Hub::shut_down() {
    gate_.close();
    if (!everybody_) return;
    everybody_->publish(restart_);
    everybody_.reset();
    streams_.close();
    nodes_.close();
    std::vector<http::WsConnectionRef> connections;
    {
        const std::lock_guard lock(mutex_);
        for (auto* user = first_; user; user = user->next)
            connections.emplace_back(user->handle);
    }
    for (const auto& connection : connections)
        connection->close(kGoingAway);
}

}  // namespace streamwall::hub
