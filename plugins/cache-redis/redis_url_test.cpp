#include "redis_url.hpp"

#include <gtest/gtest.h>

namespace streamwall::redis {
namespace {

TEST(ARedisUrl, NamesAServer) {
    const auto url = parse_redis_url("redis://cache.example");
    ASSERT_TRUE(url) << url.error().message;
    EXPECT_EQ(url->host, "cache.example");
    EXPECT_EQ(url->port, 6379);
    EXPECT_FALSE(url->tls);
    EXPECT_EQ(url->database, 0);
    EXPECT_EQ(url->shown(), "cache.example:6379");
}

TEST(ARedisUrl, HoldsALoginAPortAndADatabase) {
    const auto url = parse_redis_url("rediss://wall:p%40ss%2f@[::1]:7000/3");
    ASSERT_TRUE(url) << url.error().message;
    EXPECT_TRUE(url->tls);
    EXPECT_EQ(url->user, "wall");
    EXPECT_EQ(url->password, "p@ss/");
    EXPECT_EQ(url->host, "::1");
    EXPECT_EQ(url->port, 7000);
    EXPECT_EQ(url->database, 3);
    EXPECT_EQ(url->shown(), "[::1]:7000");
}

TEST(ARedisUrl, NamesASocket) {
    const auto url = parse_redis_url("unix://:secret@/run/redis.sock?db=2");
    ASSERT_TRUE(url) << url.error().message;
    EXPECT_EQ(url->socket, "/run/redis.sock");
    EXPECT_EQ(url->user, "");
    EXPECT_EQ(url->password, "secret");
    EXPECT_EQ(url->database, 2);
    EXPECT_EQ(url->shown(), "/run/redis.sock");
}

TEST(ARedisUrl, IsRefusedWhereItMeansNothing) {
    for (const char* bad :
         {"", "localhost", "http://localhost", "redis://", "redis://:0", "redis://h:0",
          "redis://h:x", "redis://h:70000", "redis://h/one", "redis://h/-1", "redis://[::1",
          "redis://[::1]7", "redis://user@h", "redis://:%zz@h", "redis://:%4@h",
          "unix://run/redis.sock", "unix://", "unix:///s?database=1", "unix:///s?db=x"}) {
        const auto url = parse_redis_url(bad);
        ASSERT_FALSE(url) << bad;
        EXPECT_EQ(url.error().where, "url") << bad;
    }
}

}  // namespace
}  // namespace streamwall::redis
