// A host and its children: who gets which message, and what becomes of requests.
#include "transport/local/test_clients.hpp"

#include <gmock/gmock.h>

#include <map>
#include <thread>

namespace streamwall::transport {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

TEST_F(LocalTransport, CarriesRequestsBetweenHostAndChildrenInEveryDirection) {
    auto one = child();
    auto two = child();
    serve(broker, "at.host", "host");
    serve(*one, "at.one", "one");
    serve(*two, "at.two", "two");
    settle(*one);
    settle(*two);
    EXPECT_EQ(ask(broker, "at.one", "a").body, "one:a");
    EXPECT_EQ(ask(*one, "at.host", "b").body, "host:b");
    EXPECT_EQ(ask(*one, "at.two", "c").body, "two:c");
    EXPECT_EQ(ask(*two, "at.one", "d").body, "one:d");
}

TEST_F(LocalTransport, FailsRequestsAtOnceWhereNobodyServes) {
    auto one = child();
    for (Transport* from : std::initializer_list<Transport*>{&broker, one.get()}) {
        const auto reply = ask(*from, "nobody", "");
        EXPECT_EQ(reply.failure.code, SW_UNAVAILABLE);
        EXPECT_EQ(reply.failure.message, "nobody serves nobody");
    }
}

TEST_F(LocalTransport, DoesNotGiveAProcessItsOwnMessages) {
    auto one = child();
    auto two = child();
    serve(*one, "work", "one");
    Collected<std::string> seen;
    const auto note = [&seen](std::string who) {
        return [&seen, who](const Message& message) {
            seen.add(who + "<" + std::string(message.subject));
        };
    };
    static_cast<void>(broker.subscribe("news.>", "", note("host")));
    static_cast<void>(one->subscribe("news.>", "", note("one")));
    static_cast<void>(two->subscribe("news.>", "", note("two")));
    settle(*one);
    settle(*two);
    EXPECT_EQ(ask(*one, "work", "").failure.code, SW_UNAVAILABLE);
    static_cast<void>(one->publish("news.one", {}, BufferRef("")));
    EXPECT_THAT(seen.wait_for(2), testing::UnorderedElementsAre("host<news.one", "two<news.one"));
    static_cast<void>(broker.publish("news.host", {}, BufferRef("")));
    EXPECT_THAT(seen.wait_for(4), testing::UnorderedElementsAre("host<news.one", "two<news.one",
                                                                "one<news.host", "two<news.host"));
}

TEST_F(LocalTransport, SharesTheRequestsOfAGroup) {
    auto one = child();
    auto two = child();
    serve(*one, "work", "one");
    serve(*two, "work", "two");
    settle(*one);
    settle(*two);
    std::map<std::string, int> answers;
    for (int n = 0; n < 10; ++n)
        ++answers[ask(broker, "work", "").body];
    EXPECT_EQ(answers["one:"], 5);
    EXPECT_EQ(answers["two:"], 5);
}

TEST_F(LocalTransport, KeepsTheOrderOfWhatOnePublishes) {
    auto one = child();
    auto two = child();
    Collected<int> seen;
    static_cast<void>(two->subscribe("n", "", [&](const Message& message) {
        seen.add(std::stoi(std::string(view(message.body))));
    }));
    settle(*two);
    constexpr int kCount = 20'000;
    for (int n = 0; n < kCount; ++n) {
        ASSERT_EQ(one->publish("n", {}, BufferRef(std::to_string(n))).code, SW_OK);
    }
    const auto got = seen.wait_for(kCount);
    ASSERT_EQ(got.size(), std::size_t{kCount});
    EXPECT_TRUE(std::ranges::is_sorted(got));
}

TEST_F(LocalTransport, CarriesTheLongestMessageAndRefusesALongerOne) {
    auto one = child();
    static_cast<void>(one->subscribe("echo", "", [&](const Message& message) {
        static_cast<void>(one->publish(message.reply, {}, BufferRef::share(message.body)));
    }));
    settle(*one);
    const std::string longest(kMaxMessage, 'x');
    EXPECT_EQ(ask(broker, "echo", longest).body, longest);
    for (Transport* from : std::initializer_list<Transport*>{&broker, one.get()}) {
        EXPECT_EQ(ask(*from, "echo", longest + "x").failure.code, SW_RESOURCE_EXHAUSTED);
        EXPECT_EQ(from->publish("echo", {}, BufferRef(longest + "x")).code, SW_RESOURCE_EXHAUSTED);
        EXPECT_EQ(from->publish("a..b", {}, BufferRef("")).code, SW_INVALID_ARGUMENT);
        EXPECT_EQ(from->subscribe("a.>.b", "", [](const Message&) {}).error().code,
                  SW_INVALID_ARGUMENT);
    }
}

TEST_F(LocalTransport, EndsARequestAtItsDeadline) {
    auto one = child();
    auto two = child();
    static_cast<void>(one->subscribe("silent", "", [](const Message&) {}));
    settle(*one);
    EXPECT_EQ(ask(broker, "silent", "", 20ms).failure.code, SW_DEADLINE_EXCEEDED);
    EXPECT_EQ(ask(*two, "silent", "", 20ms).failure.code, SW_DEADLINE_EXCEEDED);
    // A deadline that is sooner than the one the thread sleeps for must wake it.
    auto patient = std::async(std::launch::async, [&] { return ask(*two, "silent", "", 1s); });
    EXPECT_EQ(ask(*two, "silent", "", 20ms).failure.code, SW_DEADLINE_EXCEEDED);
    EXPECT_EQ(patient.get().failure.code, SW_DEADLINE_EXCEEDED);
}

TEST_F(LocalTransport, FailsWhatWaitsForAChildThatGoes) {
    auto one = child([&](const std::string& reason) { gone.add(reason); });
    auto two = child();
    Collected<int> asked;
    static_cast<void>(one->subscribe("silent", "", [&](const Message&) { asked.add(1); }));
    settle(*one);
    auto from_host = std::async(std::launch::async, [&] { return ask(broker, "silent", ""); });
    auto from_two = std::async(std::launch::async, [&] { return ask(*two, "silent", ""); });
    asked.wait_for(2);
    one.reset();
    EXPECT_EQ(from_host.get().failure.code, SW_UNAVAILABLE);
    const auto failure = from_two.get().failure;
    EXPECT_EQ(failure.code, SW_UNAVAILABLE);
    EXPECT_THAT(failure.message, HasSubstr("is gone"));
    EXPECT_THAT(gone.wait_for(1), ElementsAre("the other side has gone"));
    EXPECT_EQ(broker.clients(), 1u);
    EXPECT_EQ(ask(*two, "silent", "").failure.message, "nobody serves silent");
}

TEST(LocalTransportEnd, AChildLearnsThatItsHostHasGone) {
    auto broker = std::make_unique<LocalBroker>();
    Collected<int> asked;
    Collected<std::string> states;
    static_cast<void>(broker->subscribe("silent", "", [&](const Message&) { asked.add(1); }));
    LocalClient child(broker->add_client({}).value());
    child.watch([&](bool connected, std::string_view reason) {
        states.add(connected ? "connected" : std::string(reason));
    });
    EXPECT_THAT(states.wait_for(1), ElementsAre("connected"));
    auto waiting = std::async(std::launch::async, [&] { return ask(child, "silent", ""); });
    asked.wait_for(1);
    broker.reset();
    EXPECT_EQ(waiting.get().failure.code, SW_UNAVAILABLE);
    EXPECT_THAT(states.wait_for(2),
                ElementsAre("connected", HasSubstr("the connection to the host is lost")));
    EXPECT_EQ(child.publish("a", {}, BufferRef("")).code, SW_UNAVAILABLE);
    EXPECT_EQ(ask(child, "a", "").failure.code, SW_UNAVAILABLE);
}

TEST_F(LocalTransport, CallsNobodyAfterUnsubscribe) {
    auto one = child();
    std::promise<void> entered, leave;
    auto left = leave.get_future().share();
    std::atomic<bool> done{false};
    const auto id = one->subscribe("slow", "",
                                   [&](const Message&) {
                                       entered.set_value();
                                       left.wait();
                                       done = true;
                                   })
                        .value();
    settle(*one);
    static_cast<void>(broker.publish("slow", {}, BufferRef("")));
    entered.get_future().wait();
    auto removal = std::async(std::launch::async, [&] {
        one->unsubscribe(id);
        EXPECT_TRUE(done);
    });
    leave.set_value();
    removal.get();
    settle(*one);
    EXPECT_EQ(ask(broker, "slow", "").failure.code, SW_UNAVAILABLE);
}

TEST_F(LocalTransport, LetsACallbackEndItsOwnSubscription) {
    auto one = child();
    Collected<int> seen;
    std::atomic<std::uint64_t> id{0};
    id = one->subscribe("once", "",
                        [&](const Message&) {
                            one->unsubscribe(id);
                            seen.add(1);
                        })
             .value();
    settle(*one);
    static_cast<void>(broker.publish("once", {}, BufferRef("")));
    EXPECT_EQ(seen.wait_for(1).size(), 1u);
    settle(*one);
    EXPECT_EQ(ask(broker, "once", "").failure.code, SW_UNAVAILABLE);
}

TEST_F(LocalTransport, ServesManyThreadsAtOnce) {
    auto one = child();
    auto two = child();
    serve(*one, "work", "one");
    serve(broker, "host", "host");
    settle(*one);
    constexpr int kThreads = 4, kCalls = 500;
    std::atomic<int> answered{0};
    std::vector<std::jthread> threads;
    for (int n = 0; n < kThreads; ++n) {
        threads.emplace_back([&, n] {
            Transport& from = n % 2 ? static_cast<Transport&>(*two) : broker;
            for (int call = 0; call < kCalls; ++call) {
                const auto body = std::to_string(n * kCalls + call);
                if (ask(from, "work", body).body == "one:" + body) ++answered;
                static_cast<void>(from.publish("work.seen", {}, BufferRef(body)));
            }
        });
    }
    threads.clear();
    EXPECT_EQ(answered, kThreads * kCalls);
}

}  // namespace
}  // namespace streamwall::transport
