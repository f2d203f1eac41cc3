// Ten messages a minute for each sender.
#include "sender_limiter.hpp"

#include <gtest/gtest.h>

namespace streamwall::discovery {
namespace {

using std::chrono::seconds;

TEST(SenderLimiter, LetsTenThroughInAnySixtySeconds) {
    SenderLimiter limiter(SenderLimit{});
    for (int i = 0; i < 10; ++i)
        EXPECT_TRUE(limiter.allow("a", seconds(i)));
    EXPECT_FALSE(limiter.allow("a", seconds(10)));
    EXPECT_FALSE(limiter.allow("a", seconds(59)));
    EXPECT_TRUE(limiter.allow("a", seconds(60)));
    EXPECT_FALSE(limiter.allow("a", seconds(60)));
    EXPECT_TRUE(limiter.allow("a", seconds(61)));
}

TEST(SenderLimiter, CountsEachSenderApart) {
    SenderLimiter limiter({.messages = 1, .window = seconds(60), .senders = 10});
    EXPECT_TRUE(limiter.allow("a", seconds(0)));
    EXPECT_TRUE(limiter.allow("b", seconds(0)));
    EXPECT_FALSE(limiter.allow("a", seconds(0)));
}

TEST(SenderLimiter, RemembersABoundedNumberOfSenders) {
    SenderLimiter limiter({.messages = 1, .window = seconds(60), .senders = 2});
    EXPECT_TRUE(limiter.allow("a", seconds(0)));
    EXPECT_TRUE(limiter.allow("b", seconds(0)));
    EXPECT_TRUE(limiter.allow("c", seconds(0)));
    EXPECT_EQ(limiter.size(), 2u);
    EXPECT_FALSE(limiter.allow("b", seconds(0)));
}

}  // namespace
}  // namespace streamwall::discovery
