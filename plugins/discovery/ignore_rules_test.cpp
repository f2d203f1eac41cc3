// Users, URLs and domains that are passed over.
#include "ignore_rules.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace streamwall::discovery {
namespace {

TEST(IgnoreRules, CompareUsersWithoutCase) {
    const IgnoreRules rules(std::vector<std::string>{"  NightBot "}, {}, {});
    EXPECT_TRUE(rules.ignores_user("twitch", "nightbot"));
    EXPECT_TRUE(rules.ignores_user("twitch", "NIGHTBOT"));
    EXPECT_FALSE(rules.ignores_user("twitch", "nightbot2"));
}

TEST(IgnoreRules, KeepUsersOfOneSourceApartFromThoseOfAnother) {
    IgnoreRules rules({}, {}, {});
    rules.add_user("discord", "Spammer");
    EXPECT_TRUE(rules.ignores_user("discord", "spammer"));
    EXPECT_FALSE(rules.ignores_user("twitch", "spammer"));
}

TEST(IgnoreRules, PassOverASlashAtTheEndOfAnAddress) {
    IgnoreRules rules({}, {}, {});
    rules.add_url("https://example.com/live.m3u8");
    rules.add_url("https://example.org");
    EXPECT_TRUE(rules.ignores_url("https://example.com/live.m3u8/"));
    EXPECT_TRUE(rules.ignores_url("https://example.org/"));
}

TEST(IgnoreRules, CompareUrlsByTheStreamTheyName) {
    const IgnoreRules rules({}, std::vector<std::string>{"www.twitch.tv/Foo?x=1"}, {});
    EXPECT_TRUE(rules.ignores_url("https://twitch.tv/foo"));
    EXPECT_FALSE(rules.ignores_url("https://twitch.tv/foobar"));
}

TEST(IgnoreRules, CompareDomainsByWholeLabels) {
    const IgnoreRules rules({}, {},
                            std::vector<std::string>{"https://WWW.Example.com/x", "kick.com"});
    EXPECT_TRUE(rules.ignores_url("https://example.com:8443/a.m3u8"));
    EXPECT_TRUE(rules.ignores_url("https://cdn.example.com/a.m3u8"));
    EXPECT_TRUE(rules.ignores_url("https://kick.com/foo"));
    EXPECT_FALSE(rules.ignores_url("https://notexample.com/a.m3u8"));
    EXPECT_FALSE(rules.ignores_url("https://twitch.tv/example.com"));
}

}  // namespace
}  // namespace streamwall::discovery
