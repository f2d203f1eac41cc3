// Strands, pool, timers and gate.
#include "exec/gate.hpp"
#include "exec/strand.hpp"
#include "exec/timers.hpp"

#include <gtest/gtest.h>

#include <future>

using namespace std::chrono_literals;

namespace streamwall::exec {
namespace {

TEST(Strand, RunsTasksOneAtATimeAndInOrder) {
    Pool pool({.workers = 4});
    auto strand = Strand::make("s", pool);
    std::vector<int> seen;
    std::atomic<int> inside{0};
    std::promise<void> done;
    for (int n = 0; n < 10'000; ++n) {
        strand->post_function([&, n] {
            EXPECT_EQ(inside.fetch_add(1), 0);
            EXPECT_TRUE(strand->is_current());
            seen.push_back(n);
            inside.fetch_sub(1);
            if (n == 9'999) done.set_value();
        });
    }
    ASSERT_EQ(done.get_future().wait_for(10s), std::future_status::ready);
    ASSERT_EQ(seen.size(), 10'000u);
    EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
}

TEST(Strand, DropsWhatIsQueuedOrPostedAfterClose) {
    Pool pool({.workers = 0});
    auto strand = Strand::make("s", pool);
    int ran = 0;
    auto alive = std::make_shared<int>(1);
    strand->post_function([&ran, alive] { ++ran; });
    strand->close();
    strand->post_function([&ran, alive] { ++ran; });
    while (pool.run_one()) {
    }
    EXPECT_EQ(ran, 0);
    EXPECT_EQ(alive.use_count(), 1);
}

TEST(Strand, OnAPoolThatHasStoppedLetsGoOfWhatIsQueued) {
    Pool pool({.workers = 1});
    auto strand = Strand::make("s", pool);
    pool.stop();
    auto alive = std::make_shared<int>(1);
    strand->post_function([strand, alive] {});  // a circle: the task holds its strand
    EXPECT_EQ(alive.use_count(), 1);
    EXPECT_EQ(strand.use_count(), 1);
}

TEST(Pool, NamesAndReplacesAWorkerThatIsStuck) {
    std::promise<std::string> named;
    Pool pool({.workers = 1, .stuck_after = 20ms, .on_stuck = [&](const std::string& label, auto) {
                   named.set_value(label);
               }});
    auto bad = Strand::make("bad-plugin", pool);
    auto good = Strand::make("good", pool);
    std::promise<void> release;
    auto blocked = release.get_future().share();
    std::promise<void> served;
    bad->post_function([blocked] { blocked.wait(); });
    good->post_function([&] { served.set_value(); });
    auto name = named.get_future();
    ASSERT_EQ(name.wait_for(10s), std::future_status::ready);
    EXPECT_EQ(name.get(), "bad-plugin");
    EXPECT_EQ(served.get_future().wait_for(10s), std::future_status::ready);
    release.set_value();
}

TEST(Pool, LeavesAHangingWorkerBehindAtStop) {
    auto release = std::make_shared<std::promise<void>>();
    auto blocked = release->get_future().share();
    std::promise<void> begun;
    auto pool = std::make_unique<Pool>(PoolOptions{.workers = 1, .stuck_after = 0ms});
    pool->post(Task::of([blocked, &begun, release] {
        begun.set_value();
        blocked.wait();
    }));
    begun.get_future().wait();
    EXPECT_FALSE(pool->stop_within(10ms));
    pool.reset();
    release->set_value();
}

TEST(Timers, FireInOrderOfTheirDeadlinesOnAVirtualClock) {
    VirtualClock clock;
    Timers timers(clock, Timers::Mode::manual);
    auto pool = std::make_shared<Pool>(PoolOptions{.workers = 0});
    std::vector<int> seen;
    timers.after(pool, 20ms, [&] { seen.push_back(2); });
    timers.after(pool, 10ms, [&] { seen.push_back(1); });
    const auto run = [&](auto by) {
        clock.advance(by);
        timers.fire_due();
        while (pool->run_one()) {
        }
    };
    run(9ms);
    EXPECT_TRUE(seen.empty());
    run(30ms);
    EXPECT_EQ(seen, (std::vector{1, 2}));
    EXPECT_EQ(timers.pending(), 0u);
}

TEST(Timers, CancelledBetweenExpiryAndRunDoesNotRunAndIsDroppedOnce) {
    VirtualClock clock;
    Timers timers(clock, Timers::Mode::manual);
    auto pool = std::make_shared<Pool>(PoolOptions{.workers = 0});
    struct Counts {
        int runs = 0, drops = 0;
    } counts;
    const auto id = timers.schedule(pool, 1, 1'000'000,
                                    {[](void* c) { ++static_cast<Counts*>(c)->runs; },
                                     [](void* c) { ++static_cast<Counts*>(c)->drops; }, &counts});
    clock.advance(1ms);
    timers.fire_due();
    timers.cancel(id);
    while (pool->run_one()) {
    }
    EXPECT_EQ(counts.runs, 0);
    EXPECT_EQ(counts.drops, 1);
}

TEST(Timers, PeriodicTimersSkipMissedBeats) {
    VirtualClock clock;
    Timers timers(clock, Timers::Mode::manual);
    auto pool = std::make_shared<Pool>(PoolOptions{.workers = 0});
    int runs = 0;
    timers.schedule(pool, 1'000'000, 1'000'000,
                    {[](void* n) { ++*static_cast<int*>(n); }, nullptr, &runs});
    clock.advance(1s);
    timers.fire_due();
    clock.advance(1ms);
    timers.fire_due();
    while (pool->run_one()) {
    }
    EXPECT_EQ(runs, 2);
}

TEST(Timers, FireOnTheSystemClockWithoutBeingPolled) {
    SystemClock clock;
    Timers timers(clock, Timers::Mode::thread);
    auto pool = std::make_shared<Pool>(PoolOptions{.workers = 1});
    std::promise<void> late, early;
    timers.after(pool, 50ms, [&] { late.set_value(); });
    timers.after(pool, 5ms, [&] { early.set_value(); });
    EXPECT_EQ(early.get_future().wait_for(10s), std::future_status::ready);
    EXPECT_EQ(late.get_future().wait_for(10s), std::future_status::ready);
}

TEST(Gate, ClosesToNewcomersAndWaitsForThoseInside) {
    Gate gate;
    ASSERT_TRUE(gate.enter());
    gate.close();
    EXPECT_FALSE(gate.enter());
    EXPECT_FALSE(gate.wait_empty(1ms));
    std::thread leaver([&] { gate.leave(); });
    EXPECT_TRUE(gate.wait_empty(10s));
    leaver.join();
    gate.open();
    EXPECT_TRUE(gate.enter());
    gate.leave();
}

}  // namespace
}  // namespace streamwall::exec
