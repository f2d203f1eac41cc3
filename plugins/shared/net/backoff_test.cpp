#include "streamwall/net/backoff.hpp"

#include <gtest/gtest.h>

namespace streamwall::net {
namespace {

using namespace std::chrono_literals;

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
}  // namespace streamwall::net
