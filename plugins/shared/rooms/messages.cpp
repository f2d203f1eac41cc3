// What goes through a channel: from a client to the plugin, and from the plugin to those in its
// rooms.
#include "channel.hpp"

#include <utility>

namespace streamwall::rooms {

namespace {

constexpr std::size_t kMaxRecent = 4 * 1024 * 1024;  // bytes of a channel
constexpr std::size_t kMaxHeld = 100;                // messages of a client

std::string_view code_of(const Error& error) {
    switch (error.code) {
        case SW_UNAVAILABLE:
            return "unavailable";
        case SW_DEADLINE_EXCEEDED:
            return "timeout";
        default:
            return "internal";
    }
}

// An error of the call: the plugin does not know the subscription.
bool is_forgotten(const Result<Buffer>& answer) {
    return answer.code() == SW_NOT_FOUND;
}

Error not_known_yet() {
    return Error::unavailable("the plugin does not know of the subscription yet");
}

std::string render(const Error& error) {
    return wire::render_error(code_of(error), error.message);
}

}  // namespace

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

bool Rooms::receive(const RoomMemberPtr& member, const boost::json::object& data,
                    OnReply on_reply) {
    FromClient message{json::Writer()
                           .text("subscription", member->id)
                           .raw("data", boost::json::serialize(data))
                           .buffer(),
                       std::move(on_reply)};
    {
        const std::lock_guard lock(mutex_);
        if (member->is_over || !member->is_confirmed) return false;
        if (!member->held.empty() || member->is_catching_up) {
            if (!hold(*member, message))
                reply_to(*member, message.on_reply, render(not_known_yet()));
            return true;
        }
    }
    pass_on(member, std::move(message));
    return true;
}

void Rooms::pass_on(const RoomMemberPtr& member, FromClient message) {
    const auto request = message.request;
    ask_(member->channel->name, "receive", request, member->who.get(), member->home,
         [self = shared_from_this(), member, message = std::move(message)](
             const Result<Buffer>& answer) { self->take_reply(member, message, answer); });
}

void Rooms::take_reply(const RoomMemberPtr& member, const FromClient& message,
                       const Result<Buffer>& answer) {
    {
        const std::lock_guard lock(mutex_);
        if (member->is_over) return;
        if (!is_forgotten(answer) || !hold(*member, message)) {
            const auto reply =
                answer ? std::string(json::find_member(answer->view(), "reply"))
                       : render(is_forgotten(answer) ? not_known_yet() : answer.error());
            return reply_to(*member, message.on_reply, reply);
        }
        if (member->admissions > 0) return;  // it is asked already
        expect_admission(*member);
    }
    ask_admission(member, true);
}

void Rooms::reply_to(RoomMember& member, const OnReply& on_reply, const std::string& reply) {
    if (!reply.empty()) send(member, reply);
    if (on_reply) on_reply(reply);
}

// False where it waits no longer: it has before, or too much does.
bool Rooms::hold(RoomMember& member, FromClient message) {
    if (message.is_second_try || member.held.size() >= kMaxHeld) return false;
    message.is_second_try = true;
    member.held.push_back(std::move(message));
    return true;
}

// What the client sends meanwhile gets in line.
void Rooms::catch_up(const RoomMemberPtr& member) {
    {
        const std::lock_guard lock(mutex_);
        if (member->held.empty() || std::exchange(member->is_catching_up, true)) return;
    }
    for (;;) {
        FromClient next;
        {
            const std::lock_guard lock(mutex_);
            member->is_catching_up = !member->held.empty();
            if (!member->is_catching_up) return;
            next = std::move(member->held.front());
            member->held.erase(member->held.begin());
        }
        pass_on(member, std::move(next));
    }
}

void Rooms::give_up_held(RoomMember& member, const Error& error) {
    for (const auto& message : std::exchange(member.held, {}))
        reply_to(member, message.on_reply, render(error));
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

}  // namespace streamwall::rooms
