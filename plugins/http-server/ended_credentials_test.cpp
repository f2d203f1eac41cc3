// What was opened with credentials ends with them: answers in parts and WebSockets.
#include "test_support.hpp"
#include "text.hpp"
#include "token_authenticator.hpp"

#include <gtest/gtest.h>

namespace streamwall::http_server::testing {
namespace {

using namespace std::chrono_literals;

// Every token is that of user 5, until `ends`, for as long as the test says so.
class OneUser final : public Authenticator {
  public:
    explicit OneUser(Time ends) : ends_(ends) {}
    Verdict authenticate(std::string_view) override {
        if (says != Verdict::State::kValid) return {says};
        Principal user;
        user.type = "user";
        user.id = "5";
        user.role = is_editor ? "editor" : "viewer";
        user.rate_id = rate_id_of("user", "5");
        user.likeness.front() = is_editor ? 1 : 0;
        user.ends = ends_;
        return Verdict::valid(std::move(user));
    }
    bool may_change(const PrincipalId&) const override { return true; }

    std::atomic<Verdict::State> says{Verdict::State::kValid};
    std::atomic<bool> is_editor{false};

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
    void say(std::string_view text) {
        const Body body(text);
        http_table()->part(exchange_.exchange(nullptr), body.get(), 0);
    }
    bool is_asked() const { return is_asked_; }
    // Whether it may say something.
    bool is_wanted() const { return exchange_.load() != nullptr; }
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
        auto made = std::make_unique<OneUser>(ends);
        tokens = made.get();
        server.emplace(std::move(options), std::move(made));
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

    void begin_stream() {
        ask();
        silence.begin();
        ASSERT_EQ(client->reply(true)->status, 200);
        ASSERT_TRUE(eventually([this] { return silence.is_wanted(); }));
    }
    // Whether the answer in parts goes on.
    bool is_going_on(std::string_view word) {
        silence.say(word);
        const auto chunk = "1\r\n" + std::string(word) + "\r\n";
        return client->bytes(chunk.size()) == chunk;
    }
    // Tokens are in doubt, and were all verified anew as far as that can be done.
    void doubt() {
        server->server().doubt_sockets();
        for (std::size_t n = 0; n < Server::kDoubtRounds; ++n)
            server->server().verify_doubtful();
    }
    double connection_bytes() {
        return server->fake().metric("streamwall_http_server_connection_bytes");
    }
    std::unique_ptr<Client> open_socket(const std::string& token) {
        auto socket = std::make_unique<Client>(server->port());
        EXPECT_EQ(socket->upgrade("/ws", "Authorization: Bearer " + token + "\r\n").status, 101);
        return socket;
    }

    const std::string bearer = "Authorization: Bearer a.b.c\r\n";
    OneUser* tokens = nullptr;  // the server's
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

TEST_F(EndedCredentials, BreakAnswersInPartsThatAreInDoubtWhereTheyAreRefused) {
    serve();
    begin_stream();
    tokens->says = Verdict::State::kRefused;
    doubt();
    EXPECT_TRUE(client->closed_within(5s));
    silence.give_up();
}

TEST_F(EndedCredentials, BreakAnAnswerThatBeginsAfterItWasFoundToBeRefused) {
    serve();
    ask();
    tokens->says = Verdict::State::kRefused;
    doubt();
    Client other(server->port());
    ASSERT_EQ(other.get("/nothing")->status, 404);
    silence.begin();
    EXPECT_TRUE(client->closed_within(5s));
    EXPECT_TRUE(eventually([this] { return silence.is_over(); }));
}

TEST_F(EndedCredentials, BreakAnswersInPartsThatAreInDoubtWhereTheyStandForSomethingElse) {
    serve();
    begin_stream();
    doubt();
    EXPECT_TRUE(is_going_on("a")) << "they stand for the same";
    ASSERT_TRUE(eventually([this] { return silence.is_wanted(); }));
    tokens->is_editor = true;
    doubt();
    EXPECT_TRUE(client->closed_within(5s));
    silence.give_up();
}

TEST_F(EndedCredentials, KeepAnswersInPartsForAWhileWhereNobodyCanBeAsked) {
    serve();
    begin_stream();
    tokens->says = Verdict::State::kUnavailable;
    doubt();
    EXPECT_TRUE(is_going_on("a"));
    ASSERT_TRUE(eventually([this] { return silence.is_wanted(); }));
    server->server().end_doubtful();
    EXPECT_TRUE(client->closed_within(5s));
    silence.give_up();
}

TEST_F(EndedCredentials, AreKeptOnceForAllWebSocketsThatTheyOpened) {
    serve();
    const std::string token(6'000, 'x');
    std::vector<std::unique_ptr<Client>> sockets;
    sockets.push_back(open_socket(token));
    EXPECT_TRUE(eventually([this] { return connection_bytes() > 6'000; })) << "its text counts";
    const auto first = connection_bytes();
    for (int n = 0; n < 3; ++n)
        sockets.push_back(open_socket(token));
    const auto sockets_open = [this] {
        return server->fake().metric("streamwall_http_server_websockets");
    };
    EXPECT_TRUE(eventually([&] { return sockets_open() == 4; }));
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
