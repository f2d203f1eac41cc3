// NodesChannel through the hub.
#include "fake_http.hpp"
#include "hub.hpp"

#include <streamwall/sdk/json.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace streamwall::hub {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view kNodes = R"({"channel":"NodesChannel"})";
constexpr std::string_view kPlugin = R"({"node":"main","plugin":"a","state":"running"})";

std::string command(std::string_view name, std::string_view identifier) {
    return json::Writer().text("command", name).text("identifier", identifier).take();
}

class ANodesChannel : public testing::Test {
  protected:
    ~ANodesChannel() override {
        http.disconnect(admin);
        http.disconnect(viewer);
        hub.shut_down();
    }
    std::string last(sw_ws_connection* connection) { return http.sent(connection).back(); }

    FakeHttp http;
    int wanted = 0;
    Hub hub{http.table(), http.self(), http.lease(), {}, [this] { ++wanted; }};
    bool mounted = hub.mount().has_value();
    sw_ws_connection* admin = http.connect({.principal_type = "key", .role = "admin"});
    sw_ws_connection* viewer = http.connect();
};

TEST_F(ANodesChannel, IsForAdmins) {
    http.receive(viewer, command("subscribe", kNodes));
    EXPECT_THAT(last(viewer), HasSubstr("reject_subscription"));
    http.receive(admin, command("subscribe", kNodes));
    EXPECT_THAT(last(admin), HasSubstr("confirm_subscription"));
    EXPECT_EQ(wanted, 1);
}

TEST_F(ANodesChannel, SendsTheSnapshotThatWasAskedForAndThenChanges) {
    http.receive(admin, command("subscribe", kNodes));
    hub.publish_nodes(R"([{"node":"main"}])");
    EXPECT_EQ(last(admin), R"({"identifier":"{\"channel\":\"NodesChannel\"}","message":)"
                           R"({"action":"snapshot","nodes":[{"node":"main"}]}})");
    hub.publish_plugin("plugin/main/a", kPlugin);
    EXPECT_EQ(last(admin),
              R"({"identifier":"{\"channel\":\"NodesChannel\"}","message":)"
              R"({"action":"changed","plugin":{"node":"main","plugin":"a","state":"running"}}})");
    EXPECT_EQ(admin->merge_keys.back(), "plugin/main/a");
    EXPECT_EQ(http.sent(viewer).size(), 1U);  // its welcome
}

TEST_F(ANodesChannel, SendsFeatureFlagsAndWhatBecomesOfThem) {
    http.receive(admin, command("subscribe", kNodes));
    hub.publish_features(R"([{"key":"a","enabled":false}])");
    EXPECT_EQ(last(admin), R"({"identifier":"{\"channel\":\"NodesChannel\"}","message":)"
                           R"({"action":"features","features":[{"key":"a","enabled":false}]}})");
    hub.publish_feature("feature/a", R"({"key":"a","enabled":true})");
    EXPECT_EQ(last(admin), R"({"identifier":"{\"channel\":\"NodesChannel\"}","message":)"
                           R"({"action":"feature_changed","feature":{"key":"a","enabled":true}}})");
    EXPECT_EQ(admin->merge_keys.back(), "feature/a");
    EXPECT_EQ(http.sent(viewer).size(), 1U);  // its welcome
}

TEST_F(ANodesChannel, EndsWithItsLastSubscriber) {
    http.receive(admin, command("subscribe", kNodes));
    EXPECT_TRUE(hub.has_node_subscribers());
    http.receive(admin, command("unsubscribe", kNodes));
    EXPECT_FALSE(hub.has_node_subscribers());
    const auto before = http.sent(admin).size();
    hub.publish_plugin("plugin/main/a", kPlugin);
    EXPECT_EQ(http.sent(admin).size(), before);
}

TEST_F(ANodesChannel, StandsBesideTheStreamsOfAnAdmin) {
    constexpr std::string_view kStreams = R"({"channel":"StreamsChannel"})";
    http.receive(admin, command("subscribe", kNodes));
    http.receive(admin, command("subscribe", kStreams));
    EXPECT_EQ(wanted, 1);
    EXPECT_EQ(hub.subscription_topics(), 1U);
    http.receive(admin, command("unsubscribe", kStreams));
    EXPECT_EQ(hub.subscription_topics(), 0U);
    EXPECT_TRUE(hub.has_node_subscribers());
}

}  // namespace
}  // namespace streamwall::hub
