// The service `locks` with a real Redis.
#include "redis_fixture.hpp"

#include <atomic>
#include <thread>

namespace streamwall::redis::testing {
namespace {

using ::testing::HasSubstr;

class ALock : public WithRedis {
  protected:
    struct Grant {
        bool granted = false;
        std::string owner;
        std::int64_t token = 0;
        std::int64_t expires_in_ms = 0;
    };
    static Grant acquire(Host& host, const std::string& owner, std::int64_t ttl_ms = 60'000) {
        const auto reply =
            call(host, "locks", "acquire", {{"name", "l"}, {"owner", owner}, {"ttl_ms", ttl_ms}});
        if (reply.empty()) return {};
        return {reply.at("granted").as_bool(), std::string(reply.at("owner").as_string()),
                reply.at("token").as_int64(), reply.at("expires_in_ms").as_int64()};
    }
    static bool renew(Host& host, std::int64_t token, std::int64_t ttl_ms = 60'000) {
        return call(host, "locks", "renew", {{"name", "l"}, {"token", token}, {"ttl_ms", ttl_ms}})
            .at("held")
            .as_bool();
    }
    static bool release(Host& host, std::int64_t token) {
        return call(host, "locks", "release", {{"name", "l"}, {"token", token}})
            .at("released")
            .as_bool();
    }
};

TEST_F(ALock, HasOneOwnerAtATime) {
    auto& one = host();
    auto& two = host();
    const auto mine = acquire(one, "one");
    EXPECT_TRUE(mine.granted);
    EXPECT_GT(mine.expires_in_ms, 50'000);
    EXPECT_LE(mine.expires_in_ms, 60'000);
    const auto theirs = acquire(two, "two");
    EXPECT_FALSE(theirs.granted);
    EXPECT_EQ(theirs.owner, "one");
    EXPECT_EQ(theirs.token, mine.token);
    EXPECT_GT(theirs.expires_in_ms, 0);
    EXPECT_TRUE(release(one, mine.token));
    const auto now = acquire(two, "two");
    EXPECT_TRUE(now.granted);
    EXPECT_GT(now.token, mine.token);
}

TEST_F(ALock, GivesItsOwnerTheSameTokenAgain) {
    auto& one = host();
    const auto first = acquire(one, "one", 1000);
    const auto again = acquire(one, "one", 60'000);
    EXPECT_TRUE(again.granted);
    EXPECT_EQ(again.token, first.token);
    EXPECT_GT(again.expires_in_ms, 1000);
}

TEST_F(ALock, CanBeToldFromALaterOneByItsToken) {
    auto& one = host();
    auto& two = host();
    const auto first = acquire(one, "one", 50);
    Grant second;
    ASSERT_TRUE(two.eventually([&] {
        second = acquire(two, "two");
        return second.granted;
    }));
    // The first owner was held up and believes that it still holds the lock.
    EXPECT_GT(second.token, first.token) << "what the lock protects refuses the smaller one";
    EXPECT_FALSE(renew(one, first.token));
    EXPECT_FALSE(release(one, first.token));
    EXPECT_FALSE(acquire(one, "one").granted);
    EXPECT_TRUE(renew(two, second.token));
}

TEST_F(ALock, LastsAsLongAsItIsRenewed) {
    auto& one = host();
    auto& two = host();
    const auto mine = acquire(one, "one", 300);
    const auto end = std::chrono::steady_clock::now() + 900ms;
    EXPECT_TRUE(one.eventually([&] {
        EXPECT_TRUE(renew(one, mine.token, 300));
        EXPECT_FALSE(acquire(two, "two").granted);
        return std::chrono::steady_clock::now() > end;
    }));
}

TEST_F(ALock, KeepsACounterSoundUnderContentionAndExpiry) {
    auto& one = host();
    auto& two = host();
    std::atomic<std::int64_t> last_token{0};
    std::atomic<int> inside{0}, entries{0};
    std::vector<std::thread> workers;
    for (int n = 0; n < 4; ++n) {
        workers.emplace_back([&, n] {
            auto& mine = n % 2 ? one : two;
            for (int tries = 0; tries < 2000 && entries < 40; ++tries) {
                const auto grant = acquire(mine, "worker" + std::to_string(n), 5000);
                if (!grant.granted) continue;
                EXPECT_EQ(inside.fetch_add(1), 0);
                EXPECT_GT(grant.token, last_token.exchange(grant.token));
                ++entries;
                inside.fetch_sub(1);
                EXPECT_TRUE(release(mine, grant.token));
            }
        });
    }
    for (auto& worker : workers)
        worker.join();
    EXPECT_GE(entries, 40);
}

TEST_F(ALock, IsRefusedAtOnceWhileRedisIsAway) {
    auto& one = host();
    redis.kill();
    time_until(one, false);
    for (const auto& [method, request] : std::vector<std::pair<std::string, std::string>>{
             {"acquire", R"({"name":"l","owner":"one","ttl_ms":1000})"},
             {"renew", R"({"name":"l","token":1,"ttl_ms":1000})"},
             {"release", R"({"name":"l","token":1})"}}) {
        const auto begin = std::chrono::steady_clock::now();
        const auto answer = one.call("locks", method, request);
        EXPECT_EQ(answer.code, kUnavailable) << method;
        EXPECT_THAT(answer.message, HasSubstr("Redis is away")) << method;
        EXPECT_LT(std::chrono::steady_clock::now() - begin, 500ms) << method;
    }
}

TEST_F(ALock, HasAGreaterTokenEvenAfterRedisLostItsData) {
    auto& one = host();
    const auto before = acquire(one, "one");
    redis.kill();
    time_until(one, false);
    ASSERT_TRUE(redis.start());
    time_until(one, true);
    const auto after = acquire(one, "two");
    EXPECT_TRUE(after.granted);
    EXPECT_GT(after.token, before.token);
}

TEST_F(ALock, RefusesRequestsThatMakeNoSense) {
    auto& one = host();
    for (const auto& [method, request] : std::vector<std::pair<std::string, std::string>>{
             {"acquire", "[]"},
             {"acquire", R"({"owner":"a","ttl_ms":1})"},
             {"acquire", R"({"name":"l","ttl_ms":1})"},
             {"acquire", R"({"name":"l","owner":"a","ttl_ms":0})"},
             {"renew", R"({"name":"l","token":0,"ttl_ms":1})"},
             {"release", R"({"name":"l","token":"1"})"}}) {
        EXPECT_EQ(one.call("locks", method, request).code, kInvalid) << method << " " << request;
    }
}

}  // namespace
}  // namespace streamwall::redis::testing
