// Who is in which room: subscriptions, admissions, and what happens where the plugin goes and
// comes.
#include "channel.hpp"

#include <algorithm>
#include <utility>

namespace streamwall::rooms {

namespace {

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

// Of a call that failed on the way, as opposed to an answer of the plugin.
bool is_absence(const Error& error) {
    return error.code == SW_UNAVAILABLE || error.code == SW_DEADLINE_EXCEEDED ||
           error.code == SW_CANCELLED;
}

}  // namespace

std::shared_ptr<RoomChannel> Rooms::find_channel(const std::string& name, Known known) {
    if (const auto found = channels_.find(name); found != channels_.end()) return found->second;
    const bool is_full = known == Known::kToClients && channels_.size() >= kMaxChannels;
    if (!is_channel_name(name) || is_full) return nullptr;
    auto channel = std::make_shared<RoomChannel>();
    channel->name = name;
    return channels_.emplace(name, std::move(channel)).first->second;
}

RoomMemberPtr Rooms::subscribe(Subscriber subscriber, const std::string& identifier,
                               const std::string& channel, const boost::json::object& params) {
    RoomMemberPtr member;
    {
        const std::lock_guard lock(mutex_);
        auto found = is_closed_ ? nullptr : find_channel(channel, Known::kToClients);
        if (!found) return nullptr;
        auto id = hub_ + "." + std::to_string(++last_id_);
        member = std::make_shared<RoomMember>(RoomMember{
            std::move(id), identifier, std::move(found), std::move(subscriber.outlet),
            std::move(subscriber.who), subscriber.home, boost::json::serialize(params), ticks_});
        member->channel->members.emplace(member->id, member);
        subscriptions_.add();
        expect_admission(*member);
    }
    ask_admission(member, false);
    return member;
}

void Rooms::ask_admission(const RoomMemberPtr& member, bool is_again) {
    json::Writer request;
    request.text("subscription", member->id).text("hub", hub_).raw("params", member->params);
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
    bool is_late = false, is_new_run = false;
    {
        const std::lock_guard lock(mutex_);
        is_late = !member->is_over && has_lost_behind(*member, answer);
        if (is_late) {
            move_to_rooms(*member, find_texts(answer->view(), "rooms"));
        } else {
            settle(*member, answer);
            is_new_run = std::exchange(member->channel->is_new_run, false);
        }
    }
    if (is_late) return ask_admission(member, true);
    if (answer) catch_up(member);
    if (is_new_run) subscribe_again(member->channel, Whom::kOfOtherRuns);
}

void Rooms::expect_admission(RoomMember& member) {
    ++member.admissions;
    ++member.channel->waiting;
}

void Rooms::settle(RoomMember& member, const Result<Buffer>& answer) {
    --member.admissions;
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
    auto& channel = *member.channel;
    // Once a tick: where several of them run, which should not be, they would take turns.
    if (!channel.owner.empty() && channel.owner != owner && channel.renewed != ticks_) {
        channel.is_new_run = true;
        channel.renewed = ticks_;
    }
    member.owner = channel.owner = owner;
    channel.is_known = true;
    member.position = static_cast<std::uint64_t>(*position);
    move_to_rooms(member, find_texts(answer, "rooms"));
    if (!std::exchange(member.is_confirmed, true)) member.outlet->confirm();
    for (const auto& message : messages->get_array())
        send(member, boost::json::serialize(message));
    for (const auto& sent : channel.recent)
        apply(member, Sent(sent));
    return true;
}

// Whoever was admitted once stays while the plugin is away, whoever is new waits for it.
void Rooms::refuse(RoomMember& member, const Error& error) {
    auto& channel = *member.channel;
    if (is_absence(error)) {
        if (member.is_confirmed) {
            if (member.admissions == 0) give_up_held(member, error);
            return;
        }
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
    member.held.clear();
    move_to_rooms(member, {});
    if (member.channel->members.erase(member.id) != 0) subscriptions_.add(-1);
}

Rooms::State Rooms::state(const RoomMember& member) const {
    const std::lock_guard lock(mutex_);
    if (member.is_over) return State::kOver;
    return member.is_confirmed ? State::kConfirmed : State::kWaiting;
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
            if (!member || member->is_over) continue;
            expect_admission(*member);
            members.push_back(member);
        }
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

void Rooms::subscribe_again(const std::shared_ptr<RoomChannel>& channel, Whom whom) {
    std::vector<RoomMemberPtr> again;
    std::vector<std::string> ids;
    {
        const std::lock_guard lock(mutex_);
        if (is_closed_) return;
        for (const auto& [id, member] : channel->members) {
            ids.emplace_back(id);
            if (!member->is_confirmed) continue;  // its answer is on the way
            const bool is_fine = member->owner == channel->owner || member->admissions > 0;
            if (whom == Whom::kOfOtherRuns && is_fine) continue;
            expect_admission(*member);
            again.push_back(member);
        }
        if (whom == Whom::kOfOtherRuns && again.empty()) return;
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
