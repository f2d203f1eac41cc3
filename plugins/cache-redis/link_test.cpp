// The ways to reach Redis, and what is wrong where it cannot be reached.
#include "redis_fixture.hpp"
#include "tls_identity.hpp"

#include <streamwall/testing/temporary_folder.hpp>

#include <fstream>

namespace streamwall::redis::testing {
namespace {

using ::testing::HasSubstr;

class ALink : public WithRedis {
  protected:
    static bool works(Host& host) {
        const auto set =
            call(host, "cache", "set",
                 {{"namespace", "a"}, {"key", "k"}, {"value", std::string(100'000, 'x')}});
        return !set.empty() && set.at("shared").as_bool();
    }
};

TEST_F(ALink, GoesOverAUnixSocket) {
    auto& one = host({{"url", "unix://" + redis.socket().string() + "?db=3"}});
    EXPECT_TRUE(works(one));
    EXPECT_EQ(redis.command({"DBSIZE"}), "0") << "database 0 is another one";
}

TEST_F(ALink, LogsIn) {
    RedisServer guarded({.password = "open sesame"});
    ASSERT_TRUE(guarded.start());
    const auto port = std::to_string(guarded.port());
    EXPECT_TRUE(works(host({{"url", "redis://:open%20sesame@127.0.0.1:" + port}})));
    EXPECT_TRUE(works(host({{"url", "redis://default:open%20sesame@127.0.0.1:" + port}})));
    auto& wrong = host({{"url", "redis://:wrong@127.0.0.1:" + port}});
    EXPECT_FALSE(is_ok(wrong));
    EXPECT_THAT(wrong.state("cache-redis").health_reason, HasSubstr("WRONGPASS"));
    auto& missing = host({{"url", "redis://127.0.0.1:" + port}});
    EXPECT_THAT(missing.state("cache-redis").health_reason, HasSubstr("NOAUTH"));
}

TEST_F(ALink, GoesOverTlsToAServerWithTheRightName) {
    const streamwall::testing::TemporaryFolder folder("tls");
    const net::testing::Identity identity;
    std::ofstream(folder / "cert.pem") << identity.certificate_pem;
    std::ofstream(folder / "key.pem") << identity.key_pem;
    RedisServer guarded({.certificate = folder / "cert.pem", .key = folder / "key.pem"});
    ASSERT_TRUE(guarded.start());
    const auto authority = (folder / "cert.pem").string();
    EXPECT_TRUE(works(host({{"url", guarded.url()}, {"tls_ca_file", authority}})));
    auto& stranger = host({{"url", guarded.url()}});
    EXPECT_THAT(stranger.state("cache-redis").health_reason, HasSubstr("refused"));
    auto& other_name = host({{"url", "rediss://127.0.0.1:" + std::to_string(guarded.port())},
                             {"tls_ca_file", authority}});
    EXPECT_FALSE(is_ok(other_name));
}

TEST_F(ALink, KeepsItsKeysUnderItsPrefix) {
    auto& one = host({{"prefix", "wall-1:"}});
    auto& two = host({{"prefix", "wall-2:"}});
    EXPECT_TRUE(works(one));
    EXPECT_EQ(redis.command({"KEYS", "*"}), "wall-1:cache:a:k");
    EXPECT_FALSE(
        call(two, "cache", "get", {{"namespace", "a"}, {"key", "k"}}).at("found").as_bool());
}

TEST_F(ALink, DoesNotStartWithSettingsThatMakeNoSense) {
    for (const json::object& settings : {json::object{{"url", "http://localhost"}},
                                         {{"timeout", "0ms"}},
                                         {{"memory_ttl", "0s"}}}) {
        Host refused({.plugins = {PLUGIN_SO},
                      .settings = {{"cache-redis", json::serialize(settings)}},
                      .required = {"cache-redis"},
                      .time = streamwall::testing::Time::real});
        const auto started = refused.start();
        EXPECT_EQ(started.code, kUnavailable) << json::serialize(settings);
        EXPECT_THAT(started.message, HasSubstr("start: "));
    }
}

TEST_F(ALink, SpeaksToNothingButRedis) {
    auto& one = host({{"url", "redis://127.0.0.1:1"}});
    EXPECT_THAT(one.state("cache-redis").health_reason, HasSubstr("cannot connect"));
}

TEST_F(ALink, EndsCleanlyWithCallsUnderWay) {
    auto& one = host();
    redis.suspend();
    std::vector<std::thread> callers;
    for (int n = 0; n < 4; ++n) {
        callers.emplace_back([&, n] {
            for (int k = 0; k < 50; ++k)
                one.call("cache", "get",
                         R"({"namespace":"a","key":")" + std::to_string(n * 100 + k) + "\"}");
        });
    }
    EXPECT_TRUE(one.disable("cache-redis"));
    for (auto& caller : callers)
        caller.join();
    redis.resume();
    EXPECT_TRUE(one.enable("cache-redis"));
    EXPECT_LT(time_until(one, true), 3000);
    EXPECT_TRUE(works(one));
    EXPECT_THAT(one.complaints(), ::testing::IsEmpty());
}

}  // namespace
}  // namespace streamwall::redis::testing
