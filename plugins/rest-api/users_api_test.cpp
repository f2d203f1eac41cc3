#include "users_api.hpp"

#include "testing/api_fixture.hpp"

namespace streamwall::rest_api::testing {
namespace {

constexpr std::string_view kSession =
    R"({"token":"a.b.c","expires_at":"2026-01-01T00:00:00.000Z","user":{"id":5,"version":1}})";

class AccountsApi : public ::testing::Test {
  protected:
    AccountsApi() {
        answer_with(R"({"id":5,"email":"a@b.de","version":3})");
        add_account_routes(routes, client);
        EXPECT_TRUE(listener.watch([](const Error& error) { ADD_FAILURE() << error.message; }));
        fake.bring_listener();
    }
    void answer_with(std::string_view text) {
        fake.serve([text = std::string(text)](std::string_view, std::string_view) {
            return Result<Buffer>(Buffer(text));
        });
    }
    void fail_with(Error error) {
        fake.serve([error](std::string_view, std::string_view) { return Result<Buffer>(error); });
    }
    const Answer& post(std::string_view path, std::string_view body, std::string_view query = "") {
        return fake.request("POST", path, {}, query, body, {{"content-type", "application/json"}});
    }
    static boost::json::object problem(const Answer& answer) {
        EXPECT_EQ(answer.headers.at("content-type"), "application/problem+json");
        return json::parse_object(answer.body).value();
    }

    FakeHost fake;
    Host host{fake.api()};
    Services services{host};
    AccountsClient client = AccountsClient::resolve(services).value();
    http::Listener listener{host};
    Routes routes{host, listener};
};

TEST_F(AccountsApi, IsForAdministratorsButForOnesOwnSession) {
    for (const auto& route : fake.mounted()) {
        const bool is_open = route.path.ends_with("/login") || route.path.ends_with("/signup") ||
                             route.path.starts_with("/.well-known");
        const bool is_own = route.path.ends_with("/logout") || route.path.ends_with("/me") ||
                            route.path.ends_with("/me/password");
        EXPECT_EQ(route.access, is_open  ? SW_HTTP_OPEN
                                : is_own ? SW_HTTP_VIEWER
                                         : SW_HTTP_ADMIN)
            << route.method << " " << route.path;
        EXPECT_TRUE(route.scope.empty()) << "no key passes by a scope but admin";
    }
}

TEST_F(AccountsApi, LogsInUnderEveryNameThatClientsKnow) {
    answer_with(kSession);
    for (const auto* path : {"/api/v1/users/login", "/api/v1/login", "/api/v1/auth/login"}) {
        const auto& answer = post(path, R"({"email":"a@b.de","password":"x"})");
        EXPECT_EQ(answer.status, 200) << path;
        EXPECT_EQ(answer.body, kSession);
        EXPECT_EQ(answer.headers.at("authorization"), "Bearer a.b.c");
        EXPECT_EQ(answer.headers.at("cache-control"), "no-store");
        const bool is_old = std::string_view(path) != "/api/v1/users/login";
        EXPECT_EQ(answer.headers.contains("deprecation"), is_old);
        if (is_old) {
            EXPECT_EQ(answer.headers.at("sunset"), "Fri, 31 Dec 2027 23:59:59 GMT");
            EXPECT_EQ(answer.headers.at("link"),
                      R"(</api/v1/users/login>; rel="successor-version")");
        }
        EXPECT_EQ(
            fake.last_call(),
            R"(log_in {"strict":false,"address":"","body":{"email":"a@b.de","password":"x"}})");
    }
    EXPECT_EQ(post("/api/v1/users/signup", "{}").status, 201);
    EXPECT_TRUE(fake.last_call().starts_with("sign_up "));
}

TEST_F(AccountsApi, RefusesABodyThatIsNoObject) {
    for (const auto* body : {"", "[]", "5", "{", R"({}})", R"({},"x":{})"})
        EXPECT_EQ(post("/api/v1/users/login", body).status, 400) << body;
    const auto& other = fake.request("POST", "/api/v1/users/login", {}, "", "email=a",
                                     {{"content-type", "application/x-www-form-urlencoded"}});
    EXPECT_EQ(other.status, 415);
    EXPECT_EQ(post("/api/v1/users/login", "{}", "strict=yes").status, 400);
    EXPECT_EQ(post("/api/v1/users/login", "{}", "page=1").status, 400);
}

TEST_F(AccountsApi, SaysHowToComeInAndWhenToComeBack) {
    fail_with({SW_UNAUTHENTICATED, "Invalid email or password.", {}, {}});
    const auto& wrong = post("/api/v1/users/login", "{}");
    EXPECT_EQ(wrong.status, 401);
    EXPECT_TRUE(wrong.headers.at("www-authenticate").starts_with("Bearer"));
    EXPECT_EQ(problem(wrong).at("error"), "Invalid email or password.");
    fail_with({SW_RESOURCE_EXHAUSTED,
               "Too many tries.",
               {},
               R"({"code":"too_many_tries","retry_after":1100})"});
    const auto& many = post("/api/v1/users/login", "{}");
    EXPECT_EQ(many.status, 429);
    EXPECT_EQ(many.headers.at("retry-after"), "1100");
    EXPECT_EQ(problem(many).at("code"), "too_many_tries");
    fail_with(
        {SW_PERMISSION_DENIED, "Signing up is switched off.", {}, R"({"code":"sign_up_closed"})"});
    const auto& closed = post("/api/v1/users/signup", "{}");
    EXPECT_EQ(closed.status, 403);
    EXPECT_EQ(problem(closed).at("code"), "sign_up_closed");
    fail_with({SW_ALREADY_EXISTS, "in use", "email",
               R"({"errors":[{"field":"email","code":"taken","message":"is in use"}]})"});
    const auto& taken = post("/api/v1/users/signup", "{}");
    EXPECT_EQ(taken.status, 409);
    EXPECT_EQ(problem(taken).at("errors").at(0).at("field"), "email");
}

TEST_F(AccountsApi, LogsTheTokenOutThatTheRequestBears) {
    answer_with("{}");
    const auto& answer = fake.request("DELETE", "/api/v1/users/logout", {}, "", "",
                                      {{"authorization", "Bearer a.b.c"}});
    EXPECT_EQ(answer.status, 204);
    EXPECT_TRUE(answer.body.empty());
    EXPECT_EQ(fake.last_call(), R"(log_out {"token":"a.b.c","address":""})");
}

TEST_F(AccountsApi, AnswersANewPasswordAsALogIn) {
    answer_with(kSession);
    const auto& answer = fake.request("PUT", "/api/v1/users/me/password", {}, "",
                                      R"({"current_password":"a","password":"b"})");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, kSession);
    EXPECT_EQ(answer.headers.at("cache-control"), "no-store");
    EXPECT_EQ(fake.last_call(), R"(change_password {"strict":false,"address":"","body":)"
                                R"({"current_password":"a","password":"b"}})");
}

TEST_F(AccountsApi, PagesItsLists) {
    answer_with(R"({"records":[{"id":1},{"id":2}],"count":7,"next_cursor":"c2"})");
    const auto& page = fake.request("GET", "/api/v1/users", {}, "page=2&per_page=2");
    EXPECT_EQ(page.body, R"({"users":[{"id":1},{"id":2}],"meta":{"current_page":2,"per_page":2,)"
                         R"("total_pages":4,"total_count":7,"next_cursor":"c2"}})");
    EXPECT_NE(page.headers.at("link").find("page=3>; rel=\"next\""), std::string::npos);
    EXPECT_EQ(fake.last_call(), R"(list {"filters":{},"limit":2,"offset":2,"count":true})");
    fake.request("GET", "/api/v1/api_keys", {}, "per_page=2&cursor=c2");
    EXPECT_EQ(fake.last_call(),
              R"(list {"filters":{},"limit":2,"offset":0,"cursor":"c2","count":true})");
    EXPECT_EQ(fake.request("GET", "/api/v1/api_keys", {}, "per_page=1000").status, 200);
    EXPECT_EQ(fake.last_call(), R"(list {"filters":{},"limit":100,"offset":0,"count":true})");
    for (const auto* query :
         {"page=0", "page=-1", "page=x", "per_page=0", "colour=red", "page=%zz"}) {
        EXPECT_EQ(fake.request("GET", "/api/v1/users", {}, query).status, 400) << query;
    }
}

TEST_F(AccountsApi, CreatesAndChangesUsers) {
    const auto& created = post("/api/v1/users", R"({"email":"a@b.de"})", "strict=1");
    EXPECT_EQ(created.status, 201);
    EXPECT_EQ(created.headers.at("location"), "/api/v1/users/5");
    EXPECT_EQ(created.headers.at("etag"), "\"3\"");
    EXPECT_EQ(fake.last_call(), R"(create {"strict":true,"body":{"email":"a@b.de"}})");
    const auto& changed =
        fake.request("PATCH", "/api/v1/users/{id}", {"5"}, "", R"({"role":"editor"})",
                     {{"content-type", "application/json"}, {"if-match", "\"2\""}});
    EXPECT_EQ(changed.status, 200);
    EXPECT_EQ(
        fake.last_call(),
        R"(update {"strict":false,"id":5,"replace":false,"versions":[2],"body":{"role":"editor"}})");
    for (const auto* id : {"0", "x", "05", "-1", "99999999999999999999"}) {
        EXPECT_EQ(fake.request("GET", "/api/v1/users/{id}", {id}).status, 404) << id;
    }
    fail_with({SW_FAILED_PRECONDITION,
               "The last administrator stays one.",
               {},
               R"({"code":"last_admin"})"});
    EXPECT_EQ(fake.request("DELETE", "/api/v1/users/{id}", {"5"}).status, 409);
}

TEST_F(AccountsApi, ShowsASecretKeyOnceAndToNoCache) {
    answer_with(R"({"id":7,"key":"swk_x","version":1})");
    const auto& created = post("/api/v1/api_keys", R"({"name":"bot","scopes":["admin"]})");
    EXPECT_EQ(created.status, 201);
    EXPECT_EQ(created.headers.at("cache-control"), "no-store");
    const auto& rotated = fake.request("POST", "/api/v1/api_keys/{id}/rotate", {"7"});
    EXPECT_EQ(rotated.status, 200);
    EXPECT_EQ(rotated.headers.at("cache-control"), "no-store");
    EXPECT_EQ(fake.last_call(), R"(rotate {"id":7})");
    EXPECT_EQ(fake.request("DELETE", "/api/v1/api_keys/{id}", {"7"}).status, 204);
    EXPECT_EQ(fake.last_call(), R"(revoke {"id":7})");
}

TEST_F(AccountsApi, PublishesTheKeysOfTokens) {
    answer_with(R"({"keys":[]})");
    const auto& set = fake.request("GET", "/.well-known/jwks.json");
    EXPECT_EQ(set.status, 200);
    EXPECT_EQ(set.headers.at("content-type"), "application/jwk-set+json");
    EXPECT_EQ(set.body, R"({"keys":[]})");
}

}  // namespace
}  // namespace streamwall::rest_api::testing
