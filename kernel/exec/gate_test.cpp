// Waiting for a gate to be empty, and who may end it then.
#include "exec/gate.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <thread>

namespace streamwall::exec {
namespace {

using namespace std::chrono_literals;

TEST(AGate, WakesWhoWaitsThoughItWasNeverClosed) {
    Gate gate;
    ASSERT_TRUE(gate.enter());
    std::thread last([&] {
        while (!gate.is_awaited())
            std::this_thread::yield();
        gate.leave();
    });
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_TRUE(gate.wait_empty(60s));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 30s);
    last.join();
}

TEST(AGate, MayBeDestroyedOnceTheLastHasBeenSeenToLeave) {
    for (int round = 0; round < 1000; ++round) {
        auto gate = std::make_unique<Gate>();
        ASSERT_TRUE(gate->enter());
        std::thread last([held = gate.get()] { held->leave(); });
        gate->close();
        ASSERT_TRUE(gate->wait_empty(60s));
        gate.reset();
        last.join();
    }
}

TEST(AGate, IsLeftWithoutALockOnceItIsOpenAgain) {
    Gate gate;
    gate.close();
    EXPECT_TRUE(gate.wait_empty(1s));
    gate.open();
    EXPECT_FALSE(gate.is_awaited());
    EXPECT_TRUE(gate.enter());
    gate.leave();
    EXPECT_EQ(gate.inside(), 0u);
}

}  // namespace
}  // namespace streamwall::exec
