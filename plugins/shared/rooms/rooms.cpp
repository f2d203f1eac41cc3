#include <streamwall/rooms/rooms.hpp>

#include <streamwall/sdk/json.hpp>
#include <streamwall/sdk/json_scan.hpp>

#include <algorithm>
#include <utility>

namespace streamwall::rooms {

// Under the mutex of Rooms, but for the name.
struct RoomChannel {
    std::string name;
    std::unordered_map<std::string, RoomMemberPtr> members;  // by id
    std::unordered_map<std::string, std::set<RoomMember*>> rooms;
    std::size_t waiting = 0;                         // admissions that are awaited
    bool is_known = false;                           // to be a plugin's
    std::vector<std::weak_ptr<RoomMember>> put_off;  // to be admitted once the plugin is there
    std::deque<std::string> recent;                  // messages that came meanwhile
    std::size_t recent_bytes = 0;
    std::string lost_owner;  // of the newest message that `recent` had no room for
    std::uint64_t lost_position = 0;
    std::string owner;      // the run that admitted last
    int mismatches = 0;     // in a row, of what the hub has with what the plugin knows
    bool is_asked = false;  // whether it is still there
    int unanswered = 0;     // ticks since then
};

namespace {

constexpr std::size_t kMaxRecent = 4 * 1024 * 1024;  // bytes of a channel
// Names that clients ever asked for. A name costs the host a little for as long as it runs, so
// there must be an end of wrong ones; what a plugin says that it has is none.
constexpr std::size_t kMaxChannels = 1'000;
constexpr int kPatience = 2;  // mismatches that pass by themselves, ticks without an answer

// What a plugin may call a channel.
bool is_channel_name(std::string_view name) {
    return !name.empty() && name.size() <= 64 && name[0] >= 'A' && name[0] <= 'Z' &&
           std::ranges::all_of(name, [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
           });
}

// A member that holds text; empty where there is none. What our own side writes of these holds no
// escapes, but for room names.
std::string find_text(std::string_view object, std::string_view name) {
    const auto raw = json::find_member(object, name);
    if (const auto plain = json::to_plain_text(raw)) return std::string(*plain);
    const auto parsed = raw.empty() ? Result<boost::json::value>(Error{}) : json::parse(raw);
    return parsed && parsed->is_string() ? std::string(parsed->get_string()) : std::string();
}

std::set<std::string> find_texts(std::string_view object, std::string_view name) {
    const auto raw = json::find_member(object, name);
    if (raw.empty()) return {};
    const auto parsed = json::parse(raw);
    return parsed ? wire::detail::read_texts(&*parsed) : std::set<std::string>();
}

void move_to_rooms(RoomMember& member, std::set<std::string> rooms) {
    auto& all = member.channel->rooms;
    for (const auto& room : member.rooms) {
        const auto found = all.find(room);
        if (found == all.end()) continue;
        found->second.erase(&member);
        if (found->second.empty()) all.erase(found);
    }
    member.rooms = std::move(rooms);
    for (const auto& room : member.rooms)
        all[room].insert(&member);
}

std::string_view code_of(const Error& error) {
    switch (error.code) {
        case SW_UNAVAILABLE:
            return "unavailable";
        case SW_DEADLINE_EXCEEDED:
            return "timeout";
        case SW_NOT_FOUND:
            return "not_subscribed";
        default:
            return "internal";
    }
}

// Of a call that failed on the way, as opposed to an answer of the plugin.
bool is_absence(const Error& error) {
    return error.code == SW_UNAVAILABLE || error.code == SW_DEADLINE_EXCEEDED ||
           error.code == SW_CANCELLED;
}

}  // namespace

// A message, looked at once for all its receivers.
struct Rooms::Sent {
    explicit Sent(std::string_view text)
        : owner(find_text(text, "owner")),
          position(json::to_integer(json::find_member(text, "position"))),
          room(find_text(text, "room")),
          to(find_text(text, "to")),
          except(find_text(text, "except")),
          message(json::find_member(text, "message")) {
        if (to.empty() || json::find_member(text, "rooms").empty()) return;
        rooms = find_texts(text, "rooms");
    }
    // Whether it came behind the member's admission and is meant for it.
    bool is_for(const RoomMember& member) const {
        if (!member.is_confirmed || !position) return false;
        const bool is_known = static_cast<std::uint64_t>(*position) <= member.position;
        if (is_known && owner == member.owner) return false;
        if (!to.empty()) return to == member.id;
        return except != member.id && member.rooms.contains(room);
    }

    const std::string owner;
    const std::optional<std::int64_t> position;
    const std::string room, to, except;
    const std::string_view message;              // empty: none
    std::optional<std::set<std::string>> rooms;  // that `to` is in from now on
};

std::shared_ptr<RoomChannel> Rooms::find_channel(const std::string& name, Known known) {
    if (const auto found = channels_.find(name); found != channels_.end()) return found->second;
    const bool is_full = known == Known::kToClients && channels_.size() >= kMaxChannels;
    if (!is_channel_name(name) || is_full) return nullptr;
    auto channel = std::make_shared<RoomChannel>();
    channel->name = name;
    return channels_.emplace(name, std::move(channel)).first->second;
}

RoomMemberPtr Rooms::subscribe(Subscriber subscriber, const std::string& identifier,
                               const std::string& channel, boost::json::object params) {
    RoomMemberPtr member;
    {
        const std::lock_guard lock(mutex_);
        auto found = is_closed_ ? nullptr : find_channel(channel, Known::kToClients);
        if (!found) return nullptr;
        auto id = hub_ + "." + std::to_string(++last_id_);
        member = std::make_shared<RoomMember>(
            RoomMember{std::move(id), identifier, std::move(found), std::move(subscriber.outlet),
                       std::move(subscriber.who), subscriber.home, std::move(params), ticks_});
        member->channel->members.emplace(member->id, member);
        subscriptions_.add();
        ++member->channel->waiting;
    }
    ask_admission(member, false);
    return member;
}

void Rooms::ask_admission(const RoomMemberPtr& member, bool is_again) {
    json::Writer request;
    request.text("subscription", member->id)
        .text("hub", hub_)
        .raw("params", boost::json::serialize(member->params));
    if (is_again) {
        const std::lock_guard lock(mutex_);
        request.boolean("again", true).raw("rooms", wire::render_texts(member->rooms));
    }
    ask_(member->channel->name, "subscribe", request.buffer(), member->who.get(), member->home,
         [self = shared_from_this(), member](const Result<Buffer>& answer) {
             self->take_admission(member, answer);
         });
}

void Rooms::take_admission(const RoomMemberPtr& member, const Result<Buffer>& answer) {
    {
        const std::lock_guard lock(mutex_);
        const bool is_late = !member->is_over && has_lost_behind(*member, answer);
        if (!is_late) return settle(*member, answer);
        move_to_rooms(*member, find_texts(answer->view(), "rooms"));
    }
    ask_admission(member, true);
}

void Rooms::settle(RoomMember& member, const Result<Buffer>& answer) {
    if (!member.is_over && !answer) {
        refuse(member, answer.error());
    } else if (!member.is_over && !admit(member, answer->view())) {
        refuse(member, Error::internal("its answer is not understood"));
    }
    auto& channel = *member.channel;
    if (--channel.waiting > 0) return;
    channel.recent.clear();
    channel.recent_bytes = 0;
}

// Whether messages that belong behind an admission are gone, because it took too long.
bool Rooms::has_lost_behind(const RoomMember& member, const Result<Buffer>& answer) {
    const auto& channel = *member.channel;
    if (!answer || channel.lost_position == 0) return false;
    const auto position = json::to_integer(json::find_member(answer->view(), "position"));
    return position && static_cast<std::uint64_t>(*position) < channel.lost_position &&
           find_text(answer->view(), "owner") == channel.lost_owner;
}

bool Rooms::admit(RoomMember& member, std::string_view answer) {
    const auto owner = find_text(answer, "owner");
    const auto position = json::to_integer(json::find_member(answer, "position"));
    const auto messages = json::parse(json::find_member(answer, "messages"));
    if (owner.empty() || !position || !messages || !messages->is_array()) return false;
    member.owner = member.channel->owner = owner;
    member.channel->is_known = true;
    member.position = static_cast<std::uint64_t>(*position);
    move_to_rooms(member, find_texts(answer, "rooms"));
    if (!std::exchange(member.is_confirmed, true)) member.outlet->confirm();
    for (const auto& message : messages->get_array())
        send(member, boost::json::serialize(message));
    for (const auto& sent : member.channel->recent)
        apply(member, Sent(sent));
    return true;
}

// Whoever was admitted once stays while the plugin is away, whoever is new waits for it.
void Rooms::refuse(RoomMember& member, const Error& error) {
    auto& channel = *member.channel;
    if (is_absence(error)) {
        if (member.is_confirmed) return;
        const auto patience = channel.is_known ? patience_.away : patience_.unknown;
        if (ticks_ - member.since < patience) {
            channel.put_off.push_back(channel.members.at(member.id));
            return;
        }
    }
    member.outlet->reject(error);
    drop(member);
}

void Rooms::drop(RoomMember& member) {
    member.is_over = true;
    move_to_rooms(member, {});
    if (member.channel->members.erase(member.id) != 0) subscriptions_.add(-1);
}

Rooms::State Rooms::state(const RoomMember& member) const {
    const std::lock_guard lock(mutex_);
    if (member.is_over) return State::kOver;
    return member.is_confirmed ? State::kConfirmed : State::kWaiting;
}

bool Rooms::receive(const RoomMemberPtr& member, const boost::json::object& data,
                    OnReply on_reply) {
    {
        const std::lock_guard lock(mutex_);
        if (member->is_over || !member->is_confirmed) return false;
    }
    ask_(member->channel->name, "receive",
         json::Writer()
             .text("subscription", member->id)
             .raw("data", boost::json::serialize(data))
             .buffer(),
         member->who.get(), member->home,
         [self = shared_from_this(), member, on_reply = std::move(on_reply)](
             const Result<Buffer>& answer) { self->take_reply(member, answer, on_reply); });
    return true;
}

void Rooms::take_reply(const RoomMemberPtr& member, const Result<Buffer>& answer,
                       const OnReply& on_reply) {
    const std::lock_guard lock(mutex_);
    if (member->is_over) return;
    const auto reply = answer ? std::string(json::find_member(answer->view(), "reply"))
                              : wire::render_error(code_of(answer.error()), answer.error().message);
    if (!reply.empty()) send(*member, reply);
    if (on_reply) on_reply(reply);
}

void Rooms::unsubscribe(const RoomMemberPtr& member) {
    {
        const std::lock_guard lock(mutex_);
        if (member->is_over) return;
        drop(*member);
        if (is_closed_) return;
    }
    const std::vector<std::string_view> ids{member->id};
    // Should this be lost, the next count tells.
    ask_(member->channel->name, "unsubscribe",
         json::Writer().text("hub", hub_).raw("subscriptions", wire::render_texts(ids)).buffer(),
         nullptr, nullptr, [](const Result<Buffer>&) {});
}

Result<> Rooms::deliver(std::string_view sent) {
    const auto name = find_text(sent, "channel");
    const std::lock_guard lock(mutex_);
    const auto found = channels_.find(name);
    if (found == channels_.end()) return ok();  // nobody here was ever interested
    auto& channel = *found->second;
    if (channel.waiting > 0) {
        channel.recent.emplace_back(sent);
        channel.recent_bytes += sent.size();
        for (; channel.recent_bytes > kMaxRecent; channel.recent.pop_front()) {
            const auto& lost = channel.recent.front();
            const auto position = json::to_integer(json::find_member(lost, "position"));
            channel.lost_position = static_cast<std::uint64_t>(position.value_or(0));
            channel.lost_owner = find_text(lost, "owner");
            channel.recent_bytes -= lost.size();
        }
    }
    const Sent message(sent);
    if (message.to.empty()) {
        deliver_to_room(channel, message);
    } else if (const auto member = channel.members.find(message.to);
               member != channel.members.end()) {
        apply(*member->second, message);
    }
    return ok();
}

// Made once for each identifier, and given to all that have it together.
void Rooms::deliver_to_room(const RoomChannel& channel, const Sent& sent) {
    const auto room = channel.rooms.find(sent.room);
    if (room == channel.rooms.end() || sent.message.empty() || is_closed_) return;
    std::unordered_map<std::string_view, std::vector<Outlet*>> receivers;
    for (const auto* member : room->second) {
        if (sent.is_for(*member)) receivers[member->identifier].push_back(member->outlet.get());
    }
    for (const auto& [identifier, outlets] : receivers) {
        outlets.front()->send_to_all(outlets, outlets.front()->render(sent.message));
        messages_.add(static_cast<double>(outlets.size()));
    }
}

void Rooms::apply(RoomMember& member, const Sent& sent) {
    if (!sent.is_for(member)) return;
    if (sent.rooms) move_to_rooms(member, *sent.rooms);
    if (!sent.message.empty()) send(member, sent.message);
}

void Rooms::send(RoomMember& member, std::string_view message) {
    if (is_closed_) return;
    member.outlet->send(member.outlet->render(message));
    messages_.add();
}

Result<> Rooms::opened(std::string_view text) {
    const auto name = find_text(text, "channel");
    const auto owner = find_text(text, "owner");
    std::shared_ptr<RoomChannel> channel;
    {
        const std::lock_guard lock(mutex_);
        channel = find_channel(name, Known::kToPlugin);
        if (!channel) return ok();
        channel->is_known = true;
        if (channel->members.empty() || channel->owner == owner) return ok();
    }
    subscribe_again(channel);
    admit_put_off(channel);
    return ok();
}

void Rooms::admit_put_off(const std::shared_ptr<RoomChannel>& channel) {
    std::vector<RoomMemberPtr> members;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& each : std::exchange(channel->put_off, {})) {
            const auto member = each.lock();
            if (member && !member->is_over) members.push_back(member);
        }
        channel->waiting += members.size();
    }
    for (const auto& member : members)
        ask_admission(member, false);
}

void Rooms::keep() {
    std::vector<std::pair<std::shared_ptr<RoomChannel>, std::size_t>> asked;
    std::vector<std::shared_ptr<RoomChannel>> put_off;
    {
        const std::lock_guard lock(mutex_);
        ++ticks_;
        for (const auto& [name, channel] : channels_) {
            if (!channel->put_off.empty()) put_off.push_back(channel);
            if (channel->members.empty()) continue;
            // A node that has crashed and started again does not answer what it was asked before.
            const bool is_waiting = std::exchange(channel->is_asked, true);
            if (is_waiting && ++channel->unanswered < kPatience) continue;
            channel->unanswered = 0;
            asked.emplace_back(channel, channel->members.size());
        }
    }
    for (const auto& channel : put_off)
        admit_put_off(channel);
    for (const auto& [channel, count] : asked) {
        ask_(channel->name, "keep", json::Writer().text("hub", hub_).buffer(), nullptr, nullptr,
             [self = shared_from_this(), channel, count](const Result<Buffer>& answer) {
                 self->take_kept(channel, count, answer);
             });
    }
}

// Counts differ for moments: while somebody comes or goes.
void Rooms::take_kept(const std::shared_ptr<RoomChannel>& channel, std::size_t count,
                      const Result<Buffer>& answer) {
    {
        const std::lock_guard lock(mutex_);
        channel->is_asked = false;
        if (!answer || is_closed_) return;
        const auto known = json::to_integer(json::find_member(answer->view(), "known"));
        const bool is_same = find_text(answer->view(), "owner") == channel->owner;
        const bool is_waiting = channel->waiting > 0;
        if (is_same && is_waiting) return;
        if (is_same && known == static_cast<std::int64_t>(count)) {
            channel->mismatches = 0;
            return;
        }
        // A run that is only starting may never answer whom it was asked to admit.
        const bool may_pass = is_same || is_waiting;
        if (may_pass && ++channel->mismatches < kPatience) return;
        channel->mismatches = 0;
    }
    subscribe_again(channel);
}

void Rooms::subscribe_again(const std::shared_ptr<RoomChannel>& channel) {
    std::vector<RoomMemberPtr> again;
    std::vector<std::string> ids;
    {
        const std::lock_guard lock(mutex_);
        if (is_closed_) return;
        for (const auto& [id, member] : channel->members) {
            ids.push_back(id);
            if (!member->is_confirmed) continue;  // its answer is on the way
            again.push_back(member);
            ++channel->waiting;
        }
    }
    ask_(channel->name, "unsubscribe",
         json::Writer().text("hub", hub_).raw("keeps", wire::render_texts(ids)).buffer(), nullptr,
         nullptr, [](const Result<Buffer>&) {});
    for (const auto& member : again)
        ask_admission(member, true);
}

// Tells the plugins that everybody has gone.
void Rooms::close() {
    std::vector<std::string> left;
    {
        const std::lock_guard lock(mutex_);
        if (std::exchange(is_closed_, true)) return;
        for (const auto& [name, channel] : channels_) {
            if (!channel->members.empty()) left.push_back(name);
        }
    }
    const auto nobody = json::Writer().text("hub", hub_).raw("keeps", "[]").buffer();
    for (const auto& name : left)
        ask_(name, "unsubscribe", nobody, nullptr, nullptr, [](const Result<Buffer>&) {});
}

std::size_t Rooms::members() const {
    const std::lock_guard lock(mutex_);
    std::size_t count = 0;
    for (const auto& [name, channel] : channels_)
        count += channel->members.size();
    return count;
}

}  // namespace streamwall::rooms
