// What was seen, for how long, and how much of it.
#include "seen_cache.hpp"

#include <gtest/gtest.h>

namespace streamwall::discovery {
namespace {

using std::chrono::seconds;

TEST(SeenCache, RemembersAUrlForItsLifetime) {
    SeenCache cache(10, seconds(60));
    EXPECT_FALSE(cache.contains("a", seconds(0)));
    cache.remember("a", seconds(0));
    EXPECT_TRUE(cache.contains("a", seconds(59)));
    EXPECT_FALSE(cache.contains("a", seconds(60)));
    EXPECT_EQ(cache.size(), 0u);
}

TEST(SeenCache, StartsTheLifetimeAnewWhenAUrlIsRememberedAgain) {
    SeenCache cache(10, seconds(60));
    cache.remember("a", seconds(0));
    cache.remember("a", seconds(50));
    EXPECT_TRUE(cache.contains("a", seconds(100)));
}

TEST(SeenCache, DropsWhatWasNotAskedForTheLongest) {
    SeenCache cache(2, seconds(60));
    cache.remember("a", seconds(0));
    cache.remember("b", seconds(0));
    EXPECT_TRUE(cache.contains("a", seconds(1)));
    cache.remember("c", seconds(2));
    EXPECT_TRUE(cache.contains("a", seconds(3)));
    EXPECT_FALSE(cache.contains("b", seconds(3)));
    EXPECT_TRUE(cache.contains("c", seconds(3)));
    EXPECT_EQ(cache.size(), 2u);
}

TEST(SeenCache, ForgetsOnDemand) {
    SeenCache cache(2, seconds(60));
    cache.remember("a", seconds(0));
    cache.forget("a");
    cache.forget("never seen");
    EXPECT_FALSE(cache.contains("a", seconds(0)));
}

TEST(SeenCache, HoldsNothingWithoutCapacity) {
    SeenCache cache(0, seconds(60));
    cache.remember("a", seconds(0));
    EXPECT_FALSE(cache.contains("a", seconds(0)));
}

}  // namespace
}  // namespace streamwall::discovery
