// The hub in memory keeps the promises of a transport, and breaks none but those it is told to.
#include "transport/memory_transport.hpp"

#include <gtest/gtest.h>

#include <algorithm>

using namespace std::chrono_literals;

namespace streamwall::transport {
namespace {

class MemoryTransportTest : public testing::Test {
  protected:
    void run() {
        while (pool.run_one()) {
        }
    }
    void advance(std::chrono::nanoseconds by) {
        for (auto left = by; left > 0ns; left -= 1ms) {
            clock.advance(std::min<std::chrono::nanoseconds>(left, 1ms));
            timers.fire_due();
            run();
        }
    }
    std::shared_ptr<MemoryHub> make_hub(MemoryHubOptions options = {}) {
        return MemoryHub::make(timers, clock, pool, options);
    }
    static void collect(Transport& at, std::string_view pattern, std::vector<std::string>& into,
                        std::string_view group = "") {
        ASSERT_TRUE(at.subscribe(pattern, group, [&into](const Message& message) {
            into.emplace_back(view(message.body));
        }));
    }
    struct Answer {
        int calls = 0;
        sw_status code = -9;
        std::string body;
    };
    static AnswerFn keep(Answer& into) {
        return [&into](const sw_buffer* body, const Failure& failure) {
            ++into.calls;
            into.code = failure.code;
            into.body = view(body);
        };
    }

    exec::VirtualClock clock;
    exec::Timers timers{clock, exec::Timers::Mode::manual};
    exec::Pool pool{{.workers = 0}};
};

TEST_F(MemoryTransportTest, EverybodyWhoMatchesGetsAMessageButItsSender) {
    const auto hub = make_hub();
    const auto a = hub->join("a"), b = hub->join("b"), c = hub->join("c");
    std::vector<std::string> at_a, at_b, at_c;
    collect(*a, "x.*", at_a);
    collect(*b, "x.*", at_b);
    collect(*c, "x.y.>", at_c);
    EXPECT_EQ(a->publish("x.y", "", BufferRef("1")).code, SW_OK);
    EXPECT_EQ(a->publish("x.y.z", "", BufferRef("2")).code, SW_OK);
    run();
    EXPECT_EQ(at_a, std::vector<std::string>{});
    EXPECT_EQ(at_b, std::vector<std::string>{"1"});
    EXPECT_EQ(at_c, std::vector<std::string>{"2"});
}

TEST_F(MemoryTransportTest, AGroupSharesItsMessages) {
    const auto hub = make_hub();
    const auto a = hub->join("a"), b = hub->join("b"), c = hub->join("c");
    std::vector<std::string> at_b, at_c;
    collect(*b, "work", at_b, "workers");
    collect(*c, "work", at_c, "workers");
    for (int n = 0; n < 100; ++n)
        a->publish("work", "", BufferRef(std::to_string(n)));
    run();
    EXPECT_EQ(at_b.size() + at_c.size(), 100u);
    EXPECT_GT(at_b.size(), 20u);
    EXPECT_GT(at_c.size(), 20u);
}

TEST_F(MemoryTransportTest, ARequestIsAnsweredRefusedOrLate) {
    const auto hub = make_hub();
    const auto a = hub->join("a"), b = hub->join("b");
    ASSERT_TRUE(b->subscribe("echo", "", [&](const Message& message) {
        b->publish(message.reply, "", BufferRef("re: " + std::string(view(message.body))));
    }));
    ASSERT_TRUE(b->subscribe("mute", "", [](const Message&) {}));
    Answer answered, refused, late;
    a->request("echo", BufferRef("1"), 1s, keep(answered));
    a->request("nowhere", BufferRef("1"), 1s, keep(refused));
    a->request("mute", BufferRef("1"), 50ms, keep(late));
    run();
    EXPECT_EQ(answered.body, "re: 1");
    EXPECT_EQ(refused.code, SW_UNAVAILABLE);
    EXPECT_EQ(late.calls, 0);
    advance(60ms);
    EXPECT_EQ(late.code, SW_DEADLINE_EXCEEDED);
    EXPECT_EQ(answered.calls + refused.calls + late.calls, 3);
}

TEST_F(MemoryTransportTest, DelaysReorderSubjectsButNeverOneSubject) {
    const auto hub = make_hub({.seed = 3, .max_delay = 20ms});
    const auto a = hub->join("a"), b = hub->join("b");
    std::vector<std::string> seen;
    collect(*b, ">", seen);
    for (int n = 100; n < 200; ++n)
        a->publish(n % 2 ? "odd" : "even", "", BufferRef(std::to_string(n)));
    advance(30ms);
    ASSERT_EQ(seen.size(), 100u);
    EXPECT_FALSE(std::ranges::is_sorted(seen));
    for (const int rest : {0, 1}) {
        std::vector<std::string> subject;
        std::ranges::copy_if(seen, std::back_inserter(subject), [&](const std::string& text) {
            return (text.back() - '0') % 2 == rest;
        });
        EXPECT_EQ(subject.size(), 50u);
        EXPECT_TRUE(std::ranges::is_sorted(subject));
    }
}

TEST_F(MemoryTransportTest, ABlockedDirectionLosesWithoutATraceAndTheOtherWorks) {
    const auto hub = make_hub();
    const auto a = hub->join("a"), b = hub->join("b");
    std::vector<std::string> at_a, at_b;
    collect(*a, "s", at_a);
    collect(*b, "s", at_b);
    hub->block("a", "b");
    EXPECT_EQ(a->publish("s", "", BufferRef("lost")).code, SW_OK);
    b->publish("s", "", BufferRef("found"));
    run();
    EXPECT_EQ(at_a, std::vector<std::string>{"found"});
    EXPECT_TRUE(at_b.empty());
    hub->block("a", "b", false);
    a->publish("s", "", BufferRef("again"));
    run();
    EXPECT_EQ(at_b, std::vector<std::string>{"again"});
}

TEST_F(MemoryTransportTest, ALostConnectionIsToldAndEndsOpenRequests) {
    const auto hub = make_hub();
    const auto a = hub->join("a"), b = hub->join("b");
    std::vector<std::string> states;
    a->watch([&](bool connected, std::string_view reason) {
        states.push_back(connected ? "up" : std::string(reason));
    });
    std::vector<std::string> at_a;
    collect(*a, "s", at_a);
    ASSERT_TRUE(b->subscribe("mute", "", [](const Message&) {}));
    Answer open;
    a->request("mute", BufferRef("1"), 1s, keep(open));
    run();
    hub->disconnect("a", "cable");
    run();
    EXPECT_EQ(open.code, SW_UNAVAILABLE);
    EXPECT_EQ(a->publish("s", "", BufferRef("")).code, SW_UNAVAILABLE);
    hub->connect("a");
    b->publish("s", "", BufferRef("subscriptions outlive it"));
    run();
    EXPECT_EQ(states, (std::vector<std::string>{"up", "cable", "up"}));
    EXPECT_EQ(at_a.size(), 1u);
}

TEST_F(MemoryTransportTest, AnEndedSubscriptionIsSilentEvenForWhatWasUnderWay) {
    const auto hub = make_hub();
    const auto a = hub->join("a"), b = hub->join("b");
    int seen = 0;
    std::uint64_t id = 0;
    id = *b->subscribe("s", "", [&](const Message&) {
        ++seen;
        b->unsubscribe(id);
    });
    a->publish("s", "", BufferRef("1"));
    a->publish("s", "", BufferRef("2"));
    run();
    EXPECT_EQ(seen, 1);
}

}  // namespace
}  // namespace streamwall::transport
