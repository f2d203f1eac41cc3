#include "features_api.hpp"

#include "testing/api_fixture.hpp"

#include <boost/json.hpp>

namespace streamwall::rest_api::testing {
namespace {

constexpr std::string_view kFlag =
    R"({"id":1,"key":"stream_tags","enabled":true,"nodes":[],"version":4})";

class FeaturesApi : public ::testing::Test {
  protected:
    FeaturesApi() {
        answer_with(kFlag);
        add_feature_routes(routes, client);
        for (const auto* path : {"/api/v1/streams", "/api/v1/users/login", "/api/v1/login",
                                 "/api/v1/users/signup", "/health", "/.well-known/jwks.json"}) {
            routes.add({.path = path, .access = SW_HTTP_OPEN},
                       [](const http::Request&, Call call) { call.send_empty(204); });
        }
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
    const Answer& send(std::string_view method, std::string_view path, std::string_view body,
                       std::string_view query = "", FakeHost::Headers more = {}) {
        more.emplace_back("content-type", "application/json");
        std::vector<std::string> parameters;
        if (path.contains('{')) parameters.emplace_back("stream_tags");
        return fake.request(method, path, parameters, query, body, more);
    }

    static constexpr std::string_view kOne = "/api/v1/features/{key}";
    bool is_maintained = false;
    std::string learned;
    FakeHost fake;
    Host host{fake.api()};
    Services services{host};
    FeaturesClient client = FeaturesClient::resolve(services, [this](std::string_view record) {
                                learned = record;
                            }).value();
    http::Listener listener{host};
    Routes routes{host, listener, nullptr, [this](const sw_context&) { return is_maintained; }};
};

TEST_F(FeaturesApi, IsForAdministrators) {
    for (const auto& route : fake.mounted()) {
        if (!route.path.starts_with("/api/v1/features")) continue;
        EXPECT_EQ(route.access, SW_HTTP_ADMIN) << route.method << " " << route.path;
        EXPECT_TRUE(route.scope.empty());
    }
}

TEST_F(FeaturesApi, ListsAndReadsFlags) {
    answer_with(R"({"records":[{"key":"a"}],"count":6})");
    const auto& page = fake.request("GET", "/api/v1/features", {}, "page=2&per_page=5");
    EXPECT_EQ(page.body, R"({"features":[{"key":"a"}],"meta":{"current_page":2,"per_page":5,)"
                         R"("total_pages":2,"total_count":6}})");
    EXPECT_EQ(fake.last_call(), R"(list {"limit":5,"offset":5})");
    EXPECT_EQ(fake.request("GET", "/api/v1/features", {}, "page=0").status, 400);
    const auto& far = fake.request("GET", "/api/v1/features", {}, "page=1000000000000");
    EXPECT_EQ(far.status, 400);
    const auto problem = boost::json::parse(far.body);
    EXPECT_EQ(problem.at("errors").at(0).at("message"), "must be 1 to 1000000000");
    answer_with(kFlag);
    const auto& flag = fake.request("GET", kOne, {"stream_tags"});
    EXPECT_EQ(flag.body, kFlag);
    EXPECT_EQ(flag.headers.at("etag"), "\"4\"");
    EXPECT_EQ(fake.last_call(), R"(get {"key":"stream_tags"})");
    EXPECT_EQ(
        fake.request("GET", kOne, {"stream_tags"}, "", "", {{"if-none-match", "\"4\""}}).status,
        304);
    EXPECT_EQ(fake.request("GET", kOne, {"stream_tags"}, "x=1").status, 400);
}

TEST_F(FeaturesApi, MakesAndChangesFlags) {
    const auto& made = send("POST", "/api/v1/features", R"({"key":"stream_tags"})", "strict=1");
    EXPECT_EQ(made.status, 201);
    EXPECT_EQ(made.headers.at("location"), "/api/v1/features/stream_tags");
    EXPECT_EQ(fake.last_call(), R"(create {"strict":true,"body":{"key":"stream_tags"}})");
    const auto& changed =
        send("PATCH", kOne, R"({"roles":["admin"]})", "", {{"if-match", "\"3\""}});
    EXPECT_EQ(changed.status, 200);
    EXPECT_EQ(changed.headers.at("etag"), "\"4\"");
    EXPECT_EQ(
        fake.last_call(),
        R"(update {"key":"stream_tags","versions":[3],"strict":false,"body":{"roles":["admin"]}})");
    EXPECT_EQ(learned, kFlag) << "this process knows before its client does";
}

TEST_F(FeaturesApi, SwitchesFlagsForSomeNodesOrAll) {
    for (const std::string method : {"POST", "PUT"}) {
        for (const std::string name : {"enable", "disable"}) {
            const auto path = std::string(kOne) + "/" + name;
            EXPECT_EQ(send(method, path, R"({"nodes":["a","b"]})").status, 200);
            EXPECT_EQ(fake.last_call(), name + R"( {"key":"stream_tags","nodes":["a","b"]})");
            EXPECT_EQ(send(method, path, "{}").status, 200);
            EXPECT_EQ(fake.last_call(), name + R"( {"key":"stream_tags"})");
            EXPECT_EQ(fake.request(method, path, {"stream_tags"}).status, 200);
            EXPECT_EQ(fake.last_call(), name + R"( {"key":"stream_tags"})");
        }
    }
}

TEST_F(FeaturesApi, RefusesWhatIsNoBody) {
    const auto enable = std::string(kOne) + "/enable";
    for (const auto* body : {"[]", "5", "{", "{}}", R"({"nodes":[],"nodes":[]})", R"({},"x":{})"})
        EXPECT_EQ(send("POST", enable, body).status, 400) << body;
    for (const auto* body : {"", "[]", "5", "{"}) {
        EXPECT_EQ(send("PATCH", kOne, body).status, 400) << body;
        EXPECT_EQ(send("POST", "/api/v1/features", body).status, 400) << body;
    }
    EXPECT_EQ(
        fake.request("PATCH", kOne, {"x"}, "", "a=1", {{"content-type", "text/plain"}}).status,
        415);
    const std::pair<Error, int> failures[] = {
        {Error::not_found("There is no such feature flag."), 404},
        {{SW_ALREADY_EXISTS, "in use", "key", R"({"errors":[{"field":"key"}]})"}, 409},
        {{SW_FAILED_PRECONDITION, "many", {}, R"({"code":"too_many_flags"})"}, 409},
        {{SW_FAILED_PRECONDITION, "another version", {}, {}}, 412},
        {{SW_INVALID_ARGUMENT, "bad", "nodes", R"({"errors":[{"field":"nodes"}]})"}, 422},
        {Error::unavailable("away"), 503},
    };
    for (const auto& [error, status] : failures) {
        fail_with(error);
        EXPECT_EQ(send("POST", enable, "{}").status, status);
        EXPECT_EQ(send("POST", "/api/v1/features", "{}").status, status);
    }
}

TEST_F(FeaturesApi, DescribesItself) {
    for (const auto& route : fake.mounted()) {
        if (!route.path.starts_with("/api/v1/features")) continue;
        EXPECT_EQ(route.openapi.empty(), route.method == "PUT") << route.method << route.path;
    }
    EXPECT_TRUE(openapi::feature_schemas().contains("Feature"));
}

TEST_F(FeaturesApi, TurnsAllButAdministratorsAwayDuringMaintenance) {
    is_maintained = true;
    const auto& away = fake.request("GET", "/api/v1/streams");
    EXPECT_EQ(away.status, 503);
    EXPECT_EQ(away.headers.at("retry-after"), "60");
    EXPECT_EQ(away.headers.at("content-type"), "application/problem+json");
    const auto problem = json::parse_object(away.body).value();
    EXPECT_EQ(problem.at("code"), "maintenance");
    EXPECT_EQ(problem.at("maintenance"), true) << "where old clients look for it";
    EXPECT_EQ(fake.request("GET", "/api/v1/users/signup").status, 503);
    for (const auto* path :
         {"/health", "/api/v1/users/login", "/api/v1/login", "/.well-known/jwks.json"})
        EXPECT_EQ(fake.request("GET", path).status, 204) << path;
    fake.role = "admin";
    EXPECT_EQ(fake.request("GET", "/api/v1/streams").status, 204);
    fake.role = "editor";
    EXPECT_EQ(fake.request("GET", "/api/v1/streams").status, 503);
    is_maintained = false;
    EXPECT_EQ(fake.request("GET", "/api/v1/streams").status, 204);
}

}  // namespace
}  // namespace streamwall::rest_api::testing
