// One of several nodes runs a singleton; the others stand by and take over.
#include "runtime/singletons.hpp"

#include "bus/testing/memory_log.hpp"

#include <gtest/gtest.h>

using namespace std::chrono_literals;

namespace streamwall::runtime {
namespace {

struct World {
    exec::VirtualClock clock;
    exec::Timers timers{clock, exec::Timers::Mode::manual};
    exec::Pool pool{exec::PoolOptions{.workers = 0}};
    bus::MemoryLog store{clock};

    void advance(std::chrono::milliseconds by) {
        for (auto left = by; left >= 0ms; left -= 10ms) {
            while (pool.run_one()) {
            }
            clock.advance(10ms);
            timers.fire_due();
        }
    }
};

struct Node {
    Node(World& in, const std::string& name, std::set<std::string> names = {"chat"})
        : port(in.store),
          singletons(name, std::move(names),
                     {port, in.timers, in.clock, exec::Strand::make(name, in.pool),
                      [this](const std::string&, bool is_ours) { told += is_ours ? '+' : '-'; }}) {}
    std::string reason() { return singletons.reason_to_wait("chat"); }

    bus::MemoryPort port;
    std::string told;
    Singletons singletons;
};

class SingletonsTest : public testing::Test {
  protected:
    World world;
};

TEST_F(SingletonsTest, WhatNoOtherNodeHasRunsWithoutAsking) {
    Node alone(world, "main", {});
    EXPECT_EQ(alone.reason(), "");
    world.advance(5s);
    EXPECT_TRUE(alone.port.calls.empty());
}

TEST_F(SingletonsTest, OneRunsAndTheOtherSaysWhere) {
    Node one(world, "ingest-1"), two(world, "ingest-2");
    EXPECT_EQ(one.reason(), "stands by; the store has not said yet where it runs");
    world.advance(100ms);
    EXPECT_EQ(one.reason(), "");
    EXPECT_EQ(one.told, "+");
    two.reason();
    world.advance(100ms);
    EXPECT_EQ(two.reason(), "stands by; runs on ingest-1");
    EXPECT_TRUE(two.singletons.stands_by("chat"));
    EXPECT_FALSE(one.singletons.stands_by("chat"));
}

TEST_F(SingletonsTest, IsTakenOverWithinTwoSecondsWhenItsOwnerGivesItUp) {
    Node one(world, "ingest-1"), two(world, "ingest-2");
    one.reason();
    world.advance(100ms);
    two.reason();
    world.advance(100ms);
    one.singletons.give_up("chat");
    world.advance(2s);
    EXPECT_EQ(two.reason(), "");
    EXPECT_EQ(two.told, "-+");
}

TEST_F(SingletonsTest, IsTakenOverWhenItsOwnerDies) {
    Node one(world, "ingest-1"), two(world, "ingest-2");
    one.reason();
    world.advance(100ms);
    two.reason();
    world.advance(100ms);
    one.port.down = true;
    world.advance(1500ms);
    EXPECT_NE(two.reason(), "") << "not before its lease has run out";
    world.advance(3s);
    EXPECT_EQ(two.reason(), "");
}

TEST_F(SingletonsTest, AStoreThatIsAwayChangesNothing) {
    Node one(world, "ingest-1"), two(world, "ingest-2");
    one.reason();
    world.advance(100ms);
    two.reason();
    world.advance(100ms);
    one.port.down = two.port.down = true;
    world.advance(60s);
    EXPECT_EQ(one.reason(), "") << "what runs goes on";
    EXPECT_NE(two.reason(), "");
    EXPECT_EQ(one.told, "+");
}

TEST_F(SingletonsTest, WhoWasCutOffAndIsReplacedStopsOnceItHearsOfIt) {
    Node one(world, "ingest-1"), two(world, "ingest-2");
    one.reason();
    world.advance(100ms);
    two.reason();
    world.advance(100ms);
    one.port.down = true;
    world.advance(10s);
    EXPECT_EQ(two.reason(), "");
    EXPECT_EQ(one.reason(), "");
    one.port.down = false;
    world.advance(2s);
    EXPECT_EQ(one.reason(), "stands by; runs on ingest-2");
    EXPECT_EQ(one.told.substr(0, 2), "+-");
}

TEST_F(SingletonsTest, AStopGivesEveryLeaseBack) {
    Node one(world, "ingest-1");
    one.reason();
    world.advance(100ms);
    bool stopped = false;
    one.singletons.stop([&] { stopped = true; });
    world.advance(100ms);
    EXPECT_TRUE(stopped);
    EXPECT_EQ(world.store.leases.at("singleton/chat").owner, "");
}

}  // namespace
}  // namespace streamwall::runtime
