// How sessions are reached, and how many of them there may be.
#include "world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace streamwall::socket_io {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

constexpr std::string_view kPolling = "EIO=4&transport=polling";
constexpr std::string_view kWebSocket = "EIO=4&transport=websocket";

TEST(AServer, BeginsSessionsOverEitherTransport) {
    World world;
    const auto* polled = world.get(kPolling);
    EXPECT_EQ(polled->status, 200);
    EXPECT_THAT(polled->body, StartsWith(R"(0{"sid":")"));
    EXPECT_THAT(polled->body, HasSubstr(R"("upgrades":["websocket"])"));
    auto* socket = world.open(kWebSocket);
    EXPECT_THAT(world.news(socket), ElementsAre(StartsWith(R"(0{"sid":")")));
    EXPECT_EQ(world.server->sessions(), 2u);
}

TEST(AServer, RefusesRequestsWithTheProtocolsCodes) {
    World world;
    const auto id = world.begin();
    struct Case {
        std::string method, query;
        int code;
    };
    for (const auto& [method, query, code] : std::vector<Case>{
             {"GET", "", 0},
             {"GET", "EIO=4&transport=abc", 0},
             {"GET", "EIO=4&transport=polling&sid=unknown", 1},
             {"POST", "EIO=4&transport=polling&sid=unknown", 1},
             {"POST", "EIO=4&transport=polling", 2},
             {"HEAD", "EIO=4&transport=polling", 2},
             {"GET", "EIO=4&transport=websocket", 3},
             {"GET", "EIO=4&transport=websocket&sid=" + id, 3},
             {"POST", "EIO=4&transport=websocket&sid=" + id, 3},
             {"GET", "EIO=3&transport=polling", 5},
             {"POST", "EIO=3&transport=polling&sid=" + id, 5},
         }) {
        const auto* answer =
            method == "POST" ? world.post(query, "3") : world.get(query, {}, method);
        EXPECT_EQ(answer->status, 400) << method << " " << query;
        EXPECT_THAT(answer->body, StartsWith("{\"code\":" + std::to_string(code) + ","))
            << method << " " << query;
    }
    for (const auto& [query, code] :
         std::vector<std::pair<std::string, int>>{{"", 0},
                                                  {"EIO=4", 0},
                                                  {"EIO=3&transport=websocket", 5},
                                                  {"EIO=4&transport=polling", 3},
                                                  {"EIO=4&transport=websocket&sid=unknown", 1}}) {
        auto* socket = world.open(query);
        EXPECT_EQ(socket->close_code, kProtocolError) << query;
        EXPECT_THAT(socket->close_reason, StartsWith("{\"code\":" + std::to_string(code) + ","));
        world.say(socket, "40");
        EXPECT_TRUE(socket->sent.empty());
    }
    EXPECT_EQ(world.server->sessions(), 1u) << "the first one is unharmed";
}

TEST(AServer, EndsASessionThatSendsWhatIsMalformed) {
    for (const std::string_view body : {"", "abc", "7", "2", "0", "5", "6", "bAQI=", "4", "4abc",
                                        "42{}", "42abc[\"a\"]", "44", "3\x1e", "42[\"a\"]",
                                        "3\x1e\x1e"
                                        "3"}) {
        World world;
        const auto query = std::string(kPolling) + "&sid=" + world.begin();
        EXPECT_EQ(world.post(query, body)->status, 400) << body;
        world.run();
        EXPECT_EQ(world.get(query)->status, 400) << body;
        EXPECT_EQ(world.server->sessions(), 0u) << body;
    }
}

TEST(AServer, EndsASocketThatSendsWhatIsMalformed) {
    for (const std::string_view text : {"", "abc", "2", "2probe", "5", "4x", "42[\"a\"]"}) {
        World world;
        auto* socket = world.open(kWebSocket);
        world.say(socket, text);
        EXPECT_EQ(socket->close_code, kPolicyViolation) << text;
        world.run();
        EXPECT_EQ(world.server->sessions(), 0u);
    }
    World world;
    auto* socket = world.open(kWebSocket);
    world.say(socket, "\x01\x02", false);
    EXPECT_EQ(socket->close_reason, "a binary message is not expected");
}

TEST(AServer, TakesSoManySessionsAndNoMore) {
    World world({.max_sessions = 2});
    world.begin();
    auto* socket = world.open(kWebSocket);
    const auto* refused = world.get(kPolling);
    EXPECT_EQ(refused->status, 503);
    EXPECT_THAT(refused->body, HasSubstr("too many sessions"));
    EXPECT_EQ(world.open(kWebSocket)->close_code, kTryAgainLater);
    world.close(socket);
    world.run();
    EXPECT_EQ(world.get(kPolling)->status, 200);
}

TEST(AServer, TakesSoManyStrangersOfAnAddress) {
    World world({.max_strangers = 2});
    const auto id = world.begin();
    world.begin();
    EXPECT_EQ(world.get(kPolling)->status, 503);
    EXPECT_EQ(world.get(kPolling, {}, "GET", "10.0.0.2")->status, 200) << "another address";
    world.connected(id);
    world.pass(100ms);
    EXPECT_EQ(world.get(kPolling)->status, 200) << "it is no stranger any more";
    EXPECT_EQ(world.get(kPolling)->status, 503);
}

TEST(AServer, EndsSessionsThatConnectToNothing) {
    World world;
    const auto id = world.begin();
    world.pass(19'900ms);
    EXPECT_EQ(world.server->sessions(), 1u);
    world.pass(100ms);
    EXPECT_EQ(world.server->sessions(), 0u);
    EXPECT_THAT(world.get(std::string(kPolling) + "&sid=" + id)->body,
                HasSubstr("it has connected to no namespace"));
}

TEST(AServer, EndsASessionThatSendsTooMuchAtATime) {
    World world;
    auto* socket = world.open(kWebSocket);
    for (int n = 0; n < 500; ++n)
        world.say(socket, "3");
    EXPECT_EQ(socket->close_code, 0);
    world.say(socket, "3");
    EXPECT_EQ(socket->close_reason, "too many packets");
}

TEST(AServer, EndsAllWhenItStopsAndTakesNoneAfterwards) {
    World world;
    const auto query = std::string(kPolling) + "&sid=" + world.begin();
    auto* waiting = world.get(query);
    auto* socket = world.open(kWebSocket);
    world.server->shut_down();
    EXPECT_EQ(waiting->body, "1");
    EXPECT_EQ(socket->close_code, kGoingAway);
    EXPECT_EQ(world.get(kPolling)->status, 503);
    EXPECT_EQ(world.open(kWebSocket)->close_code, kTryAgainLater);
}

}  // namespace
}  // namespace streamwall::socket_io
