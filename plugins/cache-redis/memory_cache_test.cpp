#include "memory_cache.hpp"

#include "heap_buffers.hpp"

#include <gtest/gtest.h>

namespace streamwall::redis {
namespace {

using namespace std::chrono_literals;

class AMemoryCache : public ::testing::Test {
  protected:
    std::string get(std::string_view key, std::chrono::milliseconds at = 0ms) {
        const auto found = cache.get(key, begin + at);
        return found ? std::string(found->view()) : "(none)";
    }
    void put(std::string_view key, std::string_view value, std::chrono::milliseconds ttl = 1s) {
        cache.put(key, Buffer(value), begin + ttl);
    }
    const MemoryCache::Time begin{};
    MemoryCache cache{64 * 1024};
};

TEST_F(AMemoryCache, GivesBackWhatWasPutLast) {
    EXPECT_EQ(get("a"), "(none)");
    put("a", "1");
    put("a", "2");
    EXPECT_EQ(get("a"), "2");
    EXPECT_EQ(cache.size(), 1u);
}

TEST_F(AMemoryCache, ForgetsWhatHasExpired) {
    put("a", "1", 100ms);
    EXPECT_EQ(get("a", 99ms), "1");
    EXPECT_EQ(get("a", 100ms), "(none)");
    EXPECT_EQ(cache.size(), 0u);
    EXPECT_EQ(cache.bytes(), 0u);
}

TEST_F(AMemoryCache, StaysWithinItsBoundAndKeepsWhatIsUsed) {
    const std::string text(100, 'x');
    put("used", text);
    for (int n = 0; n < 10'000; ++n) {
        put("key" + std::to_string(n), text);
        ASSERT_EQ(get("used"), text) << n;
    }
    EXPECT_LE(cache.bytes(), 64u * 1024);
    EXPECT_GT(cache.size(), 100u);
    EXPECT_EQ(get("key0"), "(none)");
    EXPECT_EQ(get("key9999"), text);
}

TEST_F(AMemoryCache, KeepsNothingThatIsLargerThanItsShare) {
    put("a", "small");
    put("a", std::string(100'000, 'x'));
    EXPECT_EQ(get("a"), "(none)") << "the old value is not the key's any more";
}

TEST_F(AMemoryCache, ErasesKeysPrefixesAndEverything) {
    for (const char* key : {"a:1", "a:2", "b:1"})
        put(key, "x");
    cache.erase("a:1");
    cache.erase("absent");
    EXPECT_EQ(get("a:1"), "(none)");
    EXPECT_EQ(get("a:2"), "x");
    cache.erase_prefix("a:");
    EXPECT_EQ(get("a:2"), "(none)");
    EXPECT_EQ(get("b:1"), "x");
    cache.clear();
    EXPECT_EQ(cache.size(), 0u);
    EXPECT_EQ(cache.bytes(), 0u);
}

}  // namespace
}  // namespace streamwall::redis
