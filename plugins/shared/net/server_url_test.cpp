// What a setting may say of where a server is.
#include <streamwall/net/server_url.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace streamwall::net {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(AServerUrl, IsReadWithAllItsParts) {
    const auto url = parse_server_url("Rediss://wall:p%40ss%2f@[::1]:7000/3?db=2", "the URL",
                                      {"redis", "rediss"});
    ASSERT_TRUE(url) << url.error().message;
    EXPECT_EQ(url->scheme, "rediss");
    EXPECT_EQ(url->user, "wall");
    EXPECT_EQ(url->password, "p@ss/");
    EXPECT_EQ(url->host, "::1");
    EXPECT_EQ(url->port, 7000);
    EXPECT_EQ(url->path, "/3");
    EXPECT_EQ(url->query, "db=2");
    EXPECT_EQ(host_and_port(url->host, url->port), "[::1]:7000");
}

TEST(AServerUrl, MayLeaveOutAllButSchemeAndHost) {
    const auto url = parse_server_url("irc://chat_1.example", "the URL", {"irc"});
    ASSERT_TRUE(url) << url.error().message;
    EXPECT_EQ(url->host, "chat_1.example");
    EXPECT_EQ(url->port, 0);
    EXPECT_EQ(url->path, "");
    EXPECT_FALSE(url->user || url->password);
}

TEST(AServerUrl, ThatIsNoneIsToldWithoutWhatItHolds) {
    const struct {
        std::string_view url, why;
    } cases[] = {
        {"", "must begin with irc:// or ircs://"},  {"localhost", "must begin with"},
        {"irc:localhost", "must begin with"},       {"http://localhost", "must begin with"},
        {"irc://a:s3cret%zz@h", "is no valid URL"}, {"irc://a s3cret", "is no valid URL"},
        {"irc://[::1", "is no valid URL"},          {"irc://h:x", "is no valid URL"},
        {"irc://h:0", "has no valid port"},         {"irc://h:65536", "has no valid port"},
        {"irc://h:", "has no valid port"},          {"irc://h#s3cret", "may have no fragment"},
    };
    for (const auto& each : cases) {
        const auto url = parse_server_url(each.url, "the chat server's URL", {"irc", "ircs"});
        ASSERT_FALSE(url) << each.url;
        EXPECT_EQ(url.error().code, SW_INVALID_ARGUMENT);
        EXPECT_EQ(url.error().where, "url");
        EXPECT_THAT(url.error().message, HasSubstr(std::string(each.why))) << each.url;
        EXPECT_THAT(url.error().message, HasSubstr("the chat server's URL"));
        EXPECT_THAT(url.error().message, Not(HasSubstr("s3cret")));
    }
}

}  // namespace
}  // namespace streamwall::net
