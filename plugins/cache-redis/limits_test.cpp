// The service `limits` with a real Redis.
#include "redis_fixture.hpp"

#include <atomic>
#include <thread>

namespace streamwall::redis::testing {
namespace {

class ALimit : public WithRedis {
  protected:
    static json::object check(Host& host, std::int64_t limit, std::int64_t window_ms,
                              std::int64_t cost = 1, const std::string& key = "k") {
        return call(host, "limits", "check",
                    {{"key", key}, {"limit", limit}, {"window_ms", window_ms}, {"cost", cost}});
    }
    static bool passes(const json::object& verdict) { return verdict.at("allowed").as_bool(); }
    static bool is_shared(const json::object& verdict) { return verdict.at("shared").as_bool(); }
};

TEST_F(ALimit, HoldsOverTwoHostsHoweverTheyRace) {
    auto& one = host();
    auto& two = host();
    std::atomic<int> passed{0};
    std::vector<std::thread> askers;
    for (int n = 0; n < 6; ++n) {
        askers.emplace_back([&, n] {
            for (int k = 0; k < 100; ++k)
                passed += passes(check(n % 2 ? one : two, 250, 60'000));
        });
    }
    for (auto& asker : askers)
        asker.join();
    EXPECT_EQ(passed, 250);
}

TEST_F(ALimit, CountsOnlyWhatPassedAndOnlyWithinTheWindow) {
    auto& one = host();
    const auto first = check(one, 2, 400);
    EXPECT_EQ(first.at("remaining"), 1);
    EXPECT_TRUE(is_shared(first));
    EXPECT_TRUE(passes(check(one, 2, 400)));
    const auto begin = std::chrono::steady_clock::now();
    const auto refused = check(one, 2, 400);
    EXPECT_FALSE(passes(refused));
    EXPECT_EQ(refused.at("remaining"), 0);
    const auto wait = refused.at("retry_after_ms").as_int64();
    EXPECT_GT(wait, 0);
    EXPECT_LE(wait, 400);
    EXPECT_TRUE(one.eventually([&] { return passes(check(one, 2, 400)); }));
    const auto waited = std::chrono::steady_clock::now() - begin;
    EXPECT_GE(waited, std::chrono::milliseconds(wait - 1)) << "it said how long to wait";
    EXPECT_LT(waited, std::chrono::milliseconds(wait + 200));
}

TEST_F(ALimit, TakesACostWholeOrNotAtAll) {
    auto& one = host();
    EXPECT_EQ(check(one, 10, 60'000, 7).at("remaining"), 3);
    EXPECT_FALSE(passes(check(one, 10, 60'000, 4)));
    EXPECT_EQ(check(one, 10, 60'000, 3).at("remaining"), 0);
    EXPECT_FALSE(passes(check(one, 10, 60'000, 11, "other")));
}

TEST_F(ALimit, CountsForThisHostAloneWhileRedisIsAwayAndSaysSo) {
    auto& one = host();
    auto& two = host();
    EXPECT_TRUE(passes(check(one, 3, 60'000)));
    EXPECT_TRUE(passes(check(one, 3, 60'000)));
    redis.kill();
    time_until(one, false);
    time_until(two, false);
    const auto third = check(one, 3, 60'000);
    EXPECT_TRUE(passes(third));
    EXPECT_FALSE(is_shared(third));
    EXPECT_FALSE(passes(check(one, 3, 60'000))) << "what passed before still counts here";
    EXPECT_TRUE(passes(check(two, 3, 60'000))) << "the other host counts by itself";
    ASSERT_TRUE(redis.start());
    EXPECT_LT(time_until(one, true), 3000);
    EXPECT_TRUE(is_shared(check(one, 3, 60'000)));
}

TEST_F(ALimit, WorksOnAfterRedisForgotItsScripts) {
    auto& one = host();
    EXPECT_TRUE(passes(check(one, 2, 60'000)));
    redis.command({"SCRIPT", "FLUSH"});
    const auto again = check(one, 2, 60'000);
    EXPECT_TRUE(passes(again));
    EXPECT_TRUE(is_shared(again));
    EXPECT_FALSE(passes(check(one, 2, 60'000)));
}

TEST_F(ALimit, IsToldAndToldOfWhatInstancesLetPass) {
    auto& one = host();
    auto& two = host();
    const auto exchange = [&](Host& host, const std::string& instance, const std::string& windows) {
        const auto answer =
            host.call("limits", "exchange",
                      R"({"instance":")" + instance + R"(","windows":)" + windows + "}");
        EXPECT_TRUE(answer) << answer.message;
        return answer.body;
    };
    const auto alone = exchange(one, "a", R"([{"key":"x","passed":[[0,5],[30,2]]}])");
    EXPECT_EQ(json::parse(alone).at("instances"), 1);
    const auto both = json::parse(
        exchange(two, "b", R"([{"key":"y","passed":[]},{"key":"x","passed":[[0,1]]}])"));
    EXPECT_EQ(both.at("instances"), 2);
    EXPECT_EQ(both.at("windows").at(0), json::array());
    std::int64_t sum = 0;
    for (const auto& entry : both.at("windows").at(1).as_array()) {
        sum += entry.at(1).as_int64();
        EXPECT_LE(entry.at(0).as_int64(), 31);
    }
    EXPECT_EQ(sum, 8);
    EXPECT_NE(redis.command({"TTL", "streamwall:window:x"}), "-1") << "idle windows go away";
    redis.kill();
    time_until(one, false);
    EXPECT_EQ(exchange(one, "a", "[]"), R"({"shared":false})");
}

TEST_F(ALimit, RefusesRequestsThatMakeNoSense) {
    auto& one = host();
    for (const auto& [method, request] : std::vector<std::pair<std::string, std::string>>{
             {"check", "[]"},
             {"check", R"({"key":"k","limit":0,"window_ms":1})"},
             {"check", R"({"key":"k","limit":10001,"window_ms":1})"},
             {"check", R"({"key":"k","limit":1,"window_ms":0})"},
             {"check", R"({"key":"k","limit":1,"window_ms":86400001})"},
             {"check", R"({"key":"","limit":1,"window_ms":1})"},
             {"check", R"({"key":"k","limit":1,"window_ms":1,"cost":0})"},
             {"exchange", R"({"windows":[]})"},
             {"exchange", R"({"instance":"a","windows":[1]})"},
             {"exchange", R"({"instance":"a","windows":[{"key":"k"}]})"},
             {"exchange", R"({"instance":"a","windows":[{"key":"k","passed":[[61,1]]}]})"},
             {"exchange", R"({"instance":"a","windows":[{"key":"k","passed":[[0,-1]]}]})"}}) {
        EXPECT_EQ(one.call("limits", method, request).code, kInvalid) << method << " " << request;
    }
}

}  // namespace
}  // namespace streamwall::redis::testing
