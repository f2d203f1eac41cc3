#include "token_authenticator.hpp"

#include "test_support.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace streamwall::http_server::testing {
namespace {

using namespace std::chrono_literals;
using State = Verdict::State;
using Manner = CredentialNews::Manner;

constexpr std::string_view kToken = "head.body.signature";
constexpr std::string_view kUser =
    R"({"principal":{"type":"user","id":"5","name":"ada","role":"editor","scopes":""},)"
    R"("rate_class":"user","expires_at":1000000})";

// A service that answers what the test says, at once or when the test says so.
struct Service {
    using Reply = TokenAuthenticator::Reply;
    TokenAuthenticator::Outside outside() {
        return {.ask =
                    [this](const std::string& request, TokenAuthenticator::OnReply done) {
                        asked.push_back(request);
                        if (holds) return void(waiting.push_back(std::move(done)));
                        done(reply);
                    },
                .wall_ms = [this] { return wall_ms; },
                .now = [this] { return now; },
                .doubted = [this] { ++doubts; }};
    }
    Reply reply{.body = kUser};
    bool holds = false;
    std::vector<std::string> asked;
    std::vector<TokenAuthenticator::OnReply> waiting;
    std::int64_t wall_ms = 0;
    Time now{};
    int doubts = 0;
};

class TokenAuthentication : public ::testing::Test {
  protected:
    // The verdict; kUnknown where the service has not answered yet.
    Verdict ask(std::string_view token = kToken) {
        last = Verdict{State::kUnknown};
        tokens.verify(token, [this](Verdict verdict) { last = std::move(verdict); });
        return last;
    }
    State known(std::string_view token = kToken) { return tokens.authenticate(token).state; }
    // The teller "a" says that there were so many changes.
    void count(std::int64_t changes) { tokens.heard({"a", changes, Manner::kCount}); }

    Verdict last;
    Service service;
    TokenAuthenticator tokens{kKey, service.outside()};
};

TEST_F(TokenAuthentication, KnowsTheBootstrapKeyAndAsksForTokensAlone) {
    EXPECT_EQ(known(kKey), State::kValid);
    EXPECT_EQ(known(kToken), State::kUnknown);
    EXPECT_EQ(known("swk_something"), State::kUnknown);
    for (const std::string& text :
         {std::string("wrong"), std::string("a.b"), std::string("a.b.c.d"), std::string("a.b.\"c"),
          std::string(9'000, '.')}) {
        EXPECT_EQ(known(text), State::kRefused) << text.substr(0, 20);
    }
    EXPECT_TRUE(service.asked.empty());
}

TEST_F(TokenAuthentication, AsksOnceForATokenThatIsUsedOften) {
    const auto verdict = ask();
    ASSERT_TRUE(verdict.is_valid());
    EXPECT_EQ(verdict.principal.id, "5");
    EXPECT_EQ(verdict.principal.rank(), SW_HTTP_EDITOR);
    EXPECT_FALSE(verdict.principal.has_service_rate);
    EXPECT_EQ(service.asked, std::vector<std::string>{R"({"token":"head.body.signature"})"});
    const auto again = tokens.authenticate(kToken);
    EXPECT_EQ(again.principal.name, "ada");
    EXPECT_EQ(again.principal.rate_id, verdict.principal.rate_id);
}

TEST_F(TokenAuthentication, KeepsATokenToItsEndWhileItHearsOfChanges) {
    count(0);
    ask();
    for (int second = 0; second < 86'399; second += 10) {
        service.now += 10s;
        count(0);
        ASSERT_EQ(known(), State::kValid) << second;
    }
    EXPECT_EQ(service.asked.size(), 1U);
    service.wall_ms = 999'999;
    EXPECT_EQ(known(), State::kValid);
    service.wall_ms = 1'000'000;
    EXPECT_EQ(known(), State::kUnknown);
    EXPECT_EQ(ask().state, State::kRefused) << "it had ended when the answer came";
    EXPECT_EQ(tokens.size(), 0U);
}

TEST_F(TokenAuthentication, KeepsATokenForAWhileOnlyWhereItHearsOfNoChanges) {
    ask();
    service.now += CredentialNews::kSilence - 1ms;
    EXPECT_EQ(known(), State::kValid);
    service.now += 1ms;
    EXPECT_EQ(known(), State::kUnknown);
    ask();
    EXPECT_EQ(known(), State::kValid);
}

TEST_F(TokenAuthentication, IsDoubtedAtOnceWhereAChangeWasMissedAndAfterASilence) {
    count(0);
    ask();
    count(1);
    EXPECT_EQ(known(), State::kUnknown);
    EXPECT_EQ(service.doubts, 2);
    ask();
    service.now += CredentialNews::kSilence;
    EXPECT_EQ(known(), State::kUnknown) << "while nothing is heard";
    ask();
    EXPECT_EQ(known(), State::kValid) << "whoever can be asked is no further away than this";
    count(1);
    EXPECT_EQ(known(), State::kUnknown) << "what was missed may be anything";
    EXPECT_EQ(service.doubts, 3);
}

TEST_F(TokenAuthentication, IsDoubtedWhereAnotherTellerMayJudgeOtherwise) {
    count(0);
    ask();
    tokens.heard({"a", 0, Manner::kEnd});
    EXPECT_EQ(known(), State::kValid);
    tokens.heard({"b", 0, Manner::kCount});
    EXPECT_EQ(known(), State::kUnknown);
    EXPECT_EQ(service.doubts, 2);
}

TEST_F(TokenAuthentication, LearnsFromTheReplyHowManyChangesWereTold) {
    service.reply = {.body = R"({"principal":{"type":"user","id":"5"},"expires_at":1000000,)"
                             R"("teller":"a","count":7})"};
    ASSERT_TRUE(ask().is_valid());
    count(7);
    EXPECT_EQ(known(), State::kValid);
    count(8);
    EXPECT_EQ(known(), State::kUnknown);
}

TEST_F(TokenAuthentication, ForgetsThoseWhoseCredentialsChanged) {
    ask();
    tokens.forget(rate_id_of("user", "6"));
    tokens.forget(rate_id_of("key", "5"));
    EXPECT_EQ(known(), State::kValid);
    tokens.forget(rate_id_of("user", "5"));
    EXPECT_EQ(known(), State::kUnknown);
    EXPECT_EQ(tokens.size(), 0U);
}

TEST_F(TokenAuthentication, ForgetsEveryTokenOfOnePrincipalAlone) {
    for (int n = 0; n < 100; ++n)
        ask("a.b." + std::to_string(n));
    service.reply = {.body = R"({"principal":{"type":"user","id":"6"},"expires_at":1000000})"};
    ask("a.b.other");
    tokens.forget(rate_id_of("user", "5"));
    EXPECT_EQ(tokens.size(), 1U);
    EXPECT_EQ(known("a.b.other"), State::kValid);
}

TEST_F(TokenAuthentication, AsksAgainWhereAnAnswerWasOnItsWayDuringAChange) {
    service.holds = true;
    ask();
    tokens.forget(rate_id_of("user", "6"));
    tokens.forget(rate_id_of("user", "5"));
    service.waiting.at(0)(service.reply);
    EXPECT_EQ(last.state, State::kUnknown) << "what was said may be out of date";
    EXPECT_EQ(known(), State::kUnknown);
    ASSERT_EQ(service.waiting.size(), 2U);
    service.waiting.at(1)({.is_refusal = true});
    EXPECT_EQ(last.state, State::kRefused);
    EXPECT_EQ(tokens.size(), 0U);
}

TEST_F(TokenAuthentication, GivesUpWhereSomebodyChangesAllTheTime) {
    service.holds = true;
    ask();
    for (std::size_t n = 0; n < 3; ++n) {
        ASSERT_EQ(service.waiting.size(), n + 1);
        tokens.forget(rate_id_of("user", "5"));
        service.waiting.at(n)(service.reply);
    }
    EXPECT_EQ(last.state, State::kUnavailable);
    EXPECT_EQ(service.waiting.size(), 3U);
}

TEST_F(TokenAuthentication, TellsOfAKeyThatIsInUseAndHearsWhereItHasEnded) {
    service.reply = {
        .body = R"({"principal":{"type":"key","id":"3","name":"bot"},"expires_at":1000000})"};
    count(0);
    ask("swk_key");
    const auto use = [&](Duration after) {
        for (; after > 0s; after -= 10s) {
            service.now += 10s;
            count(0);
        }
        return known("swk_key");
    };
    EXPECT_EQ(use(290s), State::kValid);
    EXPECT_EQ(service.asked.size(), 1U);
    EXPECT_EQ(use(10s), State::kValid);
    EXPECT_EQ(service.asked.size(), 2U);
    service.reply = {};
    EXPECT_EQ(use(300s), State::kValid) << "nobody to be told is no reason to refuse it";
    EXPECT_EQ(use(0s), State::kValid);
    EXPECT_EQ(service.asked.size(), 3U) << "once a while";
    service.reply = {.is_refusal = true};
    EXPECT_EQ(use(300s), State::kValid) << "nobody waits for the answer";
    EXPECT_EQ(known("swk_key"), State::kUnknown);
}

TEST_F(TokenAuthentication, KeepsNothingOfWhatIsRefusedOrCannotBeAsked) {
    service.reply = {.is_refusal = true};
    EXPECT_EQ(ask().state, State::kRefused);
    service.reply = {};
    EXPECT_EQ(ask().state, State::kUnavailable);
    for (const std::string_view body :
         {"nonsense", "{}", R"({"principal":{},"expires_at":1000000})",
          R"({"principal":{"type":"anonymous","id":"1"},"expires_at":1000000})",
          R"({"principal":{"type":"user","id":"1"}})"}) {
        service.reply = {.body = body};
        EXPECT_EQ(ask().state, State::kUnavailable) << body;
    }
    EXPECT_EQ(tokens.size(), 0U);
}

TEST_F(TokenAuthentication, HoldsABoundedNumberOfTokensThoseThatAreInUse) {
    ask();
    for (int n = 0; n < 70'000; ++n) {
        ask("a.b." + std::to_string(n));
        if (n % 1000 == 0) ASSERT_EQ(known(), State::kValid) << n;
    }
    EXPECT_LE(tokens.size(), 65'536U);
    EXPECT_EQ(known("a.b.0"), State::kUnknown);
    EXPECT_EQ(known("a.b.69999"), State::kValid);
}

// The whole way through a connection, with a service that answers when the test says so.
class TokenRequests : public ::testing::Test {
  protected:
    TokenRequests() {
        service.holds = true;
        server.mount({.path = "/who", .access = SW_HTTP_EDITOR},
                     [](const sw_http_request& request, sw_http_exchange* exchange) {
                         answer(exchange, 200, copy(request).principal);
                     });
        server.mount({.method = "POST", .path = "/who", .access = SW_HTTP_EDITOR},
                     [](const sw_http_request& request, sw_http_exchange* exchange) {
                         answer(exchange, 200, copy(request).body);
                     });
        server.mount({.path = "/open"}, [](const sw_http_request&, sw_http_exchange* exchange) {
            answer(exchange, 200, "open");
        });
    }
    void reply(TokenAuthenticator::Reply with) {
        ASSERT_TRUE(eventually([this] {
            const std::lock_guard lock(mutex);
            return !service.waiting.empty();
        }));
        TokenAuthenticator::OnReply done;
        {
            const std::lock_guard lock(mutex);
            done = std::move(service.waiting.front());
            service.waiting.erase(service.waiting.begin());
        }
        done(with);
    }
    TokenAuthenticator::Outside locked_outside() {
        auto outside = service.outside();
        outside.ask = [this, ask = outside.ask](const std::string& request, auto done) {
            const std::lock_guard lock(mutex);
            ask(request, std::move(done));
        };
        return outside;
    }

    std::mutex mutex;
    Service service;
    TokenAuthenticator* tokens = new TokenAuthenticator(kKey, locked_outside());
    TestServer server{TestServer::quick_options(), std::unique_ptr<Authenticator>(tokens)};
    Client client{server.port()};
    const std::string bearer = "Authorization: Bearer " + std::string(kToken) + "\r\n";
};

TEST_F(TokenRequests, WaitForTheVerdictAndThenAskNobody) {
    client.send("GET /who HTTP/1.1\r\nHost: x\r\n" + bearer + "\r\n");
    reply({.body = kUser});
    auto first = client.reply();
    ASSERT_TRUE(first);
    EXPECT_EQ(first->status, 200);
    EXPECT_EQ(first->body, "user:5");
    EXPECT_EQ(client.get("/who", bearer)->status, 200);
    EXPECT_EQ(service.asked.size(), 1U);
}

TEST_F(TokenRequests, KeepTheirBodiesAndTheirOrderMeanwhile) {
    client.send("POST /who HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n" + bearer + "\r\nhello" +
                "GET /open HTTP/1.1\r\nHost: x\r\n\r\n");
    reply({.body = kUser});
    EXPECT_EQ(client.reply()->body, "hello");
    EXPECT_EQ(client.reply()->body, "open");
}

TEST_F(TokenRequests, AreRefusedAsTheServiceSays) {
    client.send("GET /who HTTP/1.1\r\nHost: x\r\n" + bearer + "\r\n");
    reply({.is_refusal = true});
    EXPECT_EQ(client.reply()->status, 401);
    client.send("GET /who HTTP/1.1\r\nHost: x\r\n" + bearer + "\r\n");
    reply({});
    const auto away = client.reply();
    EXPECT_EQ(away->status, 503);
    EXPECT_EQ(away->headers.count("retry-after"), 1U);
    client.send("GET /open HTTP/1.1\r\nHost: x\r\n" + bearer + "\r\n");
    reply({});
    EXPECT_EQ(client.reply()->status, 200) << "open to everybody, whoever asks";
}

TEST_F(TokenRequests, EndTheirSocketsWhereTheCredentialsChange) {
    server.mount({.path = "/ws"});
    service.holds = false;
    server.server().end_sockets_of(rate_id_of("user", "6"));
    EXPECT_EQ(client.upgrade("/ws", bearer).status, 101);
    Client admin{server.port()};
    EXPECT_EQ(admin.upgrade("/ws", "Authorization: Bearer " + std::string(kKey) + "\r\n").status,
              101);
    server.server().end_sockets_of(rate_id_of("user", "5"));
    const auto last = client.message();
    ASSERT_TRUE(last);
    EXPECT_EQ(last->close_code(), 1008);
    server.server().end_sockets_of(rate_id_of("user", "5"));
    admin.frame(0x89, "still there");
    EXPECT_EQ(admin.message()->payload, "still there");
}

// WebSockets by tokens that may stand for something else by now.
class TokensInDoubt : public TokenRequests {
  protected:
    TokensInDoubt() {
        server.mount({.path = "/ws"});
        service.holds = false;
    }
    std::vector<std::unique_ptr<Client>> upgraded(int count) {
        std::vector<std::unique_ptr<Client>> out;
        for (int n = 0; n < count; ++n) {
            out.push_back(std::make_unique<Client>(server.port()));
            EXPECT_EQ(out.back()->upgrade("/ws", bearer).status, 101);
        }
        return out;
    }
    // From now on the service says something else.
    void doubt(TokenAuthenticator::Reply reply) {
        {
            const std::lock_guard lock(mutex);
            service.reply = reply;
        }
        tokens->heard({std::to_string(++tellers), 0, Manner::kCount});
        server.server().doubt_sockets();
    }
    void verify_all() {
        for (std::size_t n = 0; n < Server::kDoubtRounds; ++n)
            server.server().verify_doubtful();
    }
    static bool is_there(Client& client) {
        client.frame(0x89, "there?");
        const auto message = client.message();
        if (message && message->payload == "there?") return true;
        EXPECT_TRUE(message && message->close_code() == 1008);
        return false;
    }
    static std::size_t take_ended(std::vector<std::unique_ptr<Client>>& clients) {
        return std::erase_if(clients, [](const auto& each) { return !is_there(*each); });
    }
    static bool all_end(std::vector<std::unique_ptr<Client>>& clients) {
        return eventually([&] {
            take_ended(clients);
            return clients.empty();
        });
    }
    std::size_t times_asked() {
        const std::lock_guard lock(mutex);
        return service.asked.size();
    }
    int tellers = 0;
};

TEST_F(TokensInDoubt, KeepTheirSocketsWhereTheyStandForTheSame) {
    auto clients = upgraded(40);
    doubt({.body = kUser});
    verify_all();
    EXPECT_EQ(take_ended(clients), 0U);
    EXPECT_GT(times_asked(), 1U) << "anew";
    EXPECT_LE(times_asked(), 1U + server.server().options().loops) << "not for each socket";
}

TEST_F(TokensInDoubt, LoseTheirSocketsAFewAtATimeWhereTheyAreRefused) {
    Client admin{server.port()};
    admin.upgrade("/ws", "Authorization: Bearer " + std::string(kKey) + "\r\n");
    auto clients = upgraded(40);
    doubt({.is_refusal = true});
    server.server().verify_doubtful();
    EXPECT_TRUE(eventually([&] { return take_ended(clients) > 0; }));
    EXPECT_FALSE(clients.empty());
    verify_all();
    EXPECT_TRUE(all_end(clients));
    EXPECT_TRUE(is_there(admin)) << "nobody has to be asked about that key";
}

TEST_F(TokensInDoubt, LoseTheirSocketsWhereTheyStandForSomethingElse) {
    for (const std::string_view change :
         {R"("role":"viewer")", R"("name":"eve")", R"("scopes":"admin")"}) {
        auto clients = upgraded(1);
        std::string other(kUser);
        const auto name = change.substr(0, change.find(':') + 1);
        const auto at = other.find(name);
        other.replace(at, other.find('"', at + name.size() + 1) + 1 - at, change);
        doubt({.body = other});
        verify_all();
        EXPECT_TRUE(all_end(clients)) << other;
        doubt({.body = kUser});
    }
}

TEST_F(TokensInDoubt, KeepTheirSocketsForAWhileWhereNobodyCanBeAsked) {
    auto clients = upgraded(40);
    doubt({});
    verify_all();
    EXPECT_EQ(take_ended(clients), 0U);
    {
        const std::lock_guard lock(mutex);
        service.reply = {.body = kUser};
    }
    verify_all();
    server.server().end_doubtful();
    EXPECT_EQ(take_ended(clients), 0U);

    doubt({});
    verify_all();
    server.server().end_doubtful();
    EXPECT_TRUE(all_end(clients));
}

TEST_F(TokenRequests, ThatAreGivenUpFindNobody) {
    {
        Client other{server.port()};
        other.send("GET /who HTTP/1.1\r\nHost: x\r\n" + bearer + "\r\n");
        reply({.body = kUser});
    }
    client.send("GET /who HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer x.y.z\r\n\r\n");
    server.stop();
    reply({.body = kUser});
    EXPECT_FALSE(client.reply());
}

}  // namespace
}  // namespace streamwall::http_server::testing
