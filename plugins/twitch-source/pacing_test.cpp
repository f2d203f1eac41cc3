// Join limits and back-off.
#include "pacing.hpp"

#include <gtest/gtest.h>

namespace streamwall::twitch {
namespace {

using namespace std::chrono_literals;

TEST(AJoinPacer, AllowsTwentyJoinsInAnyTenSeconds) {
    JoinPacer pacer;
    const TimePoint begin{};
    for (int i = 0; i < 20; ++i) {
        ASSERT_EQ(pacer.next(begin + i * 100ms), begin + i * 100ms);
        pacer.note(begin + i * 100ms);
    }
    EXPECT_EQ(pacer.next(begin + 2s), begin + 10s);
    EXPECT_EQ(pacer.next(begin + 10s), begin + 10s);
    pacer.note(begin + 10s);
    EXPECT_EQ(pacer.next(begin + 10s), begin + 10s + 100ms);
}

TEST(ABackoff, DoublesItsBoundUpToTheCapAndBeginsAnewWhenReset) {
    double random = 0.5;
    Backoff backoff(1s, 30s, [&] { return random; });
    for (const auto expected : {500ms, 1000ms, 2000ms, 4000ms, 8000ms, 15'000ms, 15'000ms}) {
        EXPECT_EQ(backoff.next(), expected);
    }
    random = 0;
    EXPECT_EQ(backoff.next(), 0ms) << "full jitter reaches down to nothing";
    random = 0.5;
    backoff.reset();
    EXPECT_EQ(backoff.next(), 500ms);
}

}  // namespace
}  // namespace streamwall::twitch
