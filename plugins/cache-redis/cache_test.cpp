// The service `cache` with a real Redis, in one host and in two.
#include "redis_fixture.hpp"

#include <thread>

namespace streamwall::redis::testing {
namespace {

using ::testing::HasSubstr;

class ACache : public WithRedis {
  protected:
    static std::string get(Host& host, const std::string& key, const std::string& space = "test") {
        const auto reply = call(host, "cache", "get", {{"namespace", space}, {"key", key}});
        if (!reply.contains("found")) return "(no answer)";
        return reply.at("found").as_bool() ? json::serialize(reply.at("value")) : "(none)";
    }
    // Whether Redis got it, too.
    static bool set(Host& host, const std::string& key, const json::value& value,
                    const std::string& space = "test", std::int64_t ttl_ms = 60'000) {
        return call(host, "cache", "set",
                    {{"namespace", space}, {"key", key}, {"value", value}, {"ttl_ms", ttl_ms}})
            .at("shared")
            .as_bool();
    }
    static bool remove(Host& host, const std::string& key) {
        return call(host, "cache", "delete", {{"namespace", "test"}, {"key", key}})
            .at("shared")
            .as_bool();
    }
    static bool becomes(Host& host, const std::string& key, const std::string& value) {
        return host.eventually([&] { return get(host, key) == value; }, 5s);
    }
};

TEST_F(ACache, TellsAMissFromAStoredNull) {
    auto& one = host();
    EXPECT_EQ(get(one, "k"), "(none)");
    EXPECT_TRUE(set(one, "k", nullptr));
    EXPECT_EQ(get(one, "k"), "null");
    EXPECT_TRUE(remove(one, "k"));
    EXPECT_EQ(get(one, "k"), "(none)");
}

TEST_F(ACache, AsksMemoryThenRedisAndFillsMemoryFromIt) {
    auto& one = host();
    auto& two = host();
    ASSERT_TRUE(set(one, "k", {{"title", "A \"b\" ü"}}));
    constexpr auto kMemory = R"(streamwall_cache_hits_total{level="l1"})";
    constexpr auto kRedis = R"(streamwall_cache_hits_total{level="l2"})";
    EXPECT_EQ(get(two, "k"), R"({"title":"A \"b\" ü"})");
    EXPECT_EQ(metric(two, kRedis), 1);
    EXPECT_TRUE(two.eventually([&] {
        EXPECT_EQ(get(two, "k"), R"({"title":"A \"b\" ü"})");
        return metric(two, kMemory) >= 2;
    }));
    EXPECT_LE(metric(two, kRedis), 2) << "once more if it heard of the write after reading";
    EXPECT_EQ(get(one, "k"), R"({"title":"A \"b\" ü"})");
    EXPECT_EQ(metric(one, kRedis), 0) << "the writer has it in memory";
    EXPECT_EQ(redis.command({"GET", "streamwall:cache:test:k"}), R"({"title":"A \"b\" ü"})");
    EXPECT_LE(std::stol(redis.command({"PTTL", "streamwall:cache:test:k"})), 60'000);
}

TEST_F(ACache, KeepsAValueForAnHourUnlessToldOtherwise) {
    auto& one = host();
    call(one, "cache", "set", {{"namespace", "test"}, {"key", "k"}, {"value", 1}});
    const auto ttl = std::stol(redis.command({"PTTL", "streamwall:cache:test:k"}));
    EXPECT_GT(ttl, 3'590'000);
    EXPECT_LE(ttl, 3'600'000);
}

TEST_F(ACache, ShowsTheWritesOfAnotherHost) {
    auto& one = host();
    auto& two = host();
    for (int n = 0; n < 50; ++n) {
        ASSERT_TRUE(set(n % 2 ? one : two, "k", n));
        ASSERT_TRUE(becomes(one, "k", std::to_string(n))) << n;
        ASSERT_TRUE(becomes(two, "k", std::to_string(n))) << n;
    }
    ASSERT_TRUE(remove(one, "k"));
    EXPECT_TRUE(becomes(two, "k", "(none)"));
}

TEST_F(ACache, ShowsItsOwnWriteInTheNextRead) {
    auto& one = host();
    auto& two = host();
    for (int n = 0; n < 500; ++n) {
        ASSERT_TRUE(set(one, "k", n));
        ASSERT_EQ(get(one, "k"), std::to_string(n));
        if (n % 10 == 0) get(two, "k");
    }
}

TEST_F(ACache, EndsUpAlikeEverywhereWhenTwoWriteAtOnce) {
    auto& one = host();
    auto& two = host();
    for (int round = 0; round < 30; ++round) {
        std::vector<std::thread> writers;
        for (auto* writer : {&one, &two}) {
            writers.emplace_back([&, writer] {
                for (int n = 0; n < 10; ++n)
                    set(*writer, "k",
                        json::string((writer == &one ? "one " : "two ") + std::to_string(n)));
            });
        }
        for (auto& writer : writers)
            writer.join();
        const auto truth = redis.command({"GET", "streamwall:cache:test:k"});
        ASSERT_TRUE(becomes(one, "k", truth)) << truth;
        ASSERT_TRUE(becomes(two, "k", truth)) << truth;
    }
}

TEST_F(ACache, ServesNothingFromMemoryThatHasExpiredInRedis) {
    auto& one = host();
    auto& two = host();
    ASSERT_TRUE(set(one, "k", 1, "test", 300));
    EXPECT_EQ(get(two, "k"), "1");
    ASSERT_TRUE(one.eventually(
        [&] { return redis.command({"EXISTS", "streamwall:cache:test:k"}) == "0"; }));
    EXPECT_EQ(get(one, "k"), "(none)");
    EXPECT_EQ(get(two, "k"), "(none)");
}

TEST_F(ACache, ClearsANamespaceAndNoOther) {
    auto& one = host();
    auto& two = host();
    for (int n = 0; n < 1500; ++n)
        set(one, std::to_string(n), n, "a.b");
    set(one, "k", 1, "a");
    set(one, "k", 2, "a.b-c");
    EXPECT_EQ(get(two, "7", "a.b"), "7");
    EXPECT_TRUE(call(one, "cache", "clear", {{"namespace", "a.b"}}).at("shared").as_bool());
    EXPECT_EQ(get(one, "7", "a.b"), "(none)");
    EXPECT_TRUE(two.eventually([&] { return get(two, "7", "a.b") == "(none)"; }));
    EXPECT_EQ(get(two, "k", "a"), "1");
    EXPECT_EQ(get(two, "k", "a.b-c"), "2");
    EXPECT_EQ(redis.command({"DBSIZE"}), "2");
}

TEST_F(ACache, ForgetsWhenSomebodyEmptiesRedis) {
    auto& one = host();
    set(one, "k", 1);
    redis.command({"FLUSHALL"});
    EXPECT_TRUE(becomes(one, "k", "(none)"));
}

TEST_F(ACache, RefusesRequestsThatMakeNoSense) {
    auto& one = host();
    const std::string long_key(513, 'k');
    for (const auto& [method, request] : std::vector<std::pair<std::string, std::string>>{
             {"get", "[]"},
             {"get", R"({"key":"k"})"},
             {"get", R"({"namespace":"A","key":"k"})"},
             {"get", R"({"namespace":"a:b","key":"k"})"},
             {"get", R"({"namespace":"a","key":""})"},
             {"get", R"({"namespace":"a","key":5})"},
             {"get", R"({"namespace":"a","key":")" + long_key + "\"}"},
             {"set", R"({"namespace":"a","key":"k"})"},
             {"set", R"({"namespace":"a","key":"k","value":1,"ttl_ms":0})"},
             {"set", R"({"namespace":"a","key":"k","value":1,"ttl_ms":"1h"})"},
             {"set", R"({"namespace":"a","key":"k","value":")" + std::string(1 << 20, 'x') + "\"}"},
             {"clear", R"({"namespace":""})"}}) {
        EXPECT_EQ(one.call("cache", method, request).code, kInvalid)
            << method << " " << request.substr(0, 80);
    }
}

// ---- Redis going and coming ----

TEST_F(ACache, WorksFromMemoryWhileRedisIsKilledAndComesBackToIt) {
    auto& one = host();
    ASSERT_TRUE(set(one, "before", 1));
    redis.kill();
    EXPECT_LT(time_until(one, false), 2000);
    EXPECT_THAT(one.document("health"), HasSubstr(R"("redis":"degraded")"));
    EXPECT_EQ(get(one, "before"), "1") << "memory still has it";
    EXPECT_FALSE(set(one, "during", 2));
    EXPECT_EQ(get(one, "during"), "2");
    EXPECT_EQ(get(one, "other"), "(none)");
    EXPECT_FALSE(remove(one, "during"));
    EXPECT_EQ(get(one, "during"), "(none)");

    ASSERT_TRUE(redis.start());
    EXPECT_LT(time_until(one, true), 3000);
    EXPECT_TRUE(one.eventually([&] { return set(one, "after", 3); }));
    EXPECT_EQ(get(one, "after"), "3");
    EXPECT_THAT(one.document("health"), HasSubstr(R"("redis":"ok")"));
}

TEST_F(ACache, NeverBringsBackAnOlderValueAfterAnOutage) {
    auto& one = host();
    auto& two = host();
    ASSERT_TRUE(set(one, "k", "old"));
    ASSERT_TRUE(set(one, "k", "old", "gone"));
    EXPECT_EQ(get(two, "k"), R"("old")");
    redis.suspend();
    EXPECT_LT(time_until(one, false), 2000);
    EXPECT_FALSE(set(one, "k", "new"));
    EXPECT_EQ(get(one, "k"), R"("new")");
    EXPECT_FALSE(call(one, "cache", "clear", {{"namespace", "gone"}}).at("shared").as_bool());
    redis.resume();
    EXPECT_LT(time_until(one, true), 3000);
    EXPECT_TRUE(one.eventually([&] { return get(one, "k") != R"("new")"; }));
    EXPECT_EQ(get(one, "k"), "(none)") << "neither old nor known to this host alone";
    EXPECT_TRUE(becomes(two, "k", "(none)"));
    EXPECT_EQ(get(one, "k", "gone"), "(none)");
}

TEST_F(ACache, AnswersInTimeWhileRedisHangs) {
    auto& one = host({{"memory_ttl", "1ms"}});
    ASSERT_TRUE(set(one, "k", 1));
    redis.suspend();
    const auto begin = std::chrono::steady_clock::now();
    for (int n = 0; n < 200; ++n)
        ASSERT_EQ(get(one, "k" + std::to_string(n)), "(none)");
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s)
        << "only those that wait for it when it hangs are held up";
    redis.resume();
    EXPECT_LT(time_until(one, true), 3000);
}

TEST_F(ACache, StartsWithoutRedisAndFindsItLater) {
    redis.kill();
    auto& one = host();
    EXPECT_FALSE(is_ok(one));
    EXPECT_FALSE(set(one, "k", 1));
    ASSERT_TRUE(redis.start());
    EXPECT_LT(time_until(one, true), 3000);
    EXPECT_TRUE(one.eventually([&] { return set(one, "k", 2); }));
}

TEST_F(ACache, EmptiesRedisWhereTooMuchWasWrittenWithoutIt) {
    auto& one = host();
    ASSERT_TRUE(set(one, "5", "old"));
    ASSERT_TRUE(set(one, "never written again", "old"));
    redis.suspend();
    time_until(one, false);
    std::vector<std::thread> writers;
    for (int n = 0; n < 8; ++n) {
        writers.emplace_back([&, n] {
            for (int key = n; key < 10'500; key += 8)
                set(one, std::to_string(key), 1);
        });
    }
    for (auto& writer : writers)
        writer.join();
    redis.resume();
    time_until(one, true);
    EXPECT_TRUE(becomes(one, "5", "(none)"));
    EXPECT_EQ(redis.command({"DBSIZE"}), "0");
}

}  // namespace
}  // namespace streamwall::redis::testing
