#include "nodes_api.hpp"

#include "schemas_api.hpp"
#include "testing/api_fixture.hpp"

namespace streamwall::rest_api::testing {
namespace {

class NodesApi : public ::testing::Test {
  protected:
    static constexpr std::string_view kOrders = "/api/v1/nodes/{node}/plugins/{plugin}/";

    NodesApi() {
        answer_with(R"({"plugin":{"name":"hello","state":"running"}})");
        add_node_routes(routes, client);
        add_schema_routes(routes, client);
        EXPECT_TRUE(listener.watch([](const Error& error) { ADD_FAILURE() << error.message; }));
        fake.bring_listener();
    }
    void answer_with(std::string text) {
        fake.serve(
            [text](std::string_view, std::string_view) { return Result<Buffer>(Buffer(text)); });
    }
    void fail_with(Error error) {
        fake.serve([error](std::string_view, std::string_view) { return Result<Buffer>(error); });
    }
    const Answer& order(std::string_view name, std::string_view body = {}) {
        return fake.request("POST", std::string(kOrders) + std::string(name), {"main", "hello"}, "",
                            body, {{"content-type", "application/json"}});
    }

    FakeHost fake;
    Host host{fake.api()};
    Services services{host};
    NodesClient client = NodesClient::resolve(services).value();
    http::Listener listener{host};
    Routes routes{host, listener};
};

TEST_F(NodesApi, AreForAdminsOnly) {
    for (const auto& route : fake.mounted()) {
        const bool is_schema = route.path.starts_with("/api/v1/schemas");
        EXPECT_EQ(route.access, is_schema ? SW_HTTP_VIEWER : SW_HTTP_ADMIN) << route.path;
        EXPECT_FALSE(route.openapi.empty()) << route.path;
    }
}

TEST_F(NodesApi, PassesTheListOfNodesOn) {
    answer_with(R"({"nodes":[{"node":"main"}]})");
    const auto& answer = fake.request("GET", "/api/v1/nodes");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, R"({"nodes":[{"node":"main"}]})");
    EXPECT_EQ(fake.last_call(), "list {}");
}

TEST_F(NodesApi, TakesThePluginsOutOfTheNode) {
    answer_with(R"({"node":"main","plugins":[{"name":"hello"}]})");
    const auto& answer = fake.request("GET", "/api/v1/nodes/{node}/plugins", {"main"});
    EXPECT_EQ(answer.body, R"({"plugins":[{"name":"hello"}]})");
    EXPECT_EQ(fake.last_call(), R"(plugins {"node":"main"})");
}

TEST_F(NodesApi, AnswersOrdersWithThePluginOnceTheyAreCarriedOut) {
    for (const auto* name : {"enable", "disable", "restart", "reset"}) {
        const auto& answer = order(name);
        EXPECT_EQ(answer.status, 200) << name;
        EXPECT_EQ(answer.body, R"({"name":"hello","state":"running"})");
        EXPECT_EQ(fake.last_call(), std::string(name) + R"( {"node":"main","plugin":"hello"})");
    }
}

TEST_F(NodesApi, AnswersBeforeItWhereTheAnswerComesThroughThatPlugin) {
    answer_with(R"({"accepted":true,"plugin":{"name":"hello"}})");
    const auto& answer = order("disable");
    EXPECT_EQ(answer.status, 202);
    EXPECT_EQ(answer.body, R"({"accepted":true,"plugin":{"name":"hello"}})");
}

TEST_F(NodesApi, TakesSettingsAsTheyStand) {
    EXPECT_EQ(order("reconfigure", R"({"settings": {"a":[1, 2],"b":null}})").status, 200);
    EXPECT_EQ(fake.last_call(),
              R"(reconfigure {"node":"main","plugin":"hello","settings":{"a":[1, 2],"b":null}})");
}

TEST_F(NodesApi, RefusesABodyThatHoldsNoSettings) {
    const std::pair<std::string_view, int> cases[] = {{"", 400},
                                                      {"[]", 400},
                                                      {"{}", 422},
                                                      {R"({"settings":1})", 422},
                                                      {R"({"settings":{},"more":1})", 422}};
    for (const auto& [body, status] : cases)
        EXPECT_EQ(order("reconfigure", body).status, status) << body;
}

TEST_F(NodesApi, SaysWhatWentWrong) {
    auto failed = Error::internal("13 is no size; it has its old settings again");
    failed.code = SW_ABORTED;
    failed.details = R"({"code":"order_failed"})";
    fail_with(failed);
    const auto& answer = order("restart");
    EXPECT_EQ(answer.status, 409);
    EXPECT_EQ(answer.headers.at("content-type"), "application/problem+json");
    EXPECT_NE(answer.body.find("13 is no size"), std::string::npos);
    EXPECT_NE(answer.body.find("order_failed"), std::string::npos);

    auto invalid = Error::invalid("rate: expected integer 1..5, got 9", "hello");
    invalid.details = R"({"errors":[{"field":"rate","code":"SW-CFG-0103","message":"no"}]})";
    fail_with(invalid);
    EXPECT_EQ(order("reconfigure", R"({"settings":{"rate":9}})").status, 422);
    EXPECT_NE(fake.last_answer().body.find(R"("field":"rate")"), std::string::npos);

    fail_with(Error::not_found("no node 'mian' can be reached; did you mean 'main'?"));
    EXPECT_EQ(order("enable").status, 404);
    fail_with(Error::unavailable("gone"));
    EXPECT_EQ(order("enable").status, 503);
}

TEST_F(NodesApi, ListSchemasAndGiveOneByTypeAndVersion) {
    answer_with(
        R"({"schemas":[{"type":"a.done","version":"1.0","plugin":"a","schema":{"type":"object"}},)"
        R"({"type":"a.done","version":"2.0","plugin":"a","schema":{"type":"array"}}]})");
    EXPECT_EQ(fake.request("GET", "/api/v1/schemas").body,
              R"({"schemas":[{"type":"a.done","version":"1.0","plugin":"a"},)"
              R"({"type":"a.done","version":"2.0","plugin":"a"}]})");
    EXPECT_EQ(fake.last_call(), "schemas {}");
    const auto one = "/api/v1/schemas/{type}/{version}";
    EXPECT_EQ(fake.request("GET", one, {"a.done", "2.0"}).body, R"({"type":"array"})");
    EXPECT_EQ(fake.request("GET", one, {"a.done", "3.0"}).status, 404);
    fail_with(Error::unavailable("gone"));
    EXPECT_EQ(fake.request("GET", "/api/v1/schemas").status, 503);
}

}  // namespace
}  // namespace streamwall::rest_api::testing
