#include "nodes_api.hpp"

#include "schemas_api.hpp"
#include "testing/api_fixture.hpp"
#include "testing/orders.hpp"

namespace streamwall::rest_api::testing {
namespace {

class NodesApi : public ::testing::Test {
  protected:
    static constexpr std::string_view kOrders = "/api/v1/nodes/{node}/plugins/{plugin}/";

    NodesApi() {
        answer_with(R"({"plugin":{"name":"hello","state":"running"}})");
        EXPECT_TRUE(deeds.open(services));
        add_node_routes(routes, client, deeds);
        add_schema_routes(routes, client);
        EXPECT_TRUE(listener.watch([](const Error& error) { ADD_FAILURE() << error.message; }));
        fake.bring_listener();
    }
    void answer_with(std::string_view text) { fake.serve(orders.answering(Buffer(text))); }
    void fail_with(const Error& error) { fake.serve(orders.answering(error)); }
    const Answer& order(std::string_view name, std::string_view body = {}) {
        return fake.request("POST", std::string(kOrders) + std::string(name), {"main", "hello"}, "",
                            body, {{"content-type", "application/json"}});
    }

    Orders orders;
    FakeHost fake;
    Host host{fake.api()};
    Services services{host};
    NodesClient client = NodesClient::resolve(services).value();
    Deeds deeds{host};
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
    for (const std::string name : {"enable", "disable", "restart", "reset"}) {
        const auto& answer = order(name);
        EXPECT_EQ(answer.status, 200) << name;
        EXPECT_EQ(answer.body, R"({"name":"hello","state":"running"})");
        EXPECT_EQ(orders.given.back(), name + R"( {"node":"main","plugin":"hello"})");
    }
}

TEST_F(NodesApi, HaveEveryOrderNotedBeforeItIsAnswered) {
    const std::pair<std::string_view, std::string_view> cases[] = {
        {"enable", "plugin.enabled"},
        {"disable", "plugin.disabled"},
        {"restart", "plugin.restarted"},
        {"reset", "plugin.reset"},
        {"reconfigure", "plugin.reconfigured"}};
    for (const auto& [name, deed] : cases) {
        EXPECT_EQ(order(name, R"({"settings":{}})").status, 200);
        EXPECT_EQ(fake.last_call(), "note " + orders.noted.back());
        EXPECT_EQ(orders.noted.back(), R"({"action":")" + std::string(deed) +
                                           R"(","resource_id":"main/hello","outcome":"done"})");
    }
    EXPECT_EQ(cases[4].first, NodesClient::kMethods.back()) << "every order is here";
    EXPECT_EQ(NodesClient::kMethods.size() - NodesClient::kFirstOrder, std::size(cases));
}

TEST_F(NodesApi, HaveNotedHowAnOrderCameOutAndNothingWhereNothingWasDone) {
    answer_with(R"({"accepted":true,"plugin":{"name":"hello"}})");
    order("disable");
    EXPECT_NE(orders.noted.back().find(R"("outcome":"accepted")"), std::string::npos);
    auto failed = Error::internal("13 is no size");
    failed.details = R"({"code":"order_failed"})";
    fail_with(failed);
    order("restart");
    EXPECT_NE(orders.noted.back().find(R"("outcome":"failed","error":"13 is no size")"),
              std::string::npos);
    const auto noted = orders.noted.size();
    fail_with(Error::not_found("no such plugin"));
    order("restart");
    fail_with(Error::unavailable("gone"));
    order("restart");
    order("reconfigure", "[]");
    EXPECT_EQ(orders.noted.size(), noted);
}

TEST_F(NodesApi, AreCarriedOutWhileTheAuditIsAwayAndNotedLater) {
    orders.can_note = false;
    EXPECT_EQ(order("restart").status, 200);
    deeds.retry();
    EXPECT_TRUE(orders.noted.empty());
    orders.can_note = true;
    deeds.retry();
    deeds.retry();
    EXPECT_EQ(orders.noted.size(), 1U) << "once";
    EXPECT_TRUE(fake.logged().empty());
    orders.can_note = false;
    order("restart");
    for (int n = 0; n < 60; ++n)
        deeds.retry();
    EXPECT_EQ(fake.logged(), std::vector<std::string>{"rest.not_audited"});
    orders.can_note = true;
    deeds.retry();
    EXPECT_EQ(orders.noted.size(), 1U);
}

TEST_F(NodesApi, AnswersBeforeItWhereTheAnswerComesThroughThatPlugin) {
    answer_with(R"({"accepted":true,"plugin":{"name":"hello"}})");
    const auto& answer = order("disable");
    EXPECT_EQ(answer.status, 202);
    EXPECT_EQ(answer.body, R"({"accepted":true,"plugin":{"name":"hello"}})");
}

TEST_F(NodesApi, TakesSettingsAsTheyStand) {
    EXPECT_EQ(order("reconfigure", R"({"settings": {"a":[1, 2],"b":null}})").status, 200);
    EXPECT_EQ(orders.given.back(),
              R"(reconfigure {"node":"main","plugin":"hello","settings":{"a":[1, 2],"b":null}})");
}

TEST_F(NodesApi, RefusesABodyThatHoldsNoSettings) {
    const std::tuple<std::string_view, int, std::string_view> cases[] = {
        {"", 400, ""},
        {"[]", 400, ""},
        {"{}", 422, R"("field":"settings")"},
        {R"({"settings":1})", 422, R"("field":"settings")"},
        {R"({"settings":{},"more":1})", 422, R"("field":"more")"}};
    for (const auto& [body, status, field] : cases) {
        const auto& answer = order("reconfigure", body);
        EXPECT_EQ(answer.status, status) << body;
        EXPECT_NE(answer.body.find(field), std::string::npos) << answer.body;
    }
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
