// Settings that name a server, its channels and a login.
#include "address.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace streamwall::twitch {
namespace {

TEST(AServerUrl, NamesHostPortAndWhetherTlsIsUsed) {
    const struct {
        std::string_view url, host;
        std::uint16_t port;
        bool tls;
    } cases[] = {
        {"ircs://irc.chat.twitch.tv:6697", "irc.chat.twitch.tv", 6697, true},
        {"ircs://irc.chat.twitch.tv", "irc.chat.twitch.tv", 6697, true},
        {"irc://127.0.0.1:1234/", "127.0.0.1", 1234, false},
        {"IRC://localhost", "localhost", 6667, false},
        {"irc://[::1]:99", "::1", 99, false},
        {"irc://[::1]", "::1", 6667, false},
    };
    for (const auto& one : cases) {
        const auto address = parse_address(one.url);
        ASSERT_TRUE(address) << one.url;
        EXPECT_EQ(address->host, one.host);
        EXPECT_EQ(address->port, one.port);
        EXPECT_EQ(address->tls, one.tls);
    }
}

TEST(AServerUrl, IsRefusedWhereItIsUnclear) {
    for (const auto* url : {"", "irc.chat.twitch.tv", "http://x", "irc://", "irc://:1", "irc://a:0",
                            "irc://a:65536", "irc://a:1x", "irc://a/b", "irc://u@a", "irc://[::1",
                            "irc://[::1]x", "irc://a b", "irc://a:"}) {
        const auto address = parse_address(url);
        ASSERT_FALSE(address) << url;
        EXPECT_EQ(address.error().where, "url");
    }
}

TEST(ChannelNames, AreTrimmedLoweredAndNamedOnce) {
    const auto channels = parse_channels({"#One, two ,,", "three,#one"});
    ASSERT_TRUE(channels);
    EXPECT_THAT(*channels, testing::ElementsAre("#one", "#two", "#three"));
}

TEST(ChannelNames, ThatWouldBreakALineAreRefused) {
    for (const std::string name : {"#a b", "#a\r\nQUIT", "#", "#a:b", "", " , "}) {
        EXPECT_FALSE(parse_channels({name})) << name;
    }
}

TEST(ALogin, IsCheckedBeforeItIsSent) {
    EXPECT_TRUE(check_login("", ""));
    EXPECT_TRUE(check_login("bot", ""));
    EXPECT_TRUE(check_login("bot", "oauth:abc"));
    EXPECT_EQ(check_login("", "abc").error().where, "username");
    EXPECT_EQ(check_login("bot", "a\r\nQUIT").error().where, "token");
    EXPECT_EQ(check_login("b t", "").error().where, "username");
}

}  // namespace
}  // namespace streamwall::twitch
