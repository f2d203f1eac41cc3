// Rooms: a channel that clients of the WebSocket hub subscribe to, defined by a plugin.
//
//   class Echo final : public streamwall::Plugin<> {
//       using Plugin::Plugin;
//       Step start() override {
//           return channel_.open(
//               {.subscribe =
//                    [](rooms::Entry entry) {
//                        if (entry.member().role.empty()) return entry.refuse("nobody");
//                        entry.admit({"everybody"});
//                    },
//                .receive = [this](rooms::Member& member, const boost::json::object& data,
//                                  const sw_context&) -> Result<> {
//                    channel_.broadcast("everybody", data, member.id);
//                    return ok();
//                },
//                .left = [](const rooms::Member&) {}});
//       }
//       rooms::Channel channel_{*this, "EchoChannel"};
//   };
//
// The manifest provides `rooms.EchoChannel`, publishes `room.message_sent` and `room.opened` (both
// transient), and says `mode: serial`: everything here belongs to the strand. Hubs and plugin talk
// by calls and events alone, so that they may run in different processes and there may be any
// number of hubs; docs/rooms.md tells how.
#pragma once

#include <streamwall/sdk/plugin.hpp>
#include <streamwall/sdk/room_wire.hpp>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace streamwall::rooms {

class Channel;

// One subscription. A user with several connections is several members.
struct Member {
    std::string id;    // the same for as long as the subscription lasts
    std::string hub;   // where it is
    std::string type;  // the principal's: user, key, service
    std::string user;
    std::string name;
    std::string role;
    std::string scopes;  // of a key
    boost::json::object params;
    std::set<std::string> rooms;
};

// A subscription that waits for its answer; may be kept. Destroyed unanswered it is refused.
class Entry {
  public:
    Entry(Channel& channel, Member member, bool is_again, Responder responder);
    Entry(Entry&&) = default;
    Entry& operator=(Entry&&) = delete;
    ~Entry() { forget(); }

    const Member& member() const { return member_; }
    // The hub has it for longer than this plugin runs: the member joined before, was in
    // member().rooms, and should learn how things stand now.
    bool is_again() const { return is_again_; }

    // From now on it gets what is broadcast in these rooms, first of all `messages`, JSON objects.
    // False where it has gone meanwhile. Afterwards nothing else may be called.
    bool admit(std::set<std::string> rooms = {}, const std::vector<std::string>& messages = {});
    // `reason` is told to the client.
    void refuse(std::string reason) {
        responder_.send(Error{SW_PERMISSION_DENIED, std::move(reason), {}, {}});
    }
    void refuse(const Error& error) { responder_.send(error); }

  private:
    void forget();

    std::shared_ptr<bool> is_open_;  // the channel, and the member's wish to come
    Channel* channel_;
    Member member_;
    bool is_again_;
    Responder responder_;
};

struct Handlers {
    // May answer later. Whoever is admitted can be announced by a broadcast right behind that.
    std::function<void(Entry)> subscribe;
    // What a member sends. An error is sent to it alone, as {"action":"error","code","message"};
    // `code` is that of the error's details, or `error_code`. `context` is the member's.
    std::function<Result<>(Member&, const boost::json::object& data, const sw_context& context)>
        receive;
    // It has unsubscribed, its connection has ended, or its hub has. May be left out.
    std::function<void(const Member&)> left;
    std::string error_code = "error";
};

class Channel {
  public:
    // `name` is what clients subscribe to: {"channel":"NAME", …}.
    Channel(PluginBase& plugin, std::string name)
        : plugin_(plugin), name_(std::move(name)), owner_(wire::make_owner()) {}
    Channel(const Channel&) = delete;
    Channel& operator=(const Channel&) = delete;
    ~Channel() { close(); }

    // In start().
    Result<> open(Handlers handlers);

    // To all members in the room but `except`, on whatever node they are; in the same order to all
    // of them. `message` is a JSON object.
    void broadcast(std::string_view room, std::string_view message, std::string_view except = {}) {
        publish(room, wire::Sent{.room = room, .except = except, .message = message});
    }
    void broadcast(std::string_view room, const boost::json::object& message,
                   std::string_view except = {}) {
        broadcast(room, boost::json::serialize(message), except);
    }
    // To one member, in order with broadcasts.
    void send(const Member& member, std::string_view message) {
        publish(member.id, wire::Sent{.to = member.id, .message = message});
    }
    void send(const Member& member, const boost::json::object& message) {
        send(member, boost::json::serialize(message));
    }
    void send_error(const Member& member, std::string_view code, std::string_view message) {
        send(member, wire::render_error(code, message));
    }
    void join(Member& member, std::string room) {
        if (member.rooms.insert(std::move(room)).second) tell_rooms(member);
    }
    void leave(Member& member, const std::string& room) {
        if (member.rooms.erase(room) != 0) tell_rooms(member);
    }

    // Null where it has left. For what is done later than in a handler.
    Member* find(const std::string& id) {
        const auto found = members_.find(id);
        return found == members_.end() ? nullptr : &found->second;
    }
    const std::map<std::string, Member>& members() const { return members_; }
    const std::string& name() const { return name_; }

  private:
    friend class Entry;
    static constexpr std::chrono::seconds kTick{1};
    static constexpr int kSilentTicks = 4;  // hubs speak up each second
    static constexpr int kTicksBetweenOpened = 10;

    Answer subscribe(const Request& request);
    Answer receive(const Request& request);
    Answer unsubscribe(const Request& request);
    Answer keep(const Request& request);
    void tick();
    void check_hubs();
    Result<> say_opened();
    void remove(const std::string& id);
    template <class Matches>
    void remove_if(Matches matches);
    void tell_rooms(const Member& member) {
        publish(member.id, wire::Sent{.to = member.id, .rooms = &member.rooms});
    }
    void publish(std::string_view subject, const wire::Sent& sent);
    void close() {
        for (auto& [id, is_open] : waiting_)
            *is_open = false;
        waiting_.clear();
        members_.clear();
        hubs_.clear();
    }

    PluginBase& plugin_;
    const std::string name_;
    const std::string owner_;  // this run of the plugin
    Handlers handlers_;
    std::uint64_t position_ = 0;  // of the newest message
    std::map<std::string, Member> members_;
    std::map<std::string, std::shared_ptr<bool>> waiting_;  // entries that are not answered yet
    std::map<std::string, int> hubs_;                       // ticks since it was heard
    int ticks_ = 0;
    Timer timer_;
};

inline Entry::Entry(Channel& channel, Member member, bool is_again, Responder responder)
    : is_open_(std::make_shared<bool>(true)),
      channel_(&channel),
      member_(std::move(member)),
      is_again_(is_again),
      responder_(std::move(responder)) {
    channel.waiting_[member_.id] = is_open_;
}

inline void Entry::forget() {
    if (is_open_ && *is_open_) channel_->waiting_.erase(member_.id);
    is_open_.reset();
}

inline bool Entry::admit(std::set<std::string> rooms, const std::vector<std::string>& messages) {
    if (!*is_open_) {
        refuse("it has left");
        return false;
    }
    forget();
    member_.rooms = std::move(rooms);
    responder_.send(
        wire::render_welcome({channel_->owner_, channel_->position_, &member_.rooms, &messages}));
    channel_->members_.insert_or_assign(member_.id, std::move(member_));
    return true;
}

inline Result<> Channel::open(Handlers handlers) {
    handlers_ = std::move(handlers);
    const std::string service = "rooms." + name_;
    const auto offer = [&](std::string_view method, Answer (Channel::*serve)(const Request&)) {
        return plugin_.services().offer(
            service, method,
            [this, serve](const Request& request) -> Answer { return (this->*serve)(request); });
    };
    for (const auto& [method, serve] :
         {std::pair{"subscribe", &Channel::subscribe}, std::pair{"receive", &Channel::receive},
          std::pair{"unsubscribe", &Channel::unsubscribe}, std::pair{"keep", &Channel::keep}}) {
        if (auto offered = offer(method, serve); !offered) return offered;
    }
    timer_ = plugin_.host().every(kTick, [this] { tick(); });
    plugin_.before_stop([this] {
        timer_.cancel();
        close();
    });
    return say_opened();
}

inline Result<> Channel::say_opened() {
    return plugin_.bus().publish(
        {wire::kOpened, "room/" + name_, wire::render_opened(name_, owner_)},
        plugin_.host().own_context().raw());
}

// Hubs that start later hear of the channel, too.
inline void Channel::tick() {
    check_hubs();
    if (++ticks_ % kTicksBetweenOpened != 0) return;
    if (const auto said = say_opened(); !said)
        plugin_.log().error("room.not_opened", said.error().message);
}

inline Answer Channel::subscribe(const Request& request) {
    auto asked = wire::read_subscribe(request.body());
    if (!asked) return asked.error();
    const auto& context = request.context();
    hubs_[asked->hub] = 0;
    handlers_.subscribe(Entry(*this,
                              {.id = std::move(asked->subscription),
                               .hub = std::move(asked->hub),
                               .type = std::string(to_view(context.principal_type)),
                               .user = std::string(to_view(context.principal_id)),
                               .name = std::string(to_view(context.principal_name)),
                               .role = std::string(to_view(context.role)),
                               .scopes = std::string(to_view(context.scopes)),
                               .params = std::move(asked->params),
                               .rooms = std::move(asked->rooms)},
                              asked->is_again, request.defer()));
    return pending;
}

inline Answer Channel::receive(const Request& request) {
    auto sent = wire::read_receive(request.body());
    if (!sent) return sent.error();
    auto* member = find(sent->subscription);
    if (member == nullptr) return Error::not_found("no such subscription");
    const auto done = handlers_.receive(*member, sent->data, request.context());
    return wire::render_received(done, handlers_.error_code);
}

inline Answer Channel::unsubscribe(const Request& request) {
    const auto asked = wire::read_unsubscribe(request.body());
    if (!asked) return asked.error();
    for (const auto& id : asked->subscriptions)
        remove(id);
    if (asked->keeps) {
        remove_if([&](const Member& member) {
            return member.hub == asked->hub && !asked->keeps->contains(member.id);
        });
    }
    return Buffer("{}");
}

inline Answer Channel::keep(const Request& request) {
    const auto hub = wire::read_hub(request.body());
    if (!hub) return hub.error();
    hubs_[*hub] = 0;
    const auto known = std::ranges::count(
        members_, *hub, [](const auto& each) -> const auto& { return each.second.hub; });
    return wire::render_kept(owner_, static_cast<std::size_t>(known));
}

inline void Channel::check_hubs() {
    for (auto hub = hubs_.begin(); hub != hubs_.end();) {
        if (++hub->second <= kSilentTicks) {
            ++hub;
            continue;
        }
        const auto gone = hub->first;
        hub = hubs_.erase(hub);
        remove_if([&](const Member& member) { return member.hub == gone; });
    }
}

inline void Channel::remove(const std::string& id) {
    if (const auto entry = waiting_.find(id); entry != waiting_.end()) {
        *entry->second = false;
        waiting_.erase(entry);
    }
    const auto member = members_.extract(id);
    if (member && handlers_.left) handlers_.left(member.mapped());
}

template <class Matches>
void Channel::remove_if(Matches matches) {
    std::vector<std::string> gone;
    for (const auto& [id, member] : members_) {
        if (matches(member)) gone.push_back(id);
    }
    for (const auto& id : gone)
        remove(id);
}

inline void Channel::publish(std::string_view subject, const wire::Sent& sent) {
    const auto about = std::string("room/").append(name_).append("/").append(subject);
    const auto done = plugin_.bus().publish(
        {wire::kMessageSent, about, wire::render_sent(name_, owner_, ++position_, sent)},
        plugin_.host().own_context().raw());
    if (!done) plugin_.log().error("room.not_sent", done.error().message);
}

}  // namespace streamwall::rooms
