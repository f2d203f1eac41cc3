// The command parser.
#include "command.hpp"

#include <gtest/gtest.h>

namespace streamwall::hub {
namespace {

TEST(ACommand, KeepsItsIdentifierByteForByte) {
    const auto command = parse_command(
        R"({"identifier":"{ \"channel\" : \"StreamsChannel\",\"x\":\"\u00e9\" }","command":"subscribe"})");
    ASSERT_TRUE(command);
    EXPECT_EQ(command->kind, Command::Kind::kSubscribe);
    EXPECT_EQ(command->identifier, "{ \"channel\" : \"StreamsChannel\",\"x\":\"\xC3\xA9\" }");
}

TEST(ACommand, TakesDataAsAnObjectOrAsJsonText) {
    for (const auto* text :
         {R"({"command":"message","identifier":"{}","data":{"action":"a"}})",
          R"({"command":"message","identifier":"{}","data":"{\"action\":\"a\"}"})"}) {
        const auto command = parse_command(text);
        ASSERT_TRUE(command) << text;
        EXPECT_EQ(command->kind, Command::Kind::kMessage);
        EXPECT_EQ(command->data.at("action"), "a");
    }
}

TEST(ACommand, IsNothingElse) {
    const std::string_view texts[] = {
        "",
        "subscribe",
        "[]",
        "{}",
        R"({"command":"subscribe"})",
        R"({"identifier":"{}"})",
        R"({"command":"subscribe","identifier":{}})",
        R"({"command":1,"identifier":"{}"})",
        R"({"command":"SUBSCRIBE","identifier":"{}"})",
        R"({"command":"whisper","identifier":"{}"})",
        R"({"command":"message","identifier":"{}"})",
        R"({"command":"message","identifier":"{}","data":"no JSON"})",
        R"({"command":"message","identifier":"{}","data":[1]})",
        R"({"command":"subscribe","identifier":"{}"} trailing)",
        R"({"command":"subscribe","command":"subscribe","identifier":"{}"})",
        "{\"command\":\"subscribe\",\"identifier\":\"\xFF\"}",
    };
    for (const auto text : texts)
        EXPECT_FALSE(parse_command(text)) << text;
}

TEST(ACommand, OfTheExtendedProtocolSaysWhereToGoOn) {
    const auto history = [](std::string_view text) {
        const auto parsed = parse_command(R"({"command":"history","identifier":"{}","history":)" +
                                          std::string(text) + "}");
        EXPECT_TRUE(parsed && parsed->history) << text;
        return parsed ? *parsed->history : HistoryRequest();
    };
    const auto both = history(
        R"({"since":1700000000,"streams":{"a":{"epoch":"e","offset":7},"b":{"epoch":"f","offset":0}}})");
    EXPECT_EQ(both.since_ms, 1'700'000'000'000);
    ASSERT_EQ(both.places.size(), 2U);
    EXPECT_EQ(both.places[0].stream, "a");
    EXPECT_EQ(both.places[0].at.epoch, "e");
    EXPECT_EQ(both.places[0].at.sequence, 7U);
    // What makes no sense is as if it were not there.
    for (const std::string_view text :
         {"{}", "[]", "null", "7", R"({"since":false})", R"({"since":-1})", R"({"since":1e300})",
          R"({"since":"x","streams":[]})", R"({"streams":{"a":7}})",
          R"({"streams":{"a":{"epoch":"e"}}})", R"({"streams":{"a":{"epoch":7,"offset":7}}})",
          R"({"streams":{"a":{"epoch":"e","offset":-1}}})",
          R"({"streams":{"a":{"epoch":"e","offset":"1"}}})"}) {
        const auto nothing = history(text);
        EXPECT_FALSE(nothing.since_ms) << text;
        EXPECT_TRUE(nothing.places.empty()) << text;
    }
    EXPECT_TRUE(parse_command(R"({"command":"history","identifier":"{}"})")->history);
    EXPECT_FALSE(parse_command(R"({"command":"subscribe","identifier":"{}"})")->history);
    EXPECT_TRUE(
        parse_command(R"({"command":"subscribe","identifier":"{}","history":{}})")->history);
    EXPECT_EQ(parse_command(R"({"command":"pong"})")->kind, Command::Kind::kPong);
}

TEST(AnIdentifier, NamesAChannelAndItsParameters) {
    const auto parsed = parse_identifier(R"({"channel":"StreamsChannel","status":"live"})");
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->channel, "StreamsChannel");
    EXPECT_EQ(parsed->params.at("status"), "live");
    EXPECT_FALSE(parse_identifier("StreamsChannel"));
    EXPECT_FALSE(parse_identifier(R"({"channel":7})"));
    EXPECT_FALSE(parse_identifier(R"({"status":"live"})"));
    EXPECT_FALSE(
        parse_identifier(R"({"channel":"S","pad":")" + std::string(kMaxIdentifier, 'x') + R"("})"));
}

}  // namespace
}  // namespace streamwall::hub
