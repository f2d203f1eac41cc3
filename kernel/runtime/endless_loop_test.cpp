// When a process ends because of what it is stuck in. Timers are virtual, processor time is real.
#include "runtime/endless_loop.hpp"

#include <gtest/gtest.h>

#include <ctime>

namespace streamwall::runtime {
namespace {

using namespace std::chrono_literals;

constexpr auto kLimit = 200ms;

struct EndlessLoop : testing::Test {
    exec::VirtualClock clock;
    exec::Timers timers{clock, exec::Timers::Mode::manual};
    exec::Pool pool{exec::PoolOptions{.workers = 0}}, stuck_pool{exec::PoolOptions{.workers = 0}};
    std::shared_ptr<exec::Strand> control = exec::Strand::make("control", pool);
    std::shared_ptr<exec::Strand> stuck = exec::Strand::make("stuck", stuck_pool);
    int ends = 0;

    void watch() {
        watch_stuck(stuck, control, timers, kLimit, [this] { ++ends; });
    }
    void pass(std::chrono::milliseconds time) {
        for (; time > 0ms; time -= 5ms) {
            clock.advance(5ms);
            timers.fire_due();
            while (pool.run_one()) {
            }
        }
    }
    static void compute() {
        constexpr auto kLonger = kLimit + 20ms;
        const auto until = std::clock() + CLOCKS_PER_SEC * kLonger / 1s;
        while (std::clock() < until) {
        }
    }
};

TEST_F(EndlessLoop, EndsTheProcessOnceItHasComputedForLong) {
    watch();
    pass(50ms);
    compute();
    pass(50ms);
    EXPECT_EQ(ends, 1);
}

TEST_F(EndlessLoop, LeavesATaskAloneThatOnlyWaits) {
    watch();
    pass(1000ms);
    EXPECT_EQ(ends, 0);
}

TEST_F(EndlessLoop, LeavesATaskAloneThatCameBack) {
    watch();
    while (stuck_pool.run_one()) {
    }
    compute();
    pass(1000ms);
    EXPECT_EQ(ends, 0);
}

}  // namespace
}  // namespace streamwall::runtime
