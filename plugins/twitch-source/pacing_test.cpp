// Join limits.
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

}  // namespace
}  // namespace streamwall::twitch
