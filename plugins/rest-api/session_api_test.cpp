#include "session_api.hpp"

#include "testing/fake_host.hpp"

#include <gtest/gtest.h>

namespace streamwall::rest_api::testing {
namespace {

constexpr std::string_view kPath = "/api/v1/session";
constexpr std::string_view kLogIn =
    R"({"token":"a.b.c","expires_at":"2026-01-01T00:00:00.000Z","user":{"id":5}})";

class SessionApi : public ::testing::Test {
  protected:
    SessionApi() {
        answer_with(kLogIn);
        add_session_routes(routes, client);
        EXPECT_TRUE(listener.watch([](const Error& error) { ADD_FAILURE() << error.message; }));
        fake.bring_listener();
    }
    void answer_with(std::string_view text) {
        fake.serve([text = std::string(text)](std::string_view, std::string_view) {
            return Result<Buffer>(Buffer(text));
        });
    }
    FakeHost fake;
    Host host{fake.api()};
    Services services{host};
    AccountsClient client = AccountsClient::resolve(services).value();
    http::Listener listener{host};
    Routes routes{host, listener};
};

TEST_F(SessionApi, KeepsTheTokenInACookieThatNoScriptReads) {
    const auto& answer =
        fake.request("POST", kPath, {}, "", R"({"email":"a@b.de","password":"x"})");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.headers.at("set-cookie"),
              "streamwall_session=a.b.c; Path=/; HttpOnly; SameSite=Lax; Max-Age=86400");
    EXPECT_EQ(answer.headers.at("cache-control"), "no-store");
    EXPECT_EQ(answer.body.find("a.b.c"), std::string::npos);
    EXPECT_EQ(json::parse_object(answer.body)->at("csrf_token").as_string(),
              csrf_token_of("a.b.c"));
    EXPECT_EQ(fake.last_call(), R"(log_in {"strict":false,"address":"",)"
                                R"("body":{"email":"a@b.de","password":"x"}})");
    const auto& secure =
        fake.request("POST", kPath, {}, "", "{}", {{"origin", "https://wall.example.org"}});
    EXPECT_TRUE(secure.headers.at("set-cookie").ends_with("; Secure"));
}

TEST_F(SessionApi, SendsTheCookieBackOverNothingElseWhereItCameOverTls) {
    fake.is_secure = true;
    const auto& begun = fake.request("POST", kPath, {}, "", "{}");
    EXPECT_TRUE(begun.headers.at("set-cookie").ends_with("; Secure"));
    const auto& ended = fake.request("DELETE", kPath);
    EXPECT_TRUE(ended.headers.at("set-cookie").ends_with("; Secure"));
}

TEST_F(SessionApi, GivesAPageThatIsLoadedAgainItsToken) {
    answer_with(R"({"id":5})");
    const auto& answer =
        fake.request("GET", kPath, {}, "", "", {{"cookie", "a=b; streamwall_session=a.b.c; c=d"}});
    EXPECT_EQ(answer.body, R"({"user":{"id":5},"csrf_token":")" + csrf_token_of("a.b.c") + "\"}");
}

TEST_F(SessionApi, EndsTheTokenAndTheCookie) {
    answer_with("{}");
    const auto& answer =
        fake.request("DELETE", kPath, {}, "", "", {{"cookie", "streamwall_session=a.b.c"}});
    EXPECT_EQ(answer.status, 204);
    EXPECT_EQ(answer.headers.at("set-cookie"),
              "streamwall_session=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
    EXPECT_EQ(fake.last_call(), R"(log_out {"token":"a.b.c","address":""})");
}

TEST_F(SessionApi, TakesNoForms) {
    const auto& answer = fake.request("POST", kPath, {}, "", "email=a%40b.de&password=x",
                                      {{"content-type", "application/x-www-form-urlencoded"}});
    EXPECT_EQ(answer.status, 415);
    EXPECT_EQ(fake.last_call(), "");
}

TEST(CsrfToken, IsWhatTheListenerComputes) {
    EXPECT_EQ(csrf_token_of("a.b.c").size(), 32u);
    EXPECT_NE(csrf_token_of("a.b.c"), csrf_token_of("a.b.d"));
}

}  // namespace
}  // namespace streamwall::rest_api::testing
