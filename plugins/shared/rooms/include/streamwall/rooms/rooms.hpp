// Rooms: channels that other plugins define, on whatever node they run, as the hub's side of them:
// who lets clients in, over whatever protocol.
//
// The service `rooms.CHANNEL` decides who may subscribe and gets what subscribers send; the event
// `room.message_sent` says what goes to whom. The hub knows who is in which room and sends. Words
// of both: <streamwall/sdk/room_wire.hpp>.
//
// Each run of a plugin numbers its messages. A subscriber gets those behind the number that its
// admission came with, whichever of the two arrives first: while an admission is awaited, messages
// of the channel are kept.
//
// Once a second the hub tells each channel that it is there, and hears which run answers and how
// many of the hub's subscribers it knows. Where that is not what the hub has, it subscribes all of
// them again: after the plugin was started anew, or away for long. So it does as soon as a new run
// admits anybody; and what a client sends to a run that does not know it yet waits until it does.
#pragma once

#include <streamwall/sdk/context.hpp>
#include <streamwall/sdk/host.hpp>
#include <streamwall/sdk/room_wire.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace streamwall::rooms {

// Calls METHOD of rooms.CHANNEL in the name of `who`, of the hub where that is null; `done` runs
// once, on `home`. Any thread.
using AskRoom = std::function<void(
    const std::string& channel, std::string_view method, const Buffer& request, const Context* who,
    const sw_executor* home, std::function<void(Result<Buffer>)> done)>;

// Where a subscription's messages go: a client, in the protocol that it speaks. Called under the
// mutex of Rooms, so it calls nothing of that.
class Outlet {
  public:
    virtual ~Outlet() = default;
    // Once, before the first message.
    virtual void confirm() = 0;
    // Nothing follows. Where the error is `unavailable` nobody offers the channel now.
    virtual void reject(const Error& error) = 0;
    // A message, a JSON object, as the client gets it: the same bytes for all subscriptions with
    // the same identifier.
    virtual Buffer render(std::string_view message) const = 0;
    virtual void send(const Buffer& rendered) = 0;
    // The same to many with one identifier, of which this is one.
    virtual void send_to_all(std::span<Outlet* const> all, const Buffer& rendered) {
        for (auto* each : all)
            each->send(rendered);
    }
};

struct RoomChannel;

// What became of a message: {"action":"error",…}, or nothing where the plugin took it.
using OnReply = std::function<void(std::string_view reply)>;

// What a client sends.
struct FromClient {
    Buffer request;  // to the plugin
    OnReply on_reply = {};
    bool is_second_try = false;
};

// One subscription; its members but the first three are the channel's, under the mutex of Rooms.
struct RoomMember {
    const std::string id;
    const std::string identifier;
    const std::shared_ptr<RoomChannel> channel;

    std::unique_ptr<Outlet> outlet;
    std::shared_ptr<const Context> who;
    const sw_executor* home = nullptr;
    std::string params;       // as JSON
    std::uint64_t since = 0;  // the tick that it asked at
    bool is_confirmed = false;
    bool is_over = false;    // rejected, unsubscribed, or its connection has ended
    std::string owner = {};  // the plugin's run that it was admitted by
    std::uint64_t position = 0;
    std::set<std::string> rooms = {};
    int admissions = 0;                 // that are awaited
    std::vector<FromClient> held = {};  // until the plugin knows it again
    bool is_catching_up = false;        // what was held is being sent
};
using RoomMemberPtr = std::shared_ptr<RoomMember>;

// Calls of keep() for which a new subscriber waits for a plugin that is away, and for one that was
// never heard of, before it is rejected.
struct Patience {
    std::uint64_t away = 15, unknown = 3;
};

// Any thread. The mutex is held while messages are queued, which keeps their order, and never while
// a service is called.
class Rooms : public std::enable_shared_from_this<Rooms> {
  public:
    // Of the metrics one counts messages times receivers, one the subscriptions there are.
    Rooms(AskRoom ask, Series messages, Series subscriptions, Patience patience = {})
        : ask_(std::move(ask)),
          patience_(patience),
          messages_(messages),
          subscriptions_(subscriptions),
          hub_(wire::make_owner()) {}
    Rooms(const Rooms&) = delete;
    Rooms& operator=(const Rooms&) = delete;

    // Where a subscription comes from.
    struct Subscriber {
        std::unique_ptr<Outlet> outlet;
        std::shared_ptr<const Context> who;
        const sw_executor* home;
    };
    // Confirms or rejects it, now or later: while the plugin is away a new one waits as long as
    // Patience says, because many clients don't try again once they were rejected. Null where no
    // plugin can have such a channel.
    RoomMemberPtr subscribe(Subscriber subscriber, const std::string& identifier,
                            const std::string& channel, const boost::json::object& params);
    // What a client sends; false where it is not subscribed yet. A plugin that was started anew
    // does not know its members: it is asked to admit the client again, and gets the message then.
    // `on_reply` is called once, under the mutex, unless the subscription has ended meanwhile.
    bool receive(const RoomMemberPtr& member, const boost::json::object& data,
                 OnReply on_reply = {});
    enum class State { kWaiting, kConfirmed, kOver };
    State state(const RoomMember& member) const;
    // Nothing is sent to it any more.
    void unsubscribe(const RoomMemberPtr& member);

    // The data of `room.message_sent` and of `room.opened`.
    Result<> deliver(std::string_view sent);
    Result<> opened(std::string_view text);
    // Once a second.
    void keep();
    // Nothing is sent any more; the plugins are told so.
    void close();
    std::size_t members() const;

  private:
    struct Sent;
    enum class Known { kToClients, kToPlugin };
    std::shared_ptr<RoomChannel> find_channel(const std::string& name, Known known);
    void ask_admission(const RoomMemberPtr& member, bool is_again);
    void take_admission(const RoomMemberPtr& member, const Result<Buffer>& answer);
    static void expect_admission(RoomMember& member);
    void settle(RoomMember& member, const Result<Buffer>& answer);
    static bool has_lost_behind(const RoomMember& member, const Result<Buffer>& answer);
    bool admit(RoomMember& member, std::string_view answer);
    void refuse(RoomMember& member, const Error& error);
    void drop(RoomMember& member);
    void deliver_to_room(const RoomChannel& channel, const Sent& sent);
    void apply(RoomMember& member, const Sent& sent);
    void send(RoomMember& member, std::string_view message);
    void pass_on(const RoomMemberPtr& member, FromClient message);
    void take_reply(const RoomMemberPtr& member, const FromClient& message,
                    const Result<Buffer>& answer);
    static bool hold(RoomMember& member, FromClient message);
    void catch_up(const RoomMemberPtr& member);
    void give_up_held(RoomMember& member, const Error& error);
    void reply_to(RoomMember& member, const OnReply& on_reply, const std::string& reply);
    void take_kept(const std::shared_ptr<RoomChannel>& channel, std::size_t count,
                   const Result<Buffer>& answer);
    enum class Whom { kAll, kOfOtherRuns };
    void subscribe_again(const std::shared_ptr<RoomChannel>& channel, Whom whom = Whom::kAll);
    void admit_put_off(const std::shared_ptr<RoomChannel>& channel);

    const AskRoom ask_;
    const Patience patience_;
    const Series messages_, subscriptions_;
    const std::string hub_;
    mutable std::mutex mutex_;
    bool is_closed_ = false;
    std::uint64_t last_id_ = 0;
    std::uint64_t ticks_ = 1;  // of keep()
    std::unordered_map<std::string, std::shared_ptr<RoomChannel>> channels_;
};

}  // namespace streamwall::rooms
