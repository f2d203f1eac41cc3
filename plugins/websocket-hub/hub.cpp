// How connections come, what all of them hear, and how they go; commands are in hub_commands.cpp.
#include "event_stream.hpp"
#include "hub_connection.hpp"

#include <streamwall/contracts/record.hpp>
#include <streamwall/sdk/json.hpp>
#include <streamwall/sdk/json_scan.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace streamwall::hub {

namespace {

constexpr int kNormalClosure = 1000;
constexpr int kGoingAway = 1001;
constexpr int kPolicyViolation = 1008;
constexpr std::string_view kProtocols = "actioncable-v1-json,actioncable-v1-ext-json";
constexpr std::string_view kExtended = "actioncable-v1-ext-json";

bool is_somebody(const sw_context& context) {
    const auto type = to_view(context.principal_type);
    return !type.empty() && type != "anonymous";
}

// As the listener decides about routes: by role, or by a key's scope.
bool may_see_streams(const sw_context& context) {
    const auto role = to_view(context.role);
    if (role == "viewer" || role == "editor" || role == "admin") return true;
    auto scopes = to_view(context.scopes);
    while (!scopes.empty()) {
        const auto scope = scopes.substr(0, scopes.find(' '));
        if (scope == "streams:read" || scope == "admin") return true;
        scopes.remove_prefix(std::min(scopes.size(), scope.size() + 1));
    }
    return false;
}

std::string name_of(const sw_context& context) {
    return std::string(to_view(context.principal_type))
        .append(":")
        .append(to_view(context.principal_id));
}

}  // namespace

Hub::Hub(const sw_http_table* table, void* self, sw_lease* lease, HubMetrics metrics,
         std::function<void()> wants_nodes, Sources sources, HubOptions options, AskRoom ask_room,
         std::function<void()> burst_began)
    : table_(table),
      self_(self),
      lease_(lease),
      metrics_(metrics),
      options_(options),
      welcome_(R"({"type":"welcome"})"),
      unauthorized_(R"({"type":"disconnect","reason":"unauthorized","reconnect":false})"),
      restart_(R"({"type":"disconnect","reason":"server_restart","reconnect":true})"),
      streams_(table, self, lease),
      nodes_(table, self, lease),
      rooms_(ask_room ? std::make_shared<Rooms>(std::move(ask_room), metrics.messages,
                                                metrics.subscriptions)
                      : nullptr),
      timeline_(options.history_bytes, std::move(sources)),
      burst_began_(std::move(burst_began)),
      burst_(burst_began_ ? options.burst : BurstOptions{.delay = {}}),
      sessions_(options.session_ttl, options.max_sessions),
      replays_{timeline_, gate_, options.history_events, metrics.refused},
      wants_nodes_(std::move(wants_nodes)),
      everybody_(std::in_place, table, self, lease) {
    timeline_.settle_by([this] { send_held(); });
}

Hub::~Hub() = default;

Result<> Hub::mount() {
    return http::mount_websocket(table_, self_, lease_,
                                 {.path = "/cable",
                                  .protocols = kProtocols,
                                  .flags = SW_WS_UNAUTHENTICATED,
                                  .message_limit = 65'536,
                                  .fragment_limit = 1'024},
                                 *this);
}

Hub::User* Hub::on_open(http::WsConnection connection, const http::Request& request,
                        std::string_view protocol) {
    metrics_.connections.add();
    if (!is_somebody(request.context())) {
        turn_away(connection, unauthorized_, kNormalClosure);
        return nullptr;
    }
    const Gate::Stay stay(gate_);
    if (!stay || is_retiring_) {
        turn_away(connection, restart_, kGoingAway);
        return nullptr;
    }
    auto user = std::make_unique<Connection>();
    user->raw = connection.raw();
    user->home = request.context().home;
    user->is_admin = to_view(request.context().role) == "admin";
    user->sees_streams = may_see_streams(request.context());
    user->is_extended = protocol == kExtended;
    user->who = principals_.share(request.context());
    link(*user);
    welcome(*user, request);
    everybody_->join(connection);
    return user.release();
}

void Hub::welcome(Connection& user, const http::Request& request) {
    if (!user.is_extended) return user.handle(*this).send(welcome_);
    const auto who = name_of(request.context());
    json::Writer message;
    message.text("type", "welcome");
    user.extras().session = sessions_.open(user.handle(*this), who);
    message.text("sid", user.more->session);
    restore(user, http::find_parameter(request.query(), "sid").value_or(""), who, message);
    user.handle(*this).send(message.buffer());
}

// Subscribes to what the session `sid` was subscribed to, as far as the user may still hear it.
// What comes there waits until the client has said what it knows already: until its history
// command.
void Hub::restore(Connection& user, std::string_view sid, std::string_view who, json::Writer& out) {
    if (sid.empty()) return;
    const auto identifiers = sessions_.resume(sid, who, std::chrono::steady_clock::now());
    if (!identifiers) return;
    std::string restored;
    for (const auto& identifier : *identifiers) {
        bool wants_snapshot = false;
        auto topic = find_channel(user, *identifier, wants_snapshot);
        if (!topic) continue;
        if (topic->is_extended()) {
            add_replay(user, topic, {std::nullopt, wants_snapshot, false});
        } else {
            topic->topic().join(user.handle(*this));
            if (wants_nodes_) wants_nodes_();
        }
        keep(user, std::move(topic));
        if (!restored.empty()) restored += ',';
        json::append_string(restored, *identifier);
    }
    if (restored.empty()) return;
    metrics_.resumed.add();
    out.boolean("restored", true).raw("restored_ids", "[" + restored + "]");
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
    if (is_flood(*user)) {
        metrics_.flooded.add();
        return connection.close(kPolicyViolation, "too many commands");
    }
    const auto command = is_text ? parse_command(payload) : std::nullopt;
    if (!command || !obey(*user, *command)) metrics_.ignored.add();
}

void Hub::on_written(http::WsConnection /*connection*/, User* user) {
    if (user == nullptr || !user->more) return;
    const Gate::Stay stay(gate_);
    if (!stay) return;
    // By index: what is over is only dropped by commands, and none comes meanwhile.
    for (const auto& replay : user->more->replays) {
        if (!replay->is_held()) replay->step();
    }
}

void Hub::on_close(http::WsConnection /*connection*/, User* user, int /*code*/) noexcept {
    metrics_.connections.add(-1);
    if (user == nullptr) return;
    const std::unique_ptr<Connection> owned(user);
    unlink(*user);
    if (user->more) {
        for (const auto& replay : user->more->replays)
            replay->abandon();
        user->more->replays.clear();
        for (const auto& room : user->more->rooms)
            rooms_->unsubscribe(room);
    }
    if (user->is_extended) {
        sessions_.detach(user->more->session, std::chrono::steady_clock::now());
    }
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
    timeline_.wake_all();  // streams of events may have been silent for long
    everybody_->publish(
        json::Writer().text("type", "ping").number("message", epoch_seconds).buffer(), "ping");
}

Result<> Hub::publish(const StreamEvent& event) {
    const Gate::Stay stay(gate_);
    if (!stay) return ok();
    const auto action = choose_action(event.type, event.changes);
    if (action.empty()) {  // its place counts all the same
        timeline_.add(
            event.place.epoch,
            PastEvent{event.place.sequence, event.time_ms, std::string(event.type), {}, {}},
            [](const History&) {});
        return ok();
    }
    const auto record = event.record.view();
    const bool is_well_formed = json::is_enclosed_object(record) &&
                                (event.changes.empty() || json::is_enclosed_object(event.changes));
    if (!is_well_formed || contracts::record_id(record) <= 0) {
        return Error::invalid("the event holds no stream record", std::string(event.subject));
    }
    std::size_t sent = 0;
    timeline_.add(event.place.epoch,
                  PastEvent{event.place.sequence, event.time_ms, std::string(event.type),
                            event.record, std::string(event.changes)},
                  [&](const History& history) {
                      if (streams_.topic_count() == 0) return;
                      const auto facts = read_facts(record, event.changes);
                      if (!facts) return;
                      const StreamNews news{make_broadcast(action, record, event.changes), *facts,
                                            event.subject, event.place};
                      sent = send_news(news, event, history.is_old(event.place.sequence));
                  });
    metrics_.messages.add(static_cast<double>(sent));
    return ok();
}

// What is repeated goes to the base protocol alone: the extended one reads it from the history. In
// a burst the base protocol waits.
std::size_t Hub::send_news(const StreamNews& news, const StreamEvent& event, bool is_repeated) {
    const auto now = std::chrono::steady_clock::now();
    if (!burst_.begins(now)) {
        return streams_.broadcast({&news, 1}, is_repeated ? Audience::kBase : Audience::kAll);
    }
    const auto sent = is_repeated ? 0 : streams_.broadcast({&news, 1}, Audience::kExtended);
    const bool is_merged = burst_.hold({std::string(event.subject), news.broadcast.action,
                                        event.record, std::string(event.changes)},
                                       now);
    metrics_.held.add();
    if (is_merged) metrics_.merged.add();
    if (burst_.is_due(now)) {
        send_held();
    } else if (burst_.is_first()) {
        burst_began_();
    }
    return sent;
}

void Hub::send_held() {
    if (burst_.is_empty()) return;
    const auto changes = burst_.take();
    std::vector<StreamNews> news;
    news.reserve(changes.size());
    for (const auto& each : changes) {
        const auto record = each.record.view();
        // It was read before; the facts are those of all that was merged.
        if (auto facts = read_facts(record, each.changes)) {
            news.push_back({make_broadcast(each.action, record, each.changes), *std::move(facts),
                            each.subject});
        }
    }
    metrics_.messages.add(static_cast<double>(streams_.broadcast(news, Audience::kBase)));
}

void Hub::end_burst() {
    const Gate::Stay stay(gate_);
    if (stay) timeline_.settle();
}

void Hub::begin_history(const Position& newest, std::int64_t now_ms) {
    const Gate::Stay stay(gate_);
    if (stay) timeline_.begin(newest, now_ms);
}

void Hub::stream_events(const http::Request& request, http::Exchange exchange) {
    auto filter = parse_event_query(request.query());
    if (!filter) {
        http::Response refusal(
            400, Buffer(R"({"type":"about:blank","title":"Bad Request","status":400,)"
                        R"("code":"invalid_filter","error":"No stream can match this filter."})"));
        return exchange.send(refusal.header("content-type", "application/problem+json"));
    }
    const auto stream = std::make_shared<EventStream>(
        timeline_, gate_, std::move(*filter), parse_event_id(request.header("last-event-id")),
        options_.history_events, request.context().home);
    http::Response head(200);
    head.header("content-type", "text/event-stream").header("cache-control", "no-store");
    exchange.stream(head, EventStream::as_source(stream));
}

void Hub::publish_nodes(std::string_view nodes) {
    tell_nodes(&NodesChannel::send_snapshot, nodes);
}

void Hub::publish_plugin(std::string_view subject, std::string_view plugin) {
    tell_nodes(&NodesChannel::send_change, subject, plugin);
}

void Hub::publish_features(std::string_view flags) {
    tell_nodes(&NodesChannel::send_features, flags);
}

void Hub::publish_feature(std::string_view subject, std::string_view flag) {
    tell_nodes(&NodesChannel::send_feature, subject, flag);
}

template <class... Texts>
void Hub::tell_nodes(std::size_t (NodesChannel::*send)(Texts...), Texts... texts) {
    const Gate::Stay stay(gate_);
    if (stay) metrics_.messages.add(static_cast<double>((nodes_.*send)(texts...)));
}

Result<> Hub::deliver_to_room(std::string_view sent) {
    const Gate::Stay stay(gate_);
    return stay && rooms_ ? rooms_->deliver(sent) : ok();
}

Result<> Hub::open_room(std::string_view opened) {
    const Gate::Stay stay(gate_);
    return stay && rooms_ ? rooms_->opened(opened) : ok();
}

void Hub::keep_rooms() {
    const Gate::Stay stay(gate_);
    if (stay && rooms_) rooms_->keep();
}

std::size_t Hub::connections() const {
    const std::lock_guard lock(mutex_);
    std::size_t count = 0;
    for (const auto* user = first_; user; user = user->next)
        ++count;
    return count;
}

bool Hub::retire(std::size_t count) {
    is_retiring_ = true;
    std::vector<http::WsConnectionRef> told;
    {
        const std::lock_guard lock(mutex_);
        for (auto* user = first_; user && told.size() < count; user = user->next) {
            if (!std::exchange(user->is_told, true)) told.emplace_back(user->handle(*this));
        }
    }
    for (const auto& connection : told)
        turn_away(*connection.operator->(), restart_, kGoingAway);
    return !told.empty();
}

void Hub::shut_down() {
    gate_.close();
    if (!everybody_) return;
    everybody_->publish(restart_);
    everybody_.reset();
    timeline_.close();
    streams_.close();
    nodes_.close();
    if (rooms_) rooms_->close();
    std::vector<http::WsConnectionRef> connections;
    {
        const std::lock_guard lock(mutex_);
        for (const auto* user = first_; user; user = user->next)
            connections.emplace_back(user->handle(*this));
    }
    for (const auto& connection : connections)
        connection->close(kGoingAway);
}

}  // namespace streamwall::hub
