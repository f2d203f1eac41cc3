// What clients send, and what it is refused for.
#include "engine_codec.hpp"
#include "mapping.hpp"
#include "packet_codec.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace streamwall::socket_io {
namespace {

using testing::ElementsAre;

TEST(AWish, IsRefusedAsTheProtocolSays) {
    struct Case {
        std::string_view query;
        std::string_view refusal;
    };
    for (const auto& [query, refusal] : std::vector<Case>{
             {"", R"({"code":0,"message":"Transport unknown"})"},
             {"EIO=4", R"({"code":0,"message":"Transport unknown"})"},
             {"EIO=4&transport=", R"({"code":0,"message":"Transport unknown"})"},
             {"EIO=4&transport=flashsocket", R"({"code":0,"message":"Transport unknown"})"},
             {"EIO=4&transport=webtransport", R"({"code":0,"message":"Transport unknown"})"},
             {"transport=polling", R"({"code":5,"message":"Unsupported protocol version"})"},
             {"EIO=3&transport=polling", R"({"code":5,"message":"Unsupported protocol version"})"},
             {"EIO=44&transport=websocket",
              R"({"code":5,"message":"Unsupported protocol version"})"},
             {"xEIO=4&transport=polling", R"({"code":5,"message":"Unsupported protocol version"})"},
         }) {
        const auto wish = parse_wish(query);
        ASSERT_FALSE(wish) << query;
        EXPECT_EQ(render_refusal(wish.error()), refusal) << query;
    }
    EXPECT_EQ(render_refusal(Refusal::kUnknownSession, "too slow"),
              R"({"code":1,"message":"Session ID unknown","reason":"too slow"})");
    EXPECT_EQ(render_refusal(Refusal::kBadMethod),
              R"({"code":2,"message":"Bad handshake method"})");
    EXPECT_EQ(render_refusal(Refusal::kBadRequest), R"({"code":3,"message":"Bad request"})");
    EXPECT_EQ(render_refusal(Refusal::kForbidden), R"({"code":4,"message":"Forbidden"})");
}

TEST(AWish, NamesTransportAndSessionInWhateverOrder) {
    const auto first = parse_wish("EIO=4&transport=polling&t=abc");
    ASSERT_TRUE(first);
    EXPECT_EQ(first->transport, Transport::kPolling);
    EXPECT_EQ(first->session, "");
    const auto later = parse_wish("sid=7f&t=x&transport=websocket&EIO=4");
    ASSERT_TRUE(later);
    EXPECT_EQ(later->transport, Transport::kWebSocket);
    EXPECT_EQ(later->session, "7f");
}

std::vector<std::string> split(std::string_view payload) {
    std::vector<std::string> out;
    for (std::string_view packet; take_packet(payload, packet);)
        out.emplace_back(packet);
    return out;
}

TEST(APayload, HoldsPacketsBetweenSeparators) {
    EXPECT_THAT(split("4hello"), ElementsAre("4hello"));
    EXPECT_THAT(split("4a\x1e"
                      "2\x1e"
                      "4b"),
                ElementsAre("4a", "2", "4b"));
    EXPECT_THAT(split(""), ElementsAre(""));
    EXPECT_THAT(split("4a\x1e"), ElementsAre("4a", ""));
    EXPECT_THAT(split("\x1e\x1e"
                      "3"),
                ElementsAre("", "", "3"));
}

TEST(APacket, BeginsWithItsType) {
    for (const std::string_view text : {"0", "1", "2probe", "3probe", "4text", "5", "6", "bAQI="}) {
        const auto packet = parse_packet(text);
        ASSERT_TRUE(packet) << text;
        EXPECT_EQ(static_cast<char>(packet->type), text[0]);
        EXPECT_EQ(packet->data, text.substr(1));
    }
    for (const std::string_view text : {"", "7", "9", "a", "x4", " 4", "\x1e", "-1", "B"})
        EXPECT_FALSE(parse_packet(text)) << text;
}

TEST(AnOpenPacket, AnnouncesTimesAndTheLargestPayload) {
    EXPECT_EQ(render_open("s1", Transport::kPolling, {}, 65'536),
              R"(0{"sid":"s1","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,)"
              R"("maxPayload":65536})");
    EXPECT_EQ(render_open("s1", Transport::kWebSocket,
                          {std::chrono::milliseconds(300), std::chrono::milliseconds(200)}, 1'000),
              R"(0{"sid":"s1","upgrades":[],"pingInterval":300,"pingTimeout":200,)"
              R"("maxPayload":1000})");
}

TEST(AMessage, HasTypeNamespaceIdAndData) {
    struct Case {
        std::string_view text;
        MessageType type;
        std::string_view space;
        std::optional<std::int64_t> id;
        std::string_view data;
    };
    for (const auto& [text, type, space, id, data] : std::vector<Case>{
             {"0", MessageType::kConnect, "/", {}, "null"},
             {R"(0{"token":"t"})", MessageType::kConnect, "/", {}, R"({"token":"t"})"},
             {"0/games,", MessageType::kConnect, "/games", {}, "null"},
             {"0/games", MessageType::kConnect, "/games", {}, "null"},
             {R"(0/games,{"token":"a,b"})",
              MessageType::kConnect,
              "/games",
              {},
              R"({"token":"a,b"})"},
             {"1/games,", MessageType::kDisconnect, "/games", {}, "null"},
             {"1", MessageType::kDisconnect, "/", {}, "null"},
             {R"(2["a"])", MessageType::kEvent, "/", {}, R"(["a"])"},
             {R"(2/games,["a",{"b":1}])", MessageType::kEvent, "/games", {}, R"(["a",{"b":1}])"},
             {R"(2/games,7["a"])", MessageType::kEvent, "/games", 7, R"(["a"])"},
             {R"(20["a"])", MessageType::kEvent, "/", 0, R"(["a"])"},
             {R"(3/games,12[])", MessageType::kAck, "/games", 12, "[]"},
         }) {
        const auto message = parse_message(text);
        ASSERT_TRUE(message) << text;
        EXPECT_EQ(message->type, type) << text;
        EXPECT_EQ(message->space, space) << text;
        EXPECT_EQ(message->id, id) << text;
        EXPECT_EQ(boost::json::serialize(message->data), data) << text;
        EXPECT_EQ(message->problem, "") << text;
    }
}

TEST(AMessage, OfBinaryDataSaysHowMuchFollows) {
    const auto message = parse_message(R"(52-/games,3["a",{"_placeholder":true,"num":0}])");
    ASSERT_TRUE(message);
    EXPECT_EQ(message->type, MessageType::kBinaryEvent);
    EXPECT_EQ(message->attachments, 2u);
    EXPECT_EQ(message->id, 3);
    for (const std::string_view text :
         {R"(5["a"])", R"(5-["a"])", R"(5x-["a"])", R"(511-["a"])", R"(5-1-["a"])", R"(51["a"])",
          R"(599999999999999999999-["a"])", "51-", "6"}) {
        EXPECT_FALSE(parse_message(text)) << text;
    }
}

TEST(AMessage, IsMalformedWhereNoClientSendsIt) {
    const std::string long_name = "0/" + std::string(kMaxSpace, 'a');
    const std::string deep = "2[\"a\"," + std::string(40, '[') + std::string(40, ']') + "]";
    for (const std::string_view text :
         std::vector<std::string_view>{"",
                                       "7",
                                       "x",
                                       "a[\"b\"]",
                                       "2",
                                       "2{}",
                                       "2[]",
                                       "2[1]",
                                       "2[null]",
                                       "2[\"a\"",
                                       "2\"a\"",
                                       "2abc",
                                       R"(2abc["a"])",
                                       R"(2-1["a"])",
                                       R"(299999999999999999999["a"])",
                                       R"(29007199254740993["a"])",
                                       "0[]",
                                       "0\"t\"",
                                       "0/games,[]",
                                       "1{}",
                                       "1/games,[]",
                                       "3{}",
                                       "3",
                                       "4",
                                       R"(4{"message":"x"})",
                                       "0/ga mes,",
                                       "0/g\xc3\xa4mes,",
                                       long_name,
                                       "2[\"\xff\"]",
                                       "2[\"a\"] x",
                                       deep}) {
        EXPECT_FALSE(parse_message(text)) << text;
    }
}

TEST(AMessage, OfJsonThatIsRefusedSaysWhy) {
    struct Case {
        std::string_view text, problem;
    };
    for (const auto& [text, problem] : std::vector<Case>{
             {R"(2["a",{"b":1,"b":2}])", "an object has the same key twice"},
             {R"(2["a",9223372036854775808])", "an integer is out of the 64-bit signed range"},
             {R"(2["a",{"b":"\u0000"}])", "a text contains the character U+0000"},
         }) {
        const auto message = parse_message(text);
        ASSERT_TRUE(message) << text;
        EXPECT_EQ(message->problem, problem);
        const auto data = to_message(*message);
        ASSERT_FALSE(data);
        EXPECT_EQ(data.error().message, problem);
    }
}

TEST(APacketToAClient, NamesItsNamespaceUnlessThatIsTheMainOne) {
    EXPECT_EQ(render_connect("/", "s"), R"(40{"sid":"s"})");
    EXPECT_EQ(render_connect("/games", "s"), R"(40/games,{"sid":"s"})");
    EXPECT_EQ(render_connect_error("/games", "Authentication error"),
              R"(44/games,{"message":"Authentication error"})");
    EXPECT_EQ(render_disconnect("/games"), "41/games,");
    EXPECT_EQ(render_disconnect("/"), "41");
    EXPECT_EQ(render_event("/games", "a\"b", "{}"), R"(42/games,["a\"b",{}])");
    EXPECT_EQ(render_ack("/", 7, "1"), "437[1]");
    EXPECT_EQ(render_ack("/games", 0, R"({"ok":true})"), R"(43/games,0[{"ok":true}])");
}

TEST(AMessageOfARoom, IsAnEventByTheNameOfItsAction) {
    EXPECT_EQ(to_event("/games", R"({"action":"user-joined","userId":"7","timestamp":"t"})"),
              R"(42/games,["user-joined",{"userId":"7","timestamp":"t"}])");
    EXPECT_EQ(to_event("/games", R"({"action":"error","code":"C","message":"m"})"),
              R"(42/games,["error",{"code":"C","message":"m"}])");
    EXPECT_EQ(to_event("/", R"({"code":1,"action":"a","b":[1,2]})"),
              R"(42["a",{"code":1,"b":[1,2]}])");
    for (const std::string_view plain :
         {R"({"a":1})", R"({"action":1})", R"({"action":"connect","a":1})",
          R"({"action":"disconnect"})", "[1]", "{}"}) {
        EXPECT_EQ(to_event("/", plain), std::string(R"(42["message",)").append(plain) + "]");
    }
}

TEST(AnEvent, IsAMessageWhoseActionIsItsName) {
    struct Case {
        std::string_view text, message;
    };
    for (const auto& [text, message] : std::vector<Case>{
             {R"(2["join-game",{"gameId":"g"}])", R"({"gameId":"g","action":"join-game"})"},
             {R"(2["leave"])", R"({"action":"leave"})"},
             {R"(2["a",{"action":"b"}])", R"({"action":"a"})"},
         }) {
        const auto data = to_message(*parse_message(text));
        ASSERT_TRUE(data) << text;
        EXPECT_EQ(boost::json::serialize(*data), message);
    }
    for (const std::string_view text :
         {R"(2["a",1])", R"(2["a",[]])", R"(2["a",null])", R"(2["a",{},{}])", R"(2["a","b"])"}) {
        const auto data = to_message(*parse_message(text));
        ASSERT_FALSE(data) << text;
        EXPECT_EQ(data.error().message, "an event takes one object");
    }
    EXPECT_FALSE(to_message(*parse_message(R"(2["disconnect"])")));
}

TEST(AnAcknowledgement, SaysWhetherThePluginHasTakenTheEvent) {
    EXPECT_EQ(to_ack(""), R"({"ok":true})");
    EXPECT_EQ(to_ack(R"({"action":"error","code":"C","message":"m"})"),
              R"({"ok":false,"code":"C","message":"m"})");
    EXPECT_EQ(to_ack("x"), R"({"ok":false})");
}

}  // namespace
}  // namespace streamwall::socket_io
