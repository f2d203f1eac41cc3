#include "runtime/testing/probe_node.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json.hpp>

namespace streamwall::runtime {
namespace {

namespace json = boost::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

class NodesTest : public ::testing::Test {
  protected:
    NodesTest() {
        EXPECT_EQ(node.start({node.instance("a"), node.instance("b")}).code, SW_OK);
        node.took();
    }
    std::expected<json::value, Failure> ask(const std::string& method, const json::object& body) {
        const auto answer =
            node->call("kernel.nodes", method, json::serialize(body), std::chrono::seconds(60));
        if (!answer) return std::unexpected(answer.error());
        return json::parse(*answer);
    }

    testing::ProbeNode node;
};

TEST_F(NodesTest, ListTheOwnNodeWithItsPlugins) {
    const auto nodes = ask("list", {})->at("nodes").as_array();
    ASSERT_EQ(nodes.size(), 1u);
    EXPECT_EQ(nodes[0].at("node"), "main");
    EXPECT_EQ(nodes[0].at("state"), "ready");
    EXPECT_EQ(nodes[0].at("health"), "ok");
    EXPECT_EQ(nodes[0].at("plugins").as_array().size(), 2u);
    EXPECT_EQ(*ask("plugins", {{"node", "main"}}), nodes[0]);
}

TEST_F(NodesTest, ListTheSchemasOfEventsByType) {
    const auto schemas = ask("schemas", {})->at("schemas").as_array();
    ASSERT_EQ(schemas.size(), 3u);
    EXPECT_EQ(schemas[0].at("type"), "node.joined");
    EXPECT_EQ(schemas[2].at("type"), "plugin.state_changed");
    EXPECT_EQ(schemas[2].at("version"), "1.0");
    EXPECT_TRUE(schemas[2].at("schema").is_object());
    EXPECT_EQ(ask("schemas", {{"node", "main"}})->at("schemas").as_array(), schemas);
}

TEST_F(NodesTest, CarryOutOrdersAndAnswerWithWhatCameOfThem) {
    const auto disabled = ask("disable", {{"node", "main"}, {"plugin", "a"}});
    EXPECT_EQ(disabled->at("plugin").at("state"), "disabled");
    EXPECT_EQ(ask("enable", {{"plugin", "a"}})->at("plugin").at("state"), "running");
    EXPECT_EQ(ask("restart", {{"plugin", "a"}})->at("plugin").at("restarts"), 2);
    node.took();
    EXPECT_TRUE(ask("reconfigure", {{"plugin", "a"}, {"settings", {{"rate", 6}}}}));
    EXPECT_TRUE(ask("reset", {{"plugin", "a"}}));
    EXPECT_THAT(node.took(), ElementsAre("a: reconfigure 6", "a: reconfigure 5"));
}

TEST_F(NodesTest, SayWhatIsWrongWithARequest) {
    struct Case {
        const char* method;
        const char* body;
        sw_status code;
        const char* message;
    };
    const Case cases[] = {
        {"disable", "{}", SW_INVALID_ARGUMENT, "give 'plugin'"},
        {"disable", R"({"plugin":"c"})", SW_NOT_FOUND, "no plugin 'c'"},
        {"plugins", R"({"node":"mian"})", SW_NOT_FOUND, "did you mean 'main'?"},
        {"reconfigure", R"({"plugin":"a"})", SW_INVALID_ARGUMENT, "give 'settings'"},
        {"reconfigure", R"({"plugin":"a","settings":{"rate":0}})", SW_INVALID_ARGUMENT, "rate"},
        // The plugin's fault, not this service's: whoever calls keeps a breaker.
        {"reconfigure", R"({"plugin":"a","settings":{"size":13}})", SW_INVALID_ARGUMENT, "13"},
        {"reload", "{}", SW_FAILED_PRECONDITION, "not started from a file"},
    };
    for (const auto& [method, body, code, message] : cases) {
        const auto answer = ask(method, json::parse(body).as_object());
        ASSERT_FALSE(answer) << method << body;
        EXPECT_EQ(answer.error().code, code) << answer.error().message;
        EXPECT_THAT(answer.error().message, HasSubstr(message));
    }
}

// Every caller but the operator comes in here.
sw_status call_as(Node& node, std::string_view role, std::string_view address) {
    auto& services = node.facilities().services;
    Party caller;
    caller.instance = address.substr(0, address.find('@'));
    caller.address = address;
    caller.strand = exec::Strand::make("caller", node.facilities().pool);
    sw_context context{};
    context.size = sizeof context;
    context.role = str(role);
    context.deadline_ns = node.facilities().clock.monotonic_ns() + 10'000'000'000;
    const BufferRef body(R"({"plugin":"a"})");
    ErrorSlot error;
    sw_buffer* reply = nullptr;
    sw_status answered = SW_PENDING;
    services.call(
        *services.resolve(caller, "kernel.nodes", "restart"), body.get(), &context,
        [](void* ctx, sw_status status, const sw_buffer* answer, const sw_error*) {
            *static_cast<sw_status*>(ctx) = status;
            if (status == SW_OK && view(answer).contains("accepted"))
                *static_cast<sw_status*>(ctx) = SW_PENDING;
        },
        &answered, nullptr, &reply, error.get());
    node.pump();
    services.forget_party(caller);
    return answered;
}

TEST_F(NodesTest, ObeyAdminsOnly) {
    EXPECT_EQ(call_as(*node, "editor", "rest-api@main"), SW_PERMISSION_DENIED);
    EXPECT_EQ(call_as(*node, "", "rest-api@main"), SW_PERMISSION_DENIED);
    EXPECT_THAT(node.took(), ElementsAre());
    EXPECT_EQ(call_as(*node, "admin", "rest-api@main"), SW_OK);
    EXPECT_THAT(node.took(), ElementsAre("a: stop", "a: start 5 1"));
}

TEST_F(NodesTest, AnswerBeforeTheyStopTheOneThatBringsTheAnswer) {
    EXPECT_EQ(call_as(*node, "admin", "a@main"), SW_PENDING);  // accepted
    EXPECT_THAT(node.took(), ElementsAre());
    node->pump(1s);
    EXPECT_THAT(node.took(), ElementsAre("a: stop", "a: start 5 1"));
}

}  // namespace
}  // namespace streamwall::runtime
