// Transient events: matching, queues and their policies, ending.
#include "bus/bus.hpp"

#include "exec/pool.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace streamwall::bus {
namespace {

class BusTest : public testing::Test {
  protected:
    BusTest() {
        publisher.address = "source@main";
        subscriber.strand = exec::Strand::make("subscriber", *pool);
    }
    void run() {
        while (pool->run_one()) {
        }
    }
    void publish(const char* type, const char* subject = "s/1", const char* data = "{}",
                 Reach reach = Reach::everywhere) {
        const BufferRef buffer{std::string_view(data)};
        sw_event_draft draft{};
        draft.size = sizeof draft;
        draft.type = str(type);
        draft.version = str("1.0");
        draft.subject = str(subject);
        draft.data = buffer.get();
        sw_context context{};
        context.size = sizeof context;
        context.request_id = str("req-7");
        bus.publish(publisher, draft, context, reach);
    }
    auto subscribe(const char* pattern, TransientOptions options = {}) {
        return bus.subscribe(subscriber, pattern,
                             {[](void* ctx, const sw_event* event, sw_error*) -> sw_status {
                                  auto& self = *static_cast<BusTest*>(ctx);
                                  self.seen.push_back(std::string(view(event->type)) + " " +
                                                      std::string(view(event->data)));
                                  self.request_id = view(event->context->request_id);
                                  self.producer = view(event->producer);
                                  return SW_OK;
                              },
                              this},
                             options);
    }
    exec::VirtualClock clock;
    std::shared_ptr<exec::Pool> pool =
        std::make_shared<exec::Pool>(exec::PoolOptions{.workers = 0});
    Party publisher, subscriber;
    Bus bus{clock};
    std::vector<std::string> seen;
    std::string request_id, producer;
};

TEST_F(BusTest, DeliversOnTheSubscribersStrandInOrderWithContext) {
    const auto subscription = subscribe("chat.*");
    publish("chat.message_posted", "s", "{\"n\":1}");
    publish("chat.message_posted", "s", "{\"n\":2}");
    publish("stream.created");
    EXPECT_TRUE(seen.empty());
    run();
    EXPECT_EQ(seen, (std::vector<std::string>{"chat.message_posted {\"n\":1}",
                                              "chat.message_posted {\"n\":2}"}));
    EXPECT_EQ(request_id, "req-7");
    EXPECT_EQ(producer, "source@main");
    EXPECT_EQ(bus.counts().published.at("stream.created"), 1u);
}

TEST_F(BusTest, AParallelSubscriberIsCalledInsidePublish) {
    subscriber.parallel = true;
    const auto subscription = subscribe("chat.*");
    publish("chat.a");
    EXPECT_EQ(seen.size(), 1u);
}

TEST_F(BusTest, FullQueuesDropByTheirPolicyAndCount) {
    struct Case {
        int policy;
        std::vector<std::string> kept;
        std::uint64_t dropped;
    };
    for (const auto& c : std::initializer_list<Case>{{SW_DROP_OLDEST, {"a.x 3", "a.x 4"}, 3},
                                                     {SW_DROP_NEWEST, {"a.x 0", "a.x 1"}, 3},
                                                     {SW_KEEP_LATEST, {"a.x 3", "a.x 4"}, 3}}) {
        seen.clear();
        const auto subscription = subscribe("a.x", {.policy = c.policy, .limit = 2});
        for (int n = 0; n < 5; ++n) {
            publish("a.x", n % 2 ? "odd" : "even", std::to_string(n).c_str());
        }
        EXPECT_EQ(subscription->depth(), 2u);
        run();
        EXPECT_EQ(seen, c.kept) << c.policy;
        EXPECT_EQ(subscription->dropped(), c.dropped);
        bus.unsubscribe(subscription);
    }
}

TEST_F(BusTest, NothingArrivesAfterUnsubscribe) {
    const auto subscription = subscribe("a.x");
    publish("a.x");
    bus.unsubscribe(subscription);
    publish("a.x");
    run();
    EXPECT_TRUE(seen.empty());
}

TEST_F(BusTest, AHandlerMayEndItsOwnSubscription) {
    struct Self {
        Bus& bus;
        std::shared_ptr<Subscription> subscription;
        int calls = 0;
    } self{bus, nullptr};
    subscriber.parallel = true;
    self.subscription = bus.subscribe(subscriber, "a.x",
                                      {[](void* ctx, const sw_event*, sw_error*) -> sw_status {
                                           auto& s = *static_cast<Self*>(ctx);
                                           ++s.calls;
                                           s.bus.unsubscribe(s.subscription);
                                           return SW_OK;
                                       },
                                       &self},
                                      {});
    publish("a.x");
    publish("a.x");
    EXPECT_EQ(self.calls, 1);
}

TEST_F(BusTest, DurableEventsAreCountedAndShownButNotDelivered) {
    const auto subscription = subscribe("stream.*");
    int tapped = 0;
    bus.tap("stream.>", [&](const EventPtr&) { ++tapped; });
    EventRecord::Parts parts;
    parts.type = "stream.created";
    parts.data = BufferRef(std::string_view("{}"));
    bus.observe(std::make_shared<const EventRecord>(std::move(parts)));
    run();
    EXPECT_EQ(bus.counts().published.at("stream.created"), 1u);
    EXPECT_EQ(tapped, 1);
    EXPECT_TRUE(seen.empty());
}

TEST_F(BusTest, TapsSeeWhatMatches) {
    int tapped = 0;
    const auto id = bus.tap("stream.>", [&](const EventPtr&) { ++tapped; });
    publish("stream.created");
    publish("chat.a");
    bus.untap(id);
    publish("stream.created");
    EXPECT_EQ(tapped, 1);
}

// Another process that wants one type.
struct Elsewhere final : EventRelay {
    bool wants(std::string_view type) const override { return type == wanted; }
    void relay(const EventPtr& event) override { relayed.emplace_back(event->type()); }
    void patterns_changed() override { ++changes; }

    std::string wanted;
    std::vector<std::string> relayed;
    int changes = 0;
};

TEST_F(BusTest, RelaysWhatAnotherProcessWantsButWhatMustStay) {
    Elsewhere elsewhere;
    bus.set_relay(&elsewhere);
    publish("chat.a");
    EXPECT_TRUE(elsewhere.relayed.empty());
    elsewhere.wanted = "chat.a";
    publish("chat.a");
    EXPECT_TRUE(elsewhere.relayed.empty()) << "what was found out holds until it is said otherwise";
    bus.interest_changed();
    publish("chat.a");
    publish("chat.b");
    publish("chat.a", "s/1", "{}", Reach::process);
    EXPECT_EQ(elsewhere.relayed, std::vector<std::string>{"chat.a"});
    const auto subscription = subscribe("chat.*");
    EXPECT_EQ(bus.patterns(), std::set<std::string>{"chat.*"});
    bus.unsubscribe(subscription);
    EXPECT_EQ(elsewhere.changes, 2);
}

TEST_F(BusTest, AnEventThatArrivesIsDeliveredHereAndNotRelayedAgain) {
    Elsewhere elsewhere;
    elsewhere.wanted = "chat.a";
    bus.set_relay(&elsewhere);
    const auto subscription = subscribe("chat.*");
    EventRecord::Parts parts;
    parts.id = "evt-1";
    parts.type = "chat.a";
    parts.data = BufferRef("{}");
    bus.arrive(std::make_shared<const EventRecord>(std::move(parts)));
    run();
    EXPECT_EQ(seen, std::vector<std::string>{"chat.a {}"});
    EXPECT_TRUE(elsewhere.relayed.empty());
    EXPECT_EQ(bus.counts().published.at("chat.a"), 1u);
}

}  // namespace
}  // namespace streamwall::bus
