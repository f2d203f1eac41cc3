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
