// What was opened with credentials ends with them: answers in parts and WebSockets.
#include "test_support.hpp"
#include "text.hpp"
#include "token_authenticator.hpp"

#include <gtest/gtest.h>

namespace streamwall::http_server::testing {
namespace {

using namespace std::chrono_literals;

// Every token is that of user 5, until `ends`.
class OneUser final : public Authenticator {
  public:
    explicit OneUser(Time ends) : ends_(ends) {}
    Verdict authenticate(std::string_view) override {
        Principal user;
        user.type = "user";
        user.id = "5";
        user.role = "viewer";
        user.rate_id = rate_id_of("user", "5");
        user.ends = ends_;
        return Verdict::valid(std::move(user));
    }
    bool may_change(const PrincipalId&) const override { return true; }

  private:
    const Time ends_;
};

// An answer that begins when the test says so, and then says nothing.
class Silence {
  public:
    void hold(sw_http_exchange* exchange) {
        exchange_ = exchange;
        is_asked_ = true;
    }
    void begin() {
        const sw_http_header type{to_sw("Content-Type"), to_sw("text/event-stream")};
        const sw_http_response head{sizeof head, 200, &type, 1, nullptr};
        http_table()->stream(exchange_.exchange(nullptr), &head, &Silence::more, this);
    }
    bool is_asked() const { return is_asked_; }
    bool is_over() const { return is_over_; }
    // As a tail that nothing more happened to: its client has gone.
    void give_up() {
        if (auto* exchange = exchange_.exchange(nullptr)) http_table()->part(exchange, nullptr, 1);
    }

  private:
    static void more(void* arg, sw_http_exchange* exchange) {
        auto& self = *static_cast<Silence*>(arg);
        if (exchange == nullptr) {
            self.is_over_ = true;
        } else {
            self.exchange_ = exchange;
        }
    }

    std::atomic<sw_http_exchange*> exchange_{nullptr};
    std::atomic<bool> is_asked_{false};
    std::atomic<bool> is_over_{false};
};

class EndedCredentials : public ::testing::Test {
  protected:
    void serve(Time ends = Time::max()) {
        auto options = TestServer::quick_options();
        options.loops = 1;
        server.emplace(std::move(options), std::make_unique<OneUser>(ends));
        server->mount({.path = "/events", .timeout_ms = 600'000},
                      [this](const auto&, auto* exchange) { silence.hold(exchange); });
        server->mount({.path = "/ws"});
        client.emplace(server->port());
    }
    void ask() {
        client->send("GET /events HTTP/1.1\r\nHost: x\r\n" + bearer + "\r\n");
        ASSERT_TRUE(eventually([this] { return silence.is_asked(); }));
    }
    void tell_of(std::string_view id) { server->server().end_sockets_of(rate_id_of("user", id)); }

    double connection_bytes() {
        return server->fake().metric("streamwall_http_server_connection_bytes");
    }
    std::unique_ptr<Client> open_socket(const std::string& token) {
        auto socket = std::make_unique<Client>(server->port());
        EXPECT_EQ(socket->upgrade("/ws", "Authorization: Bearer " + token + "\r\n").status, 101);
        return socket;
    }

    const std::string bearer = "Authorization: Bearer a.b.c\r\n";
    Silence silence;
    std::optional<TestServer> server;
    std::optional<Client> client;
};

TEST_F(EndedCredentials, BreakTheAnswersInPartsThatWereLetInByThem) {
    serve();
    ask();
    silence.begin();
    ASSERT_EQ(client->reply(true)->status, 200);
    tell_of("6");
    Client other(server->port());
    ASSERT_EQ(other.get("/nothing")->status, 404) << "somebody else's matter";
    tell_of("5");
    EXPECT_EQ(client->rest(), "") << "broken off, not ended";
    silence.give_up();
    EXPECT_EQ(other.get("/nothing")->status, 404);
}

TEST_F(EndedCredentials, BreakAnAnswerThatBeginsOnlyAfterwards) {
    serve();
    ask();
    tell_of("5");
    Client other(server->port());
    ASSERT_EQ(other.get("/nothing")->status, 404);
    silence.begin();
    EXPECT_EQ(client->rest(), "");
    EXPECT_TRUE(eventually([this] { return silence.is_over(); }));
}

TEST_F(EndedCredentials, BreakAnswersInPartsWhenTheyRunOut) {
    serve(Clock::now() + 300ms);
    ask();
    silence.begin();
    ASSERT_EQ(client->reply(true)->status, 200);
    EXPECT_EQ(client->rest(), "");
    silence.give_up();
}

TEST_F(EndedCredentials, CloseWebSocketsWhenTheyRunOut) {
    const auto ends = Clock::now() + 300ms;
    serve(ends);
    ASSERT_EQ(client->upgrade("/ws", bearer).status, 101);
    const auto last = client->message();
    ASSERT_TRUE(last);
    EXPECT_EQ(last->close_code(), 1008);
    EXPECT_GE(Clock::now(), ends);
}

TEST_F(EndedCredentials, AreKeptOnceForAllWebSocketsThatTheyOpened) {
    serve();
    const std::string token(6'000, 'x');
    std::vector<std::unique_ptr<Client>> sockets;
    sockets.push_back(open_socket(token));
    EXPECT_TRUE(eventually([this] { return connection_bytes() > 6'000; })) << "its text counts";
    const auto first = connection_bytes();
    for (int n = 0; n < 9; ++n)
        sockets.push_back(open_socket(token));
    EXPECT_TRUE(eventually([&] { return connection_bytes() > first; }));
    EXPECT_LT(connection_bytes(), first + 6'000) << "and not for each";
    sockets.push_back(open_socket(std::string(6'000, 'y')));
    EXPECT_TRUE(eventually([&] { return connection_bytes() > first + 6'000; })) << "another one";
    sockets.pop_back();
    sockets.erase(sockets.begin());
    EXPECT_TRUE(eventually([&] { return connection_bytes() < first + 6'000; }));
    EXPECT_GT(connection_bytes(), 6'000) << "others use it";
    sockets.clear();
    EXPECT_TRUE(eventually([&] { return connection_bytes() < 6'000; }));
}

}  // namespace
}  // namespace streamwall::http_server::testing
