#include "local_windows.hpp"

#include <gtest/gtest.h>

namespace streamwall::redis {
namespace {

using namespace std::chrono_literals;

class LocalWindowsTest : public ::testing::Test {
  protected:
    LimitVerdict check(std::chrono::milliseconds at, std::int64_t cost = 1) {
        return windows.check("key", 3, 1s, cost, begin + at);
    }
    const LocalWindows::Time begin{};
    LocalWindows windows{100};
};

TEST_F(LocalWindowsTest, LetPassAsManyAsTheLimitInAnyWindow) {
    EXPECT_EQ(check(0ms).remaining, 2);
    EXPECT_TRUE(check(500ms).allowed);
    EXPECT_EQ(check(600ms).remaining, 0);
    const auto refused = check(700ms);
    EXPECT_FALSE(refused.allowed);
    EXPECT_EQ(refused.retry_after, 300ms);
    EXPECT_FALSE(check(999ms).allowed);
    EXPECT_TRUE(check(1000ms).allowed) << "refused ones did not count";
    EXPECT_EQ(check(1001ms).retry_after, 499ms);
}

TEST_F(LocalWindowsTest, TakeACostWholeOrNotAtAll) {
    EXPECT_TRUE(check(0ms, 2).allowed);
    EXPECT_FALSE(check(1ms, 2).allowed);
    EXPECT_EQ(check(1ms, 2).retry_after, 999ms);
    EXPECT_TRUE(check(1ms, 1).allowed);
    EXPECT_FALSE(windows.check("other", 3, 1s, 4, begin).allowed) << "never";
}

TEST_F(LocalWindowsTest, ForgetTheWindowThatWasIdleLongest) {
    for (int n = 0; n < 1000; ++n)
        windows.check("key" + std::to_string(n), 3, 1s, 1, begin);
    EXPECT_LE(windows.times(), 100u);
    EXPECT_EQ(windows.check("key999", 3, 1s, 1, begin).remaining, 1);
    EXPECT_EQ(windows.check("key0", 3, 1s, 1, begin).remaining, 2);
}

}  // namespace
}  // namespace streamwall::redis
