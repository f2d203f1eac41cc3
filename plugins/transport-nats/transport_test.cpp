// What a transport does while its server is well.
#include "nats_server.hpp"
#include "test_transport.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace streamwall::transport_nats::testing {
namespace {

using namespace std::chrono_literals;
using streamwall::testing::NatsServer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class TwoProcesses : public ::testing::Test {
  protected:
    void SetUp() override {
        ASSERT_TRUE(a.wait_until_connected());
        ASSERT_TRUE(b.wait_until_connected());
    }
    NatsServer server;
    TestTransport a{server.url()};
    TestTransport b{server.url()};
};

TEST_F(TwoProcesses, GetEachOthersMessagesBySubjectAndPattern) {
    auto& exact = b.subscribe("app.one.x");
    auto& star = b.subscribe("app.*.x");
    auto& rest = b.subscribe("app.>");
    auto& end = b.subscribe("end");
    b.settle();
    for (const auto* subject : {"app.one.x", "app.two.x", "app.two.y.z", "apple", "app"})
        ASSERT_EQ(a.publish(subject, subject), SW_OK);
    ASSERT_EQ(a.publish("end", "", "my.reply"), SW_OK);
    ASSERT_TRUE(end.wait_for_count(1));
    EXPECT_THAT(exact.all(), ElementsAre(Message{"app.one.x", "", "app.one.x"}));
    EXPECT_THAT(star.all(), ElementsAre(Message{"app.one.x", "", "app.one.x"},
                                        Message{"app.two.x", "", "app.two.x"}));
    EXPECT_EQ(rest.all().size(), 3u);
    EXPECT_THAT(end.all(), ElementsAre(Message{"end", "my.reply", ""}));
}

TEST_F(TwoProcesses, KeepTheOrderOfAPublisher) {
    auto& inbound = b.subscribe("count");
    b.settle();
    constexpr std::size_t kCount = 20'000;
    for (std::size_t n = 0; n < kCount; ++n)
        ASSERT_EQ(a.publish("count", std::to_string(n)), SW_OK);
    ASSERT_TRUE(inbound.wait_for_count(kCount));
    const auto all = inbound.all();
    for (std::size_t n = 0; n < kCount; ++n)
        ASSERT_EQ(all[n].body, std::to_string(n));
}

TEST_F(TwoProcesses, ShareTheWorkOfAGroup) {
    TestTransport outsider(server.url());
    ASSERT_TRUE(outsider.wait_until_connected());
    TestTransport publisher(server.url());
    ASSERT_TRUE(publisher.wait_until_connected());
    auto& first = a.subscribe("work", "call");
    auto& second = b.subscribe("work", "call");
    auto& everything = outsider.subscribe("work");
    a.settle();
    b.settle();
    outsider.settle();
    constexpr std::size_t kCount = 1'000;
    for (std::size_t n = 0; n < kCount; ++n)
        ASSERT_EQ(publisher.publish("work", std::to_string(n)), SW_OK);
    ASSERT_TRUE(everything.wait_for_count(kCount));
    a.settle();
    b.settle();
    EXPECT_TRUE(first.wait(
        [&](const auto& items) { return items.size() + second.all().size() == kCount; }));
    EXPECT_GT(first.all().size(), kCount / 10);
    EXPECT_GT(second.all().size(), kCount / 10);
}

TEST_F(TwoProcesses, NeverHearThemselves) {
    auto& own = a.subscribe("news");
    auto& own_group = a.subscribe("news", "readers");
    auto& other = b.subscribe("news");
    a.settle();
    b.settle();
    ASSERT_EQ(a.publish("news", "1"), SW_OK);
    ASSERT_EQ(b.publish("news", "2"), SW_OK);
    ASSERT_TRUE(own.wait_for_count(1));
    ASSERT_TRUE(own_group.wait_for_count(1));
    ASSERT_TRUE(other.wait_for_count(1));
    EXPECT_THAT(own.all(), ElementsAre(Message{"news", "", "2"}));
    EXPECT_THAT(own_group.all(), ElementsAre(Message{"news", "", "2"}));
    EXPECT_THAT(other.all(), ElementsAre(Message{"news", "", "1"}));
}

TEST_F(TwoProcesses, AskAndAnswer) {
    b.serve("echo", "got ");
    b.settle();
    const auto reply = a.request("echo", "this");
    EXPECT_EQ(reply.status, SW_OK);
    EXPECT_EQ(reply.body, "got this");
}

TEST_F(TwoProcesses, MatchAnswersToRequestsOfManyThreads) {
    b.serve("echo", "");
    b.settle();
    std::atomic<int> right{0};
    std::vector<std::thread> callers;
    for (int thread = 0; thread < 8; ++thread) {
        callers.emplace_back([&, thread] {
            for (int n = 0; n < 300; ++n) {
                const auto text = std::to_string(thread) + "/" + std::to_string(n);
                right += a.request("echo", text).body == text;
            }
        });
    }
    for (auto& caller : callers)
        caller.join();
    EXPECT_EQ(right, 8 * 300);
}

TEST_F(TwoProcesses, AreToldAtOnceThatNobodyAnswers) {
    const auto before = std::chrono::steady_clock::now();
    const auto reply = a.request("nobody", "", 30s);
    EXPECT_EQ(reply.status, SW_UNAVAILABLE);
    EXPECT_THAT(reply.message, HasSubstr("nobody"));
    EXPECT_LT(std::chrono::steady_clock::now() - before, 5s);
}

TEST_F(TwoProcesses, DoNotAnswerThemselves) {
    a.serve("echo", "");
    EXPECT_EQ(a.request("echo", "").status, SW_UNAVAILABLE);
}

TEST_F(TwoProcesses, WaitForAnAnswerAsLongAsTheyWereTold) {
    b.subscribe("silence");
    b.settle();
    const auto before = std::chrono::steady_clock::now();
    EXPECT_EQ(a.request("silence", "", 100ms).status, SW_DEADLINE_EXCEEDED);
    EXPECT_GE(std::chrono::steady_clock::now() - before, 100ms);
    // A shorter wait behind a longer one ends first.
    std::thread longer([&] { a.request("silence", "", 2s); });
    EXPECT_EQ(a.request("silence", "", 50ms).status, SW_DEADLINE_EXCEEDED);
    EXPECT_LT(std::chrono::steady_clock::now() - before, 2s);
    longer.join();
}

TEST_F(TwoProcesses, DropTheServersWordThatNobodyGotAMessageWithAReplySubject) {
    auto& replies = b.subscribe("my.reply");
    ASSERT_EQ(b.publish("nobody", "", "my.reply"), SW_OK);
    b.settle();
    ASSERT_EQ(a.publish("my.reply", "real"), SW_OK);
    ASSERT_TRUE(replies.wait_for_count(1));
    EXPECT_THAT(replies.all(), ElementsAre(Message{"my.reply", "", "real"}));
}

TEST_F(TwoProcesses, CarryAMebibyteAndNoMore) {
    b.serve("echo", "");
    b.settle();
    const std::string longest(SW_TRANSPORT_MAX_MESSAGE, 'x');
    const auto reply = a.request("echo", longest);
    EXPECT_EQ(reply.status, SW_OK) << reply.message;
    EXPECT_EQ(reply.body, longest);
    const auto refused = a.request("echo", longest + "x");
    EXPECT_EQ(refused.status, SW_RESOURCE_EXHAUSTED);
    EXPECT_THAT(refused.message, HasSubstr("1 MiB"));
    EXPECT_EQ(a.publish("echo", longest + "x"), SW_RESOURCE_EXHAUSTED);
}

TEST(ATransport, SaysWhereTheServerTakesLess) {
    NatsServer server("max_payload: 1000");
    TestTransport a(server.url());
    ASSERT_TRUE(a.wait_until_connected());
    const auto reply = a.request("echo", std::string(1'001, 'x'));
    EXPECT_EQ(reply.status, SW_RESOURCE_EXHAUSTED);
    EXPECT_THAT(reply.message, HasSubstr("1000 bytes"));
    EXPECT_TRUE(a.is_connected());
}

TEST_F(TwoProcesses, RefuseWhatIsNoSubject) {
    for (const std::string& bad :
         {std::string(), std::string("a b"), std::string("a\r\nPUB b 0"), std::string("a."),
          std::string(".a"), std::string("a..b"), std::string("a.*"), std::string("a.>"),
          std::string("a\0b", 3), std::string(513, 'a')}) {
        EXPECT_EQ(a.publish(bad, ""), SW_INVALID_ARGUMENT) << bad;
        EXPECT_EQ(a.request(bad, "").status, SW_INVALID_ARGUMENT) << bad;
    }
    for (const auto* bad : {"", "a..b", "a.>.b", "a*", ">a", "a b", "a\nb"})
        EXPECT_THROW(a.subscribe(bad), std::invalid_argument) << bad;
    EXPECT_THROW(a.subscribe("a", "b c"), std::invalid_argument);
    EXPECT_EQ(a.publish("a", "", "b c"), SW_INVALID_ARGUMENT);
    EXPECT_EQ(a.publish(std::string(512, 'a'), ""), SW_OK);
    EXPECT_TRUE(a.is_connected());
}

TEST_F(TwoProcesses, HearNothingBehindUnsubscribeUnderLoad) {
    std::atomic<bool> done{false};
    std::thread publisher([&] {
        while (!done) {
            if (a.publish("flood", "x") != SW_OK) std::this_thread::yield();
        }
    });
    struct Guest {
        std::atomic<bool> here{true};
        std::atomic<int> heard{0};
    };
    std::atomic<int> late{0};
    std::uint64_t heard = 0;
    for (int n = 0; n < 300; ++n) {
        Guest guest;
        auto& inbound = b.subscribe("flood", "", [&](const sw_message&) {
            late += !guest.here;
            ++guest.heard;
            late += !guest.here;
        });
        if (n % 10 == 0) inbound.wait_for_count(1);
        b.unsubscribe(inbound);
        guest.here = false;
        heard += static_cast<std::uint64_t>(guest.heard);
    }
    done = true;
    publisher.join();
    EXPECT_EQ(late, 0);
    EXPECT_GE(heard, 30u);
}

TEST_F(TwoProcesses, MayUnsubscribeInTheCallbackItself) {
    std::atomic<TestTransport::Inbound*> self{nullptr};
    auto& once = b.subscribe("once", "", [&](const sw_message&) { b.unsubscribe(*self.load()); });
    self = &once;
    auto& end = b.subscribe("end");
    b.settle();
    for (int n = 0; n < 3; ++n)
        ASSERT_EQ(a.publish("once", ""), SW_OK);
    ASSERT_EQ(a.publish("end", ""), SW_OK);
    ASSERT_TRUE(end.wait_for_count(1));
    EXPECT_EQ(once.all().size(), 1u);
}

TEST_F(TwoProcesses, IgnoreTheEndOfWhatNeverWas) {
    a.table().unsubscribe(a.self(), 4711);
}

TEST_F(TwoProcesses, TellANewWatcherTheStateAtOnceAndTheOldOneNothingMore) {
    const auto told = [](void* ctx, std::int32_t connected, sw_str) {
        static_cast<Recorded<int>*>(ctx)->add(connected);
    };
    Recorded<int> second;
    a.table().watch(a.self(), told, &second);
    ASSERT_TRUE(second.wait_for_count(1));
    EXPECT_EQ(second.all().front(), 1);
    const auto before = a.states.all().size();
    a.table().watch(a.self(), nullptr, nullptr);
    server.kill();
    ASSERT_TRUE(a.wait_for_loss(""));
    EXPECT_EQ(a.states.all().size(), before);
    EXPECT_EQ(second.all().size(), 1u);
}

TEST_F(TwoProcesses, FailRequestsThatWaitWhenTheyStop) {
    b.subscribe("silence");
    b.settle();
    Reply reply;
    std::thread caller([&] { reply = a.request("silence", "", 60s); });
    ASSERT_TRUE(b.subscribe("silence").id > 0);
    a.settle();
    a.stop();
    caller.join();
    EXPECT_EQ(reply.status, SW_UNAVAILABLE);
    EXPECT_EQ(a.publish("silence", ""), SW_UNAVAILABLE);
}

TEST_F(TwoProcesses, SendWhatIsQueuedBeforeTheyStop) {
    auto& inbound = b.subscribe("last");
    b.settle();
    constexpr std::size_t kCount = 1'000;
    for (std::size_t n = 0; n < kCount; ++n)
        ASSERT_EQ(a.publish("last", std::string(1'000, 'x')), SW_OK);
    a.stop();
    EXPECT_TRUE(inbound.wait_for_count(kCount));
}

TEST(ATransport, TellsOfSubjectsThatTheServerRefuses) {
    NatsServer server(R"(authorization { users: [
        {user: limited, password: pw, permissions: {publish: "open.>", subscribe: ["open.>", "_INBOX.>"]}}
    ]})");
    auto options = options_for(server.url());
    options.user = "limited";
    options.password = "pw";
    TestTransport a(options);
    ASSERT_TRUE(a.wait_until_connected());
    ASSERT_EQ(a.publish("closed", ""), SW_OK);
    EXPECT_TRUE(a.problems.wait([](const auto& all) {
        return !all.empty() && all.front().find("Permissions Violation") != std::string::npos;
    }));
    EXPECT_TRUE(a.is_connected());
}

}  // namespace
}  // namespace streamwall::transport_nats::testing
