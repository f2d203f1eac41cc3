#include "wall_channel.hpp"

#include "wall_command.hpp"

#include <streamwall/contracts/resources.hpp>
#include <streamwall/sdk/json_scan.hpp>

#include <boost/json.hpp>

#include <utility>

namespace streamwall::collaboration {

namespace {

namespace bj = boost::json;
namespace names = contracts::resources;
constexpr std::size_t kMaxWaiting = 100;  // commands for one wall
constexpr int kTries = 5;
constexpr std::int64_t kMostWalls = 100;
constexpr std::string_view kAllWalls = "walls";

std::string room_of(std::int64_t wall) {
    return "wall/" + std::to_string(wall);
}

bj::object message(const char* action, std::int64_t wall) {
    return {{"action", action}, {"wall_id", wall}};
}

}  // namespace

Result<> WallChannel::open() {
    for (const auto& [service, name, method] :
         {std::tuple(names::kWalls, names::kList, &list_walls_),
          std::tuple(names::kWalls, names::kGet, &get_wall_),
          std::tuple(names::kWalls, names::kUpdate, &update_wall_),
          std::tuple(names::kLayouts, names::kList, &list_layouts_),
          std::tuple(names::kLayouts, names::kGet, &get_layout_)}) {
        auto resolved = plugin_.services().resolve(service, name);
        if (!resolved) return std::move(resolved).error();
        *method = *resolved;
    }
    return channel_.open(
        {.subscribe = [this](rooms::Entry entry) { enter(std::move(entry)); },
         .receive = [this](rooms::Member& member, const Object& data,
                           const sw_context& context) { return receive(member, data, context); },
         .left = [this](const rooms::Member& member) { presence_.leave(member.id); },
         .error_code = "invalid"});
}

void WallChannel::enter(rooms::Entry entry) {
    const auto& who = entry.member();
    auto person = make_person(who.type, who.user, who.name, who.role, who.scopes);
    if (!person) return entry.refuse("you may not see walls");
    const auto* wall = who.params.if_contains("wall");
    if (wall == nullptr || wall->is_null()) {
        return tasks_.start(show_all(std::move(entry), std::move(*person)));
    }
    if (!wall->is_int64() || wall->get_int64() <= 0) return entry.refuse("wall is not understood");
    tasks_.start(show_one(std::move(entry), std::move(*person), wall->get_int64()));
}

Task<> WallChannel::show_all(rooms::Entry entry, Person person) {
    auto walls = co_await ask(list_walls_, {{"limit", kMostWalls}}, plugin_.host().own_context());
    if (!walls) co_return entry.refuse(walls.error());
    const auto list = json::find_member(walls->view(), "records");
    const auto text = json::Writer().text("action", "snapshot").raw("walls", list).take();
    admit(std::move(entry), person, 0, {text});
}

Task<> WallChannel::show_one(rooms::Entry entry, Person person, std::int64_t wall) {
    const auto context = plugin_.host().own_context();
    auto record = co_await ask(get_wall_, {{"id", wall}}, context);
    if (!record) co_return entry.refuse(record.error());
    const Object of_wall{{"wall_id", wall}, {"limit", kMostWalls}};
    auto layouts = co_await ask(list_layouts_, of_wall, context);
    if (!layouts) co_return entry.refuse(layouts.error());
    auto updates = co_await updates_.read(room_of(wall));
    if (!updates) co_return entry.refuse(updates.error());
    const auto snapshot = json::Writer()
                              .text("action", "snapshot")
                              .number("wall_id", wall)
                              .raw("wall", record->view())
                              .raw("layouts", json::find_member(layouts->view(), "records"))
                              .take();
    bj::array contents;
    for (const auto& update : *updates)
        contents.emplace_back(update.content);
    auto state = message("yjs_state", wall);
    state["updates"] = std::move(contents);
    state["number"] = updates->empty() ? 0 : updates->back().number;
    const std::vector<std::string> messages{snapshot, bj::serialize(state)};
    admit(std::move(entry), person, wall, messages);
}

bool WallChannel::admit(rooms::Entry entry, const Person& person, std::int64_t wall,
                        const std::vector<std::string>& messages) {
    const auto id = entry.member().id;
    const auto room = wall == 0 ? std::string(kAllWalls) : room_of(wall);
    if (!entry.admit({room}, messages)) return false;
    const Place place{"wall", wall == 0 ? std::string() : std::to_string(wall)};
    presence_.sit(id, room, place, person, plugin_.host().wall_ms());
    return true;
}

Result<> WallChannel::receive(rooms::Member& member, const Object& data,
                              const sw_context& context) {
    const auto* seat = presence_.find(member.id);
    if (seat == nullptr) return Error::internal("the member has no seat");
    if (!presence_.count_action(member.id, plugin_.host().wall_ms())) {
        return Error{
            SW_INVALID_ARGUMENT, "this is too much at a time", {}, R"({"code":"too_many"})"};
    }
    if (!seat->person.may_edit()) {
        return Error{
            SW_PERMISSION_DENIED, "only editors control walls", {}, R"({"code":"not_allowed"})"};
    }
    auto wall = data.contains("wall_id") ? data.at("wall_id") : bj::value();
    if (const auto* mine = member.params.if_contains("wall"); mine && mine->is_int64()) {
        if (!wall.is_null() && wall != *mine) return Error::invalid("wall_id is another wall");
        wall = *mine;
    }
    if (!wall.is_int64() || wall.get_int64() <= 0) return Error::invalid("wall_id must be given");
    const auto* name = data.if_contains("action");
    const std::string_view action = name && name->is_string() ? name->get_string().c_str() : "";
    if (action == "control") {
        return control(member.id, wall.get_int64(), data, as_writer(context, seat->person));
    }
    if (action == "yjs_update" || action == "yjs_compact") {
        return share(member.id, wall.get_int64(), data);
    }
    return Error::invalid("there is no such action", "action");
}

Result<> WallChannel::control(const std::string& member, std::int64_t wall, const Object& data,
                              const Context& context) {
    const auto* name = data.if_contains("command");
    if (name == nullptr || !name->is_string()) return Error::invalid("command must be given");
    const std::string command(name->get_string());
    if (command == "reload") {  // changes nothing that is kept
        auto out = message("control", wall);
        out["command"] = command;
        if (const auto* space = data.if_contains("space")) out["space"] = *space;
        tell(wall, out);
        return ok();
    }
    auto& waiting = commands_[wall];
    if (waiting.size() >= kMaxWaiting) return Error::invalid("too many commands wait");
    waiting.push_back({member, command, data, context});
    if (waiting.size() == 1) tasks_.start(drain(wall));
    return ok();
}

Task<> WallChannel::drain(std::int64_t wall) {
    auto& waiting = commands_[wall];  // it stays while there is a command
    while (!waiting.empty()) {
        const auto done = co_await carry_out(wall, waiting.front());
        if (!done) deny(waiting.front().member, "control_denied", done.error());
        waiting.pop_front();
    }
    commands_.erase(wall);
}

// Whoever changes the wall meanwhile makes it be looked at again.
Task<Result<>> WallChannel::carry_out(std::int64_t wall, Command command) {
    const auto deadline = plugin_.host().own_context().deadline_ns();
    const auto context = command.context.with_deadline(deadline);
    auto data = command.data;
    auto name = command.name;
    if (name == "layout") {
        const auto* id = data.if_contains("layout_id");
        Object request{{"wall_id", wall}, {"id", id ? *id : bj::value()}};
        auto layout = co_await ask(get_layout_, std::move(request), context);
        if (!layout) co_return std::move(layout).error();
        auto parsed = json::parse_object(layout->view());
        if (!parsed) co_return std::move(parsed).error();
        data = std::move(*parsed);
        name = "arrange";
    }
    for (int tries = 0; tries < kTries; ++tries) {
        auto record = co_await read_wall(wall, context);
        if (!record) co_return std::move(record).error();
        auto body = plan_command(*record, name, data);
        if (!body) co_return std::move(body).error();
        Object request{{"id", wall}, {"strict", true}, {"replace", false}};
        request["versions"] = bj::array{record->at("version")};
        request["body"] = std::move(*body);
        auto done = co_await ask(update_wall_, std::move(request), context);
        if (done) co_return ok();  // the catalog's event tells everybody
        if (done.code() != SW_FAILED_PRECONDITION && done.code() != SW_ABORTED) {
            co_return std::move(done).error();
        }
    }
    co_return Error::unavailable("too many change this wall at the same time");
}

Result<> WallChannel::share(const std::string& member, std::int64_t wall, const Object& data) {
    const bool compacts = data.contains("through");
    const char* name = compacts ? "state" : "update";
    const auto* content = data.if_contains(name);
    if (content == nullptr || !content->is_string() ||
        !is_base64(content->get_string(), SharedUpdates::kMaxUpdate)) {
        return Error::invalid(std::string(name) + " must be base64 of at most 60,000 bytes", name);
    }
    std::string text(content->get_string());
    if (!compacts) {
        tasks_.start(add_update(member, wall, std::move(text)));
        return ok();
    }
    const auto& through = data.at("through");
    if (!through.is_int64()) return Error::invalid("through must be a number", "through");
    tasks_.start(compact(member, wall, std::move(text), through.get_int64()));
    return ok();
}

Task<> WallChannel::add_update(std::string member, std::int64_t wall, std::string content) {
    const auto added = co_await updates_.add(room_of(wall), content);
    if (!added) co_return deny(member, "yjs_denied", added.error());
    auto update = message("yjs_update", wall);
    update["number"] = *added;
    update["update"] = std::move(content);
    tell(wall, update, member);
    const auto* author = channel_.find(member);
    if (author == nullptr) co_return;
    auto answer = message("yjs_ack", wall);
    answer["number"] = *added;
    answer["compact"] = updates_.should_compact(room_of(wall));
    channel_.send(*author, answer);
}

Task<> WallChannel::compact(std::string member, std::int64_t wall, std::string state,
                            std::int64_t through) {
    const auto done = co_await updates_.compact(room_of(wall), std::move(state), through);
    if (!done) co_return deny(member, "yjs_denied", done.error());
    const auto* author = channel_.find(member);
    if (author == nullptr) co_return;
    auto answer = message("yjs_ack", wall);
    answer["number"] = *done;
    answer["compact"] = false;
    channel_.send(*author, answer);
}

void WallChannel::hear(const Event& event) {
    const auto record = event.json();
    if (!record) return;
    const bool is_layout = event.type().starts_with("layout.");
    const auto wall = records::number_at(*record, is_layout ? "wall_id" : "id");
    auto out = message(is_layout ? "layout" : "wall", wall);
    out["change"] = event.type().substr(event.type().find('.') + 1);
    out[is_layout ? "layout" : "wall"] = *record;
    out[is_layout ? "layout" : "wall"].as_object().erase("name_key");
    tell(wall, out);
}

Task<Result<bj::object>> WallChannel::read_wall(std::int64_t wall, Context context) {
    auto reply = co_await ask(get_wall_, {{"id", wall}}, std::move(context));
    if (!reply) co_return std::move(reply).error();
    co_return json::parse_object(reply->view());
}

Task<Result<Buffer>> WallChannel::ask(Method method, Object request, Context context) {
    auto reply = co_await coro::call(plugin_.services(), method, Buffer(bj::serialize(request)),
                                     context.raw());
    co_return reply;
}

void WallChannel::tell(std::int64_t wall, const Object& message, std::string_view except) {
    const auto text = bj::serialize(message);
    channel_.broadcast(room_of(wall), text, except);
    channel_.broadcast(kAllWalls, text, except);
}

void WallChannel::deny(const std::string& member, const char* action, const Error& error) {
    const auto* there = channel_.find(member);
    if (there == nullptr) return;
    Object out{{"action", action}, {"message", error.message}, {"where", error.where}};
    const auto details = json::parse_object(error.details);
    if (details && details->contains("errors")) out["errors"] = details->at("errors");
    channel_.send(*there, out);
}

}  // namespace streamwall::collaboration
