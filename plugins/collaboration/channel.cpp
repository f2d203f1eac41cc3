// How people come to a session and leave it, and what they say there.
#include "actions.hpp"
#include "announcement.hpp"

#include <streamwall/contracts/streams.hpp>

#include <boost/json.hpp>

#include <algorithm>
#include <utility>

namespace streamwall::collaboration {

namespace {

namespace bj = boost::json;
constexpr std::chrono::milliseconds kTick{500};
constexpr std::size_t kMaxConnections = 1'000;  // of a session
constexpr std::size_t kFewPeople = 20;          // whose list is told with each change
constexpr std::size_t kMaxChat = 2'000;         // characters
constexpr std::size_t kMaxStatus = 200;         // characters
constexpr std::size_t kMaxCursor = 1'024;       // bytes of JSON

Result<std::string> read_line(const bj::object& data, const char* name, std::size_t limit) {
    const auto* value = data.if_contains(name);
    const bool is_good = value && value->is_string() && !value->get_string().empty() &&
                         count_points(value->get_string()) <= limit;
    if (is_good) return std::string(value->get_string());
    return Error::invalid(
        std::string(name) + " must be text of 1 to " + std::to_string(limit) + " characters", name);
}

}  // namespace

const CollaborationChannel::Action* CollaborationChannel::find_action(std::string_view name) {
    using Self = CollaborationChannel;
    static constexpr Action kActions[] = {
        {"presence_ping", &Self::ping, ""},
        {"chat", &Self::chat, ""},
        {"status", &Self::set_status, ""},
        {"cursor", &Self::move_cursor, ""},
        {"announce", &Self::announce_here, ""},
        {"lock_cell", &Self::lock_cell, "lock_denied"},
        {"unlock_cell", &Self::unlock_cell, ""},
        {"update_cell", &Self::update_cell, "update_denied"},
        {"text_open", &Self::open_text, ""},
        {"text_op", &Self::edit_text, "text_denied"},
    };
    const auto* found = std::ranges::find(kActions, name, &Action::name);
    return found == std::end(kActions) ? nullptr : found;
}

Task<Result<>> CollaborationChannel::open() {
    namespace streams = contracts::streams;
    auto update = plugin_.services().resolve(streams::kService,
                                             streams::method_name(streams::Operation::kUpdate));
    if (!update) co_return std::move(update).error();
    update_stream_ = *update;
    auto loaded = co_await locks_.load();
    if (!loaded) co_return loaded;
    auto restored = co_await kept_.open();
    if (!restored) co_return restored;
    for (auto* channel : {&channel_, &streams_}) {
        auto opened = open(*channel);
        if (!opened) co_return opened;
    }
    timer_ = plugin_.host().every(kTick, [this] { tick(); });
    plugin_.before_stop([this] { timer_.cancel(); });
    co_return ok();
}

Result<> CollaborationChannel::open(rooms::Channel& channel) {
    return channel.open(
        {.subscribe = [this, &channel](rooms::Entry entry) { enter(channel, std::move(entry)); },
         .receive = [this](rooms::Member& member, const Object& data,
                           const sw_context& context) { return receive(member, data, context); },
         .left = [this](const rooms::Member& member) { leave(member.id); },
         .error_code = "invalid"});
}

void CollaborationChannel::enter(rooms::Channel& channel, rooms::Entry entry) {
    const auto& who = entry.member();
    auto person = make_person(who.type, who.user, who.name, who.role, who.scopes);
    if (!person) return entry.refuse("you may not take part");
    if (const auto* session = who.params.if_contains("session")) {
        if (!session->is_string()) return entry.refuse("session is not understood");
        const std::string key(session->get_string());
        return tasks_.start(enter_session(std::move(entry), key));
    }
    auto params = who.params;
    if (&channel == &streams_) params["resource"] = "stream";
    auto place = read_place(params);
    if (!place) return entry.refuse(place.error().message);
    admit(std::move(entry), place->name(), *place, std::move(*person));
}

Task<> CollaborationChannel::enter_session(rooms::Entry entry, std::string key) {
    auto found = co_await store_.find(kSessions, "key", key, plugin_.host().own_context());
    if (!found) co_return entry.refuse(found.error());
    if (!*found) co_return entry.refuse("there is no such session");
    const auto& record = **found;
    const auto& who = entry.member();
    auto person = make_person(who.type, who.user, who.name, who.role, who.scopes);
    if (records::text_at(record, "created_by") == person->key()) person->role = Role::kOwner;
    admit(std::move(entry), std::string(kOwnSession) + key,
          Place{std::string(records::text_at(record, "resource")),
                std::string(records::text_at(record, "resource_id"))},
          std::move(*person));
}

void CollaborationChannel::admit(rooms::Entry entry, std::string room, Place place, Person person) {
    const auto id = entry.member().id;
    const bool is_full = presence_.connections(room) >= kMaxConnections;
    if (is_full && presence_.find(id) == nullptr) return entry.refuse("the session is full");
    const bool is_again = entry.is_again();
    const bool is_new = presence_.sit(id, room, place, person, plugin_.host().wall_ms());
    bj::array locks;
    for (const auto* lock : locks_.within(place))
        locks.push_back(describe(*lock, "cell_locked"));
    const Object snapshot{{"action", "active_locks_list"}, {"locks", std::move(locks)}};
    const auto people = list_people(room);
    if (!entry.admit({room}, {bj::serialize(people), bj::serialize(snapshot)})) {
        presence_.leave(id);
        return;
    }
    if (is_new && !is_again) {
        Object joined{{"action", "joined"}, {"role", name_of(person.role)}};
        describe(person, joined);
        tell(room, joined, id);
        publish("collaboration.user_joined", place, joined);
    }
    tell_people(room, id);
}

Result<> CollaborationChannel::receive(rooms::Member& member, const Object& data,
                                       const sw_context& context) {
    const auto now = plugin_.host().wall_ms();
    const auto* seat = presence_.find(member.id);
    const auto* place = seat ? presence_.place_of(seat->room) : nullptr;
    if (place == nullptr) return Error::internal("the member has no seat");
    if (!presence_.count_action(member.id, now)) {
        return with_code(Error::invalid("this is too much at a time"), "too_many");
    }
    if (presence_.touch(member.id, now)) tell_people(seat->room);
    const auto* name = data.if_contains("action");
    const auto* action = name && name->is_string() ? find_action(name->get_string()) : nullptr;
    if (action == nullptr) return Error::invalid("there is no such action", "action");
    if (!action->denial.empty() && !seat->person.may_edit()) {
        Object denied{{"action", action->denial}, {"reason", "not_allowed"}, {"holder", nullptr}};
        if (const auto cell = read_cell(data, *place)) describe(*cell, denied);
        send(member.id, denied);
        return ok();
    }
    return (this->*action->run)({member.id, *seat, *place, data, context});
}

void CollaborationChannel::leave(const std::string& member) {
    const auto* seat = presence_.find(member);
    const auto* there = seat ? presence_.place_of(seat->room) : nullptr;
    const auto place = there ? *there : Place{};
    const auto left = presence_.leave(member);
    queue(member, [this, member] { return release_all(member); });
    if (!left) return;
    if (left->was_last) {
        Object message{{"action", "left"}};
        describe(left->seat.person, message);
        tell(left->seat.room, message);
        publish("collaboration.user_left", place, message);
    }
    tell_people(left->seat.room);
}

void CollaborationChannel::tick() {
    const auto now = plugin_.host().wall_ms();
    for (const auto& member : kept_.take_missing(now))
        leave(member);
    kept_.tick(now);
    for (auto& room : presence_.grow_stale(now))
        stale_lists_.insert(std::move(room));
    for (const auto& room : std::exchange(stale_lists_, {}))
        tell(room, list_people(room));
    for (auto& cell : locks_.expired())
        tasks_.start(expire(std::move(cell)));
}

Result<> CollaborationChannel::ping(const Asked& asked) {
    send(asked.member, list_people(asked.seat.room));
    return ok();
}

Result<> CollaborationChannel::chat(const Asked& asked) {
    auto message = read_line(asked.data, "message", kMaxChat);
    if (!message) return std::move(message).error();
    Object out{{"action", "chat"},
               {"message", *message},
               {"timestamp", render_time(plugin_.host().wall_ms())}};
    describe(asked.seat.person, out);
    tell(asked.seat.room, out);
    return ok();
}

Result<> CollaborationChannel::set_status(const Asked& asked) {
    auto status = read_line(asked.data, "status", kMaxStatus);
    if (!status) return std::move(status).error();
    Object out{{"action", "status"}, {"status", *status}};
    describe(asked.seat.person, out);
    tell(asked.seat.room, out);
    return ok();
}

Result<> CollaborationChannel::move_cursor(const Asked& asked) {
    const auto* position = asked.data.if_contains("position");
    if (position == nullptr || bj::serialize(*position).size() > kMaxCursor) {
        return Error::invalid("position is missing or too long", "position");
    }
    Object out{{"action", "cursor"}, {"position", *position}};
    if (asked.data.contains("cell_id") || asked.data.contains("field")) {
        const auto cell = read_cell(asked.data, asked.place);
        if (!cell) return cell.error();
        describe(*cell, out);
    }
    describe(asked.seat.person, out);
    tell(asked.seat.room, out, asked.member);
    return ok();
}

// Whoever made a session owns that one alone.
Result<> CollaborationChannel::announce_here(const Asked& asked) {
    if (asked.seat.person.role != Role::kOwner) {
        return with_code(Error::invalid("owners alone may announce something"), "not_allowed");
    }
    const auto message = make_announcement(asked.data, asked.seat.person);
    if (!message) return message.error();
    const auto except = read_except(asked.data);
    if (!except) return except.error();
    const auto room = asked.seat.room;
    const bool is_own = room.starts_with(kOwnSession);
    announce(Place(asked.place), *message, *except, is_own ? room : "");
    return ok();
}

std::size_t CollaborationChannel::announce(const Place& place, const Object& message,
                                           std::string_view except, std::string_view room) {
    std::size_t count = 0;
    for (auto* channel : {&channel_, &streams_}) {
        for (const auto& [id, member] : channel->members()) {
            const auto* seat = presence_.find(id);
            const auto* there = seat ? presence_.place_of(seat->room) : nullptr;
            if (there == nullptr || seat->person.key() == except) continue;
            const bool hears = room.empty() ? place.covers(*there) : seat->room == room;
            if (hears) send(id, message), ++count;
        }
    }
    return count;
}

void CollaborationChannel::tell(const std::string& room, const Object& message,
                                std::string_view except) {
    const auto text = bj::serialize(message);
    for (auto* channel : {&channel_, &streams_}) {
        if (!channel->members().empty()) channel->broadcast(room, text, except);
    }
}

void CollaborationChannel::tell_about(const Place& place, const Object& message) {
    for (const auto& room : presence_.rooms_about(place))
        tell(room, message);
    publish(std::string("collaboration.").append(message.at("action").as_string()), place, message);
}

void CollaborationChannel::publish(std::string_view type, const Place& place, Object message) {
    message.erase("action");
    message["resource"] = place.resource;
    message["resource_id"] = place.resource_id;
    const auto done = plugin_.bus().publish({type, place.name(), Buffer(bj::serialize(message))},
                                            plugin_.host().own_context().raw());
    if (!done) plugin_.log().warn("collaboration.not_published", done.error().message);
}

// A session that was made for the purpose has texts of its own; all others at a place share them.
void CollaborationChannel::tell_text(const Seat& seat, const Cell& cell, const Object& message,
                                     std::string_view except) {
    if (seat.room.starts_with(kOwnSession)) return tell(seat.room, message, except);
    for (const auto& room : presence_.rooms_about(cell.place)) {
        if (!room.starts_with(kOwnSession)) tell(room, message, except);
    }
}

std::string CollaborationChannel::text_name(const Seat& seat, const Cell& cell) const {
    const bool is_own = seat.room.starts_with(kOwnSession);
    return (is_own ? seat.room + "/" : std::string()) + cell.id();
}

void CollaborationChannel::send(const std::string& member, const Object& message) {
    for (auto* channel : {&channel_, &streams_}) {
        if (const auto* there = channel->find(member)) return channel->send(*there, message);
    }
}

void CollaborationChannel::send_error(const std::string& member, const Error& error) {
    send(member, {{"action", "error"},
                  {"code", error.code == SW_UNAVAILABLE ? "unavailable" : "invalid"},
                  {"message", error.message}});
}

void CollaborationChannel::tell_people(const std::string& room, std::string_view except) {
    if (presence_.people(room) > kFewPeople) {
        stale_lists_.insert(room);
    } else {
        tell(room, list_people(room), except);
    }
}

bj::object CollaborationChannel::list_people(const std::string& room) const {
    return {{"action", "active_users_list"}, {"users", presence_.list(room)}};
}

}  // namespace streamwall::collaboration
