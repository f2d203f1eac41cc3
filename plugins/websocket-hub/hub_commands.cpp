// What clients ask for.
#include "hub_connection.hpp"
#include "room_outlet.hpp"

#include <streamwall/sdk/json.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace streamwall::hub {

namespace {
Buffer answer(std::string_view identifier, std::string_view type) {
    return json::Writer().text("identifier", identifier).text("type", type).buffer();
}

}  // namespace

bool Hub::is_flood(Connection& user) const {
    const auto since = std::chrono::steady_clock::now() - began_;
    const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
    return !options_.pace.allows(user.paid_at_ms, static_cast<std::uint32_t>(now));
}

// False where the command means nothing here.
bool Hub::obey(Connection& user, const Command& command) {
    switch (command.kind) {
        case Command::Kind::kSubscribe:
            subscribe(user, command);
            return true;
        case Command::Kind::kUnsubscribe:
            return leave_room(user, command.identifier) || unsubscribe(user, command.identifier);
        case Command::Kind::kHistory:
            return send_history(user, command);
        case Command::Kind::kPong:
            return user.is_extended;
        case Command::Kind::kMessage:
            return send_to_room(user, command);  // no channel of the hub's own has an action
    }
    return false;
}

namespace {
auto find_topic(std::vector<StreamTopicPtr>& topics, std::string_view identifier) {
    return std::ranges::find_if(
        topics, [&](const StreamTopicPtr& topic) { return topic->identifier() == identifier; });
}
}  // namespace

void Hub::subscribe(Connection& user, const Command& command) {
    const auto outcome = try_subscribe(user, command);
    if (outcome == Answer::kLater) return;
    const bool is_confirmed = outcome == Answer::kConfirm;
    user.handle(*this).send(
        answer(command.identifier, is_confirmed ? "confirm_subscription" : "reject_subscription"));
    const bool is_nodes = is_confirmed && user.is_admin && has_node_subscribers() &&
                          parse_identifier(command.identifier)->channel == "NodesChannel";
    if (is_nodes && wants_nodes_) wants_nodes_();
}

// The topic is joined before the confirmation is queued, so that no event falls between the two.
// Subscribing again to what one is subscribed to is confirmed again: the stock client asks until it
// is answered. Who wants to know what was before is confirmed by a replay, which joins last.
Hub::Answer Hub::try_subscribe(Connection& user, const Command& command) {
    if (const auto answer = try_room(user, command)) return *answer;
    if (find_topic(user.topics, command.identifier) != user.topics.end()) {
        const auto& replays = user.extras().replays;
        const bool is_waiting = std::ranges::any_of(replays, [&](const auto& replay) {
            return replay->topic()->identifier() == command.identifier && replay->is_unconfirmed();
        });
        return is_waiting ? Answer::kLater : Answer::kConfirm;
    }
    const auto rooms = user.more ? user.more->rooms.size() : 0;
    if (user.topics.size() + rooms >= kMaxSubscriptions) return Answer::kReject;
    bool wants_snapshot = false;
    auto topic = find_channel(user, command.identifier, wants_snapshot);
    if (!topic) return Answer::kReject;
    keep(user, topic);
    if (!topic->is_extended() && !wants_snapshot) {
        topic->topic().join(user.handle(*this));
        return Answer::kConfirm;
    }
    add_replay(user, std::move(topic), {command.history, wants_snapshot, true})->step();
    return Answer::kLater;
}

RoomMemberPtr Hub::find_room(const Connection& user, std::string_view identifier) {
    if (!user.more) return nullptr;
    const auto found = std::ranges::find(user.more->rooms, identifier, &RoomMember::identifier);
    return found == user.more->rooms.end() ? nullptr : *found;
}

// Nothing where the channel is one of the hub's own.
std::optional<Hub::Answer> Hub::try_room(Connection& user, const Command& command) {
    auto parsed = parse_identifier(command.identifier);
    if (!parsed || !rooms_ || parsed->channel == "StreamsChannel" ||
        parsed->channel == "NodesChannel") {
        return std::nullopt;
    }
    auto& mine = user.extras().rooms;
    std::erase_if(mine,
                  [&](const auto& each) { return rooms_->state(*each) == Rooms::State::kOver; });
    if (const auto known = find_room(user, command.identifier)) {
        const bool is_waiting = rooms_->state(*known) == Rooms::State::kWaiting;
        return is_waiting ? Answer::kLater : Answer::kConfirm;
    }
    if (user.topics.size() + mine.size() >= kMaxSubscriptions) return Answer::kReject;
    auto outlet = std::make_unique<RoomOutlet>(user.handle(*this), command.identifier);
    auto member = rooms_->subscribe({std::move(outlet), user.who, user.home}, command.identifier,
                                    parsed->channel, parsed->params);
    if (!member) return Answer::kReject;
    // Others see who is in a room, and should soon see who is not any more.
    if (mine.empty()) user.handle(*this).watch(options_.heartbeat);
    mine.push_back(std::move(member));
    return Answer::kLater;
}

bool Hub::send_to_room(Connection& user, const Command& command) {
    const auto member = find_room(user, command.identifier);
    return member && rooms_->receive(member, command.data);
}

bool Hub::leave_room(Connection& user, std::string_view identifier) {
    const auto member = find_room(user, identifier);
    if (!member) return false;
    rooms_->unsubscribe(member);
    std::erase(user.more->rooms, member);
    if (user.more->rooms.empty()) user.handle(*this).watch({});
    return true;
}

bool Hub::send_history(Connection& user, const Command& command) {
    const auto found = find_topic(user.topics, command.identifier);
    if (!user.is_extended || found == user.topics.end()) return false;
    const auto& topic = *found;
    if (!topic->is_extended()) {  // a channel without history
        user.handle(*this).send(answer(command.identifier, "confirm_history"));
        return true;
    }
    auto& replays = user.extras().replays;
    const auto held = std::ranges::find(replays, topic, &Replay::topic);
    if (held != replays.end() && !(*held)->is_over()) {
        (*held)->request(command.history);
        return true;
    }
    topic->topic().leave(user.handle(*this));
    add_replay(user, topic, {command.history, false, false})->request(command.history);
    return true;
}

std::shared_ptr<Replay> Hub::add_replay(Connection& user, StreamTopicPtr topic, ReplayWish wish) {
    drop_replays(user, nullptr);
    return user.extras().replays.emplace_back(std::make_shared<Replay>(
        replays_, user.handle(*this), user.home, std::move(topic), std::move(wish)));
}

// Those that are over, and the one of `topic`.
void Hub::drop_replays(Connection& user, const StreamTopicPtr& topic) {
    if (!user.more) return;
    std::erase_if(user.more->replays, [&](const auto& replay) {
        if (replay->topic() == topic) replay->abandon();
        return replay->is_over();
    });
}

void Hub::keep(Connection& user, StreamTopicPtr topic) {
    if (user.is_extended) sessions_.add(user.more->session, topic->shared_identifier());
    user.topics.reserve(user.topics.size() + 1);  // most have one; growth is not worth the memory
    user.topics.push_back(std::move(topic));
    metrics_.subscriptions.add();
}

// Null where the identifier names no channel that the user may hear.
StreamTopicPtr Hub::find_channel(const Connection& user, const std::string& identifier,
                                 bool& wants_snapshot) {
    const auto parsed = parse_identifier(identifier);
    if (!parsed) return nullptr;
    if (parsed->channel == "NodesChannel") {
        return user.is_admin ? nodes_.subscribe(identifier) : nullptr;
    }
    if (parsed->channel != "StreamsChannel" || !user.sees_streams) return nullptr;
    const auto* snapshot = parsed->params.if_contains("snapshot");
    wants_snapshot = snapshot != nullptr && snapshot->is_bool() && snapshot->get_bool();
    const auto filter = StreamFilter::parse(parsed->params);
    if (!filter) return nullptr;
    const auto* batch = parsed->params.if_contains("batch");
    const bool is_batched = batch != nullptr && batch->is_bool() && batch->get_bool();
    const auto kind = user.is_extended ? TopicKind::kExtended
                      : is_batched     ? TopicKind::kBatched
                                       : TopicKind::kPlain;
    return streams_.subscribe(identifier, *filter, kind);
}

void Hub::give_up(const Connection& user, const StreamTopicPtr& topic) {
    if (!user.is_admin || !nodes_.unsubscribe(topic)) streams_.unsubscribe(topic);
}

bool Hub::unsubscribe(Connection& user, std::string_view identifier) {
    const auto found = find_topic(user.topics, identifier);
    if (found == user.topics.end()) return false;
    const auto topic = std::move(*found);
    user.topics.erase(found);
    drop_replays(user, topic);
    if (user.is_extended) sessions_.remove(user.more->session, identifier);
    topic->topic().leave(user.handle(*this));
    give_up(user, topic);
    metrics_.subscriptions.add(-1);
    return true;
}

}  // namespace streamwall::hub
