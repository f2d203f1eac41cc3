// What a transport does when its server is killed, freezes, comes late or will not have it.
#include "nats_server.hpp"
#include "test_transport.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <thread>

namespace streamwall::transport_nats::testing {
namespace {

using namespace std::chrono_literals;
using streamwall::testing::NatsServer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Clock = std::chrono::steady_clock;

class Outage : public ::testing::Test {
  protected:
    void SetUp() override {
        ASSERT_TRUE(a.wait_until_connected());
        ASSERT_TRUE(b.wait_until_connected());
    }
    // From the last state that says so on.
    static bool wait_until_lost(TestTransport& one, std::chrono::milliseconds limit = kPatience) {
        return one.states.wait([](const auto& all) { return !all.back().connected; }, limit);
    }
    NatsServer server;
    TestTransport a{server.url()};
    TestTransport b{server.url()};
};

TEST_F(Outage, OfAKilledServerIsOverWithAllSubscriptionsWhenItIsBack) {
    auto& inbound = b.subscribe("news.*");
    b.serve("echo", "", "call");
    b.settle();
    for (int round = 0; round < 3; ++round) {
        server.kill();
        ASSERT_TRUE(wait_until_lost(a, 2s));
        ASSERT_TRUE(wait_until_lost(b, 2s));
        EXPECT_EQ(a.publish("news.lost", ""), SW_UNAVAILABLE);
        EXPECT_EQ(a.request("echo", "").status, SW_UNAVAILABLE);
        server.start();
        ASSERT_TRUE(a.wait_until_connected());
        ASSERT_TRUE(b.wait_until_connected());
        EXPECT_EQ(a.request("echo", "again").body, "again");
        ASSERT_EQ(a.publish("news.next", std::to_string(round)), SW_OK);
        ASSERT_TRUE(inbound.wait_for_count(static_cast<std::size_t>(round) + 1));
    }
    EXPECT_THAT(inbound.all(),
                ElementsAre(Message{"news.next", "", "0"}, Message{"news.next", "", "1"},
                            Message{"news.next", "", "2"}));
}

TEST_F(Outage, TakesSubscriptionsMadeAndEndedMeanwhile) {
    auto& ended = b.subscribe("news");
    b.settle();
    server.kill();
    ASSERT_TRUE(wait_until_lost(b));
    b.unsubscribe(ended);
    auto& made = b.subscribe("news");
    server.start();
    ASSERT_TRUE(a.wait_until_connected());
    ASSERT_TRUE(b.wait_until_connected());
    ASSERT_EQ(a.publish("news", "x"), SW_OK);
    ASSERT_TRUE(made.wait_for_count(1));
    EXPECT_TRUE(ended.all().empty());
}

TEST_F(Outage, EndsRequestsThatWaitForAnAnswer) {
    b.subscribe("silence");
    b.settle();
    const auto before = Clock::now();
    Reply reply;
    std::thread caller([&] { reply = a.request("silence", "", 60s); });
    a.settle();
    server.kill();
    caller.join();
    EXPECT_EQ(reply.status, SW_UNAVAILABLE);
    EXPECT_THAT(reply.message, HasSubstr("NATS"));
    EXPECT_LT(Clock::now() - before, 10s);
}

TEST(ASilentServer, IsNoticedWithinTenSeconds) {
    NatsServer server;
    const auto url = parse_servers({server.url()});
    Options defaults;
    defaults.servers = *url;
    TestTransport a(defaults);
    ASSERT_TRUE(a.wait_until_connected());
    server.freeze();
    const auto before = Clock::now();
    EXPECT_TRUE(a.wait_for_loss("does not answer", 10s));
    EXPECT_TRUE(a.wait_until_disconnected());
    EXPECT_LT(Clock::now() - before, 10s);
    EXPECT_EQ(a.publish("news", ""), SW_UNAVAILABLE);
    server.thaw();
    EXPECT_TRUE(a.wait_until_connected());
}

// The way a publisher is not to be blocked: its queue fills, and says so.
TEST_F(Outage, OfASilentServerNeverBlocksAPublisher) {
    auto& inbound = b.subscribe("flood");
    b.settle();
    server.freeze();
    const std::string body(100'000, 'x');
    auto longest = 0ns;
    std::size_t accepted = 0;
    sw_status status = SW_OK;
    while (status == SW_OK) {
        const auto before = Clock::now();
        status = a.publish("flood", body);
        longest = std::max<std::chrono::nanoseconds>(longest, Clock::now() - before);
        accepted += status == SW_OK;
    }
    EXPECT_TRUE(status == SW_RESOURCE_EXHAUSTED || status == SW_UNAVAILABLE) << status;
    EXPECT_LT(longest, 500ms);
    EXPECT_GT(accepted, 10u);
    // What was queued for the old connection is not sent on the next one.
    ASSERT_TRUE(wait_until_lost(a));
    server.kill();
    ASSERT_TRUE(wait_until_lost(b));
    server.start();
    ASSERT_TRUE(a.wait_until_connected());
    ASSERT_TRUE(b.wait_until_connected());
    ASSERT_EQ(a.publish("flood", "new"), SW_OK);
    ASSERT_TRUE(inbound.wait_for_count(1));
    EXPECT_THAT(inbound.all(), ElementsAre(Message{"flood", "", "new"}));
}

TEST_F(Outage, LeavesNoDescriptorBehind) {
    const auto descriptors = [] {
        return std::distance(std::filesystem::directory_iterator("/proc/self/fd"),
                             std::filesystem::directory_iterator());
    };
    const auto before = descriptors();
    for (int n = 0; n < 10; ++n) {
        server.kill();
        ASSERT_TRUE(wait_until_lost(a));
        ASSERT_TRUE(wait_until_lost(b));
        server.start();
        ASSERT_TRUE(a.wait_until_connected());
        ASSERT_TRUE(b.wait_until_connected());
    }
    EXPECT_LE(descriptors(), before);
}

TEST(ALateServer, IsFoundWhenItBegins) {
    NatsServer server({}, NatsServer::Begin::later);
    TestTransport a(server.url());
    auto& inbound = a.subscribe("news");
    EXPECT_TRUE(a.wait_for_loss("127.0.0.1"));
    EXPECT_EQ(a.publish("news", ""), SW_UNAVAILABLE);
    EXPECT_EQ(a.request("news", "").status, SW_UNAVAILABLE);
    server.start();
    ASSERT_TRUE(a.wait_until_connected());
    TestTransport b(server.url());
    ASSERT_TRUE(b.wait_until_connected());
    ASSERT_EQ(b.publish("news", "hello"), SW_OK);
    EXPECT_TRUE(inbound.wait_for_count(1));
}

TEST(OneOfSeveralServers, IsEnough) {
    NatsServer absent({}, NatsServer::Begin::later);
    NatsServer present;
    TestTransport a(absent.url() + ", " + present.url());
    EXPECT_TRUE(a.wait_until_connected());
}

TEST(AServerThatWantsAPassword, SaysSoToWhoHasTheWrongOne) {
    NatsServer server("authorization { user: alice, password: right }");
    auto options = options_for(server.url());
    options.user = "alice";
    options.password = "wrong";
    TestTransport wrong(options);
    EXPECT_TRUE(wrong.wait_for_loss("Authorization Violation"));
    options.password = "right";
    TestTransport right(options);
    EXPECT_TRUE(right.wait_until_connected());
    const auto port = std::to_string(server.port());
    TestTransport by_url("nats://alice:right@127.0.0.1:" + port);
    EXPECT_TRUE(by_url.wait_until_connected());
    EXPECT_FALSE(wrong.is_connected());
}

TEST(AServerThatWantsAToken, TakesTheRightOne) {
    NatsServer server("authorization { token: s3cret }");
    auto options = options_for(server.url());
    options.token = "s3cret";
    TestTransport by_setting(options);
    EXPECT_TRUE(by_setting.wait_until_connected());
    TestTransport by_url("nats://s3cret@127.0.0.1:" + std::to_string(server.port()));
    EXPECT_TRUE(by_url.wait_until_connected());
    TestTransport without(server.url());
    EXPECT_TRUE(without.wait_for_loss("Authorization Violation"));
}

}  // namespace
}  // namespace streamwall::transport_nats::testing
