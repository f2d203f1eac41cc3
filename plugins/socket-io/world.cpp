#include "world.hpp"

#include <streamwall/sdk/json.hpp>

#include <gtest/gtest.h>
#include <heap_buffers.hpp>

#include <utility>

namespace streamwall::socket_io {

namespace {

sw_context context_of(std::string_view user) {
    sw_context context{};
    context.size = sizeof context;
    context.principal_type = to_str(user.empty() ? "anonymous" : "user");
    context.principal_id = to_str(user);
    return context;
}

sw_http_table make_table() {
    sw_http_table table{};
    table.size = sizeof table;
    table.ws_retain = [](sw_ws_connection* connection) { ++connection->references; };
    table.ws_release = [](sw_ws_connection* connection) { --connection->references; };
    table.ws_send = [](sw_ws_connection* connection, const sw_buffer* payload) {
        EXPECT_GT(connection->references, 0);
        if (connection->is_gone || connection->close_code != 0) return;
        connection->sent.emplace_back(payload->data, payload->length);
    };
    table.ws_close = [](sw_ws_connection* connection, std::int32_t code, sw_str reason) {
        EXPECT_GT(connection->references, 0);
        EXPECT_LE(reason.length, 123u);
        if (connection->close_code != 0) return;
        connection->close_code = code;
        connection->close_reason = to_view(reason);
    };
    table.respond = [](sw_http_exchange* exchange, const sw_http_response* response) {
        EXPECT_EQ(exchange->status, 0) << "answered twice";
        exchange->status = response->status;
        if (response->body) exchange->body.assign(response->body->data, response->body->length);
    };
    return table;
}

}  // namespace

World::World(ServerOptions options) : table_(make_table()) {
    auto around = std::make_shared<Surroundings>();
    around->find_channel = [](std::string_view space) {
        return space == "/games" || space.starts_with("/more") ? std::string("GameChannel")
                                                               : std::string();
    };
    around->authenticate = [this](const std::string& token, auto done) {
        const auto found = users.find(token);
        if (!knows_tokens) return done(Error::unavailable("nobody knows tokens now"));
        if (found == users.end()) return done(Error{SW_UNAUTHENTICATED, "no", {}, {}});
        done(Context(context_of(found->second)));
    };
    around->post_to_strand = [this](std::function<void()> task) {
        posted.push_back(std::move(task));
    };
    around->now = [this] { return now; };
    around->rooms = std::make_shared<rooms::Rooms>(
        [this](const std::string& channel, std::string_view method, const Buffer& request,
               const Context* who, const sw_executor*, auto done) {
            asked.push_back({channel, std::string(method),
                             json::parse_object(request.view()).value(),
                             who ? std::string(who->principal_id()) : "hub", std::move(done)});
        },
        Series(), Series(), rooms::Patience{20, 20});
    around->connect_timeout = std::chrono::seconds(20);
    around->began = now;
    server = std::make_shared<Server>(&table_, std::move(around), options, ServerMetrics{});
}

World::~World() {
    server->shut_down();
    run();
    for (auto& connection : connections_) {
        if (!connection.is_gone) close(&connection);
    }
    EXPECT_EQ(server->sessions(), 0u);
    std::deque<Asked> late = std::move(asked);  // answers that nobody waits for any more
    for (auto& call : late)
        call.done(Error::unavailable("gone"));
    for (const auto& connection : connections_)
        EXPECT_EQ(connection.references, 1) << "a reference to a connection was kept";
    for (const auto& exchange : exchanges_)
        EXPECT_NE(exchange.status, 0) << "a request was not answered";
}

sw_http_exchange* World::request(std::string_view method, std::string_view query,
                                 std::string_view body, std::string_view user,
                                 std::string_view peer) {
    const auto context = context_of(user);
    sw_http_request raw{};
    raw.size = sizeof raw;
    raw.method = to_str(method);
    raw.query = to_str(query);
    raw.body = to_str(body);
    raw.peer = to_str(peer);
    raw.context = &context;
    auto* made = &exchanges_.emplace_back();
    if (method == "POST") {
        server->post(http::Request(&raw), http::Exchange(&table_, made));
    } else {
        server->get(http::Request(&raw), http::Exchange(&table_, made));
    }
    return made;
}

sw_http_exchange* World::get(std::string_view query, std::string_view user, std::string_view method,
                             std::string_view peer) {
    return request(method, query, "", user, peer);
}

sw_http_exchange* World::post(std::string_view query, std::string_view body) {
    return request("POST", query, body, {}, "10.0.0.1");
}

http::Exchange World::exchange(sw_http_exchange*& made) {
    made = &exchanges_.emplace_back();
    return {&table_, made};
}

sw_ws_connection* World::open(std::string_view query, std::string_view user) {
    const auto context = context_of(user);
    sw_http_request raw{};
    raw.size = sizeof raw;
    raw.method = to_str("GET");
    raw.query = to_str(query);
    raw.peer = to_str("10.0.0.1");
    raw.context = &context;
    auto* made = &connections_.emplace_back();
    made->user = server->on_open(wrap(made), http::Request(&raw), {});
    return made;
}

void World::say(sw_ws_connection* connection, std::string_view text, bool is_text) {
    server->on_message(wrap(connection), static_cast<Server::User*>(connection->user), text,
                       is_text);
}

void World::close(sw_ws_connection* connection) {
    connection->is_gone = true;
    auto* user = static_cast<Server::User*>(std::exchange(connection->user, nullptr));
    server->on_close(wrap(connection), user, 1000);
}

std::string World::begin(std::string_view user) {
    const auto* opened = get("EIO=4&transport=polling", user);
    EXPECT_EQ(opened->status, 200);
    const auto handshake = json::parse_object(std::string_view(opened->body).substr(1));
    return std::string(handshake.value().at("sid").as_string());
}

void World::connected(const std::string& session) {
    const auto query = "EIO=4&transport=polling&sid=" + session;
    EXPECT_EQ(post(query, R"(40/games,{"token":"good"})")->body, "ok");
    admit(take());
    EXPECT_EQ(get(query)->body.substr(0, 9), "40/games,");
}

std::vector<std::string> World::news(sw_ws_connection* connection) {
    auto& read = read_[connection];
    const auto& all = connection->sent;
    std::vector<std::string> out(all.begin() + static_cast<std::ptrdiff_t>(read), all.end());
    read = all.size();
    return out;
}

void World::run() {
    while (!posted.empty()) {
        const auto task = std::move(posted.front());
        posted.pop_front();
        task();
    }
}

void World::pass(std::chrono::milliseconds time) {
    constexpr std::chrono::milliseconds kStep{100};
    run();
    for (auto passed = kStep; passed <= time; passed += kStep) {
        now += kStep;
        server->tick();
        if (now.time_since_epoch() % std::chrono::seconds(1) == Time::duration::zero()) {
            server->rooms().keep();
        }
        run();
    }
}

Asked World::take() {
    run();
    if (asked.empty()) {
        ADD_FAILURE() << "nothing was asked";
        return {.channel = {}, .method = {}, .request = {}, .user = {}, .done = [](auto) {}};
    }
    auto out = std::move(asked.front());
    asked.pop_front();
    return out;
}

void World::admit(const Asked& call, std::string_view rooms, std::string_view messages,
                  std::string_view owner) {
    call.done(json::Writer()
                  .text("owner", owner)
                  .number("position", 0)
                  .raw("rooms", rooms)
                  .raw("messages", messages)
                  .buffer());
}

void World::broadcast(std::string_view message, std::string_view to) {
    json::Writer sent;
    sent.text("channel", "GameChannel").text("owner", "one").number("position", ++position_);
    auto text = sent.take();
    text.pop_back();
    text.append(",").append(to).append(",\"message\":").append(message).append("}");
    EXPECT_TRUE(server->rooms().deliver(text));
}

}  // namespace streamwall::socket_io
