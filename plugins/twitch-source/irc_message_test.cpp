// The IRC line parser and the line splitter.
#include "irc_message.hpp"
#include "line_splitter.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace streamwall::twitch {
namespace {

using testing::ElementsAre;

struct ParseCase {
    std::string_view line;
    std::string_view tags;
    std::string_view prefix;
    std::string_view command;
    std::vector<std::string_view> params;
};

class AnIrcLine : public testing::TestWithParam<ParseCase> {};

TEST_P(AnIrcLine, IsCutIntoItsParts) {
    const auto& expected = GetParam();
    const auto message = parse_irc(expected.line);
    ASSERT_TRUE(message);
    EXPECT_EQ(message->tags, expected.tags);
    EXPECT_EQ(message->prefix, expected.prefix);
    EXPECT_EQ(message->command, expected.command);
    EXPECT_THAT(std::vector(message->params.begin(),
                            message->params.begin() + static_cast<long>(message->param_count)),
                testing::ElementsAreArray(expected.params));
}

INSTANTIATE_TEST_SUITE_P(
    Lines, AnIrcLine,
    testing::Values(
        ParseCase{"PING :tmi.twitch.tv", "", "", "PING", {"tmi.twitch.tv"}},
        ParseCase{"PING", "", "", "PING", {}},
        ParseCase{":srv 001 me :Welcome, you", "", "srv", "001", {"me", "Welcome, you"}},
        ParseCase{"@a=1;b :n!u@h PRIVMSG #c :x :y", "a=1;b", "n!u@h", "PRIVMSG", {"#c", "x :y"}},
        ParseCase{":n!u@h  JOIN   #c", "", "n!u@h", "JOIN", {"#c"}},
        ParseCase{":n!u@h JOIN #c ", "", "n!u@h", "JOIN", {"#c"}},
        ParseCase{"PRIVMSG #c :", "", "", "PRIVMSG", {"#c", ""}},
        ParseCase{
            "X 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16",
            "",
            "",
            "X",
            {"1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15 16"}}));

TEST(IrcParser, RefusesWhatIsNoMessage) {
    for (const std::string_view line :
         {"", " ", ":prefix", "@tags", "@tags :prefix", ": :", "12 x", "PRIV-MSG x", "1234 x"}) {
        EXPECT_FALSE(parse_irc(line)) << '"' << line << '"';
    }
    EXPECT_FALSE(parse_irc(std::string_view("PING a\0b", 8)));
    EXPECT_FALSE(parse_irc("PING a\rQUIT"));
}

TEST(IrcParser, UnescapesTagValues) {
    const auto message = parse_irc("@a=x\\:y\\sz\\\\\\q\\;empty=;bare;twice=1;twice=2 PING");
    ASSERT_TRUE(message);
    EXPECT_EQ(message->tag("a"), "x;y z\\q");
    EXPECT_EQ(message->tag("empty"), "");
    EXPECT_EQ(message->tag("bare"), "");
    EXPECT_EQ(message->tag("twice"), "2");
    EXPECT_EQ(message->tag("absent"), std::nullopt);
}

TEST(IrcParser, TellsUsersFromServers) {
    EXPECT_EQ(parse_irc(":nick!user@host PING")->nick(), "nick");
    EXPECT_FALSE(parse_irc(":nick!user@host PING")->is_from_server());
    EXPECT_TRUE(parse_irc(":tmi.twitch.tv PING")->is_from_server());
}

std::vector<std::string> split(LineSplitter& lines, std::string_view bytes) {
    std::vector<std::string> out;
    lines.feed(bytes, [&](std::string_view line) { out.emplace_back(line); });
    return out;
}

TEST(ALineSplitter, JoinsWhatArrivesByteByByte) {
    LineSplitter lines;
    std::vector<std::string> got;
    for (const char c : std::string_view("PING a\r\n\r\nPING b\nrest")) {
        lines.feed({&c, 1}, [&](std::string_view line) { got.emplace_back(line); });
    }
    EXPECT_THAT(got, ElementsAre("PING a", "PING b"));
}

TEST(ALineSplitter, SkipsALineOverTheLimitAndGoesOn) {
    LineSplitter lines(10);
    EXPECT_THAT(split(lines, "0123456789\nfar too"), ElementsAre("0123456789"));
    EXPECT_THAT(split(lines, " long, and more of it"), ElementsAre());
    EXPECT_THAT(split(lines, "\nshort\n"), ElementsAre("short"));
    EXPECT_EQ(lines.skipped(), 1U);
}

}  // namespace
}  // namespace streamwall::twitch
