// Namespaces, events, and who may come.
#include "world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace streamwall::socket_io {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

class AClient : public testing::Test {
  protected:
    sw_ws_connection* open(std::string_view user = {}) {
        auto* socket = world.open("EIO=4&transport=websocket", user);
        world.news(socket);
        return socket;
    }
    // In the namespace, as the user of the token.
    sw_ws_connection* member() {
        auto* socket = open();
        world.say(socket, R"(40/games,{"token":"good"})");
        const auto call = world.take();
        subscription = std::string(call.request.at("subscription").as_string());
        World::admit(call);
        EXPECT_THAT(world.news(socket), ElementsAre(StartsWith(R"(40/games,{"sid":")")));
        return socket;
    }

    World world;
    std::string subscription;
};

TEST_F(AClient, IsAskedForATokenBeforeThePluginIs) {
    auto* socket = open();
    world.say(socket, R"(40/games,{"token":"good","seat":2})");
    const auto call = world.take();
    EXPECT_EQ(call.channel, "GameChannel");
    EXPECT_EQ(call.method, "subscribe");
    EXPECT_EQ(call.user, "7");
    EXPECT_EQ(boost::json::serialize(call.request.at("params")),
              R"({"seat":2,"channel":"GameChannel"})")
        << "the token is nobody's business";
    EXPECT_THAT(world.news(socket), IsEmpty());
    World::admit(call, R"(["a"])", R"([{"action":"hi","n":1}])");
    EXPECT_THAT(world.news(socket),
                ElementsAre(StartsWith(R"(40/games,{"sid":")"), R"(42/games,["hi",{"n":1}])"));
}

TEST_F(AClient, IsWhoTheListenerSaysWhereItNamesNoToken) {
    auto* socket = open("3");
    world.say(socket, "40/games,");
    EXPECT_EQ(world.take().user, "3");
    auto* other = open("3");
    world.say(other, R"(40/games,{"token":"good"})");
    EXPECT_EQ(world.take().user, "7") << "what it says itself counts more";
    auto* wrong = open("3");
    world.say(wrong, R"(40/games,{"token":"bad"})");
    world.run();
    EXPECT_THAT(world.news(wrong), ElementsAre(R"(44/games,{"message":"Authentication error"})"));
}

TEST_F(AClient, IsToldThatItsTokenIsMissingOrWrong) {
    for (const std::string_view auth :
         {"", "{}", R"({"token":"bad"})", R"({"token":""})", R"({"token":7})", R"({"token":null})",
          R"({"token":"good","token":"good"})"}) {
        auto* socket = open();
        world.say(socket, std::string("40/games,").append(auth));
        world.run();
        EXPECT_THAT(world.news(socket),
                    ElementsAre(R"(44/games,{"message":"Authentication error"})"))
            << auth;
        EXPECT_EQ(socket->close_code, 0) << "it may try again";
        world.say(socket, R"(40/games,{"token":"good"})");
        EXPECT_EQ(world.take().method, "subscribe");
    }
}

TEST_F(AClient, IsToldWhatKeepsItOutOfANamespace) {
    auto* socket = open("3");
    world.say(socket, "40");
    EXPECT_THAT(world.news(socket), ElementsAre(R"(44{"message":"Invalid namespace"})"));
    world.say(socket, "40/other,");
    EXPECT_THAT(world.news(socket), ElementsAre(R"(44/other,{"message":"Invalid namespace"})"));
    world.say(socket, "40/games,");
    world.take().done(Error{SW_PERMISSION_DENIED, "the table is closed", {}, {}});
    EXPECT_THAT(world.news(socket), ElementsAre(R"(44/games,{"message":"the table is closed"})"));
    for (int n = 1; n < 16; ++n)
        world.say(socket, "40/more" + std::to_string(n) + ",");
    EXPECT_EQ(world.asked.size(), 15u);
    world.say(socket, "40/more16,");
    EXPECT_THAT(world.news(socket), ElementsAre(R"(44/more16,{"message":"Too many namespaces"})"));
}

TEST_F(AClient, WaitsForWhoChecksTokensAndForThePlugin) {
    world.knows_tokens = false;
    auto* socket = open();
    world.say(socket, R"(40/games,{"token":"good"})");
    world.pass(3s);
    EXPECT_THAT(world.asked, IsEmpty());
    world.knows_tokens = true;
    world.pass(500ms);
    world.take().done(Error::unavailable("not yet"));
    world.pass(1s);
    EXPECT_THAT(world.news(socket), IsEmpty());
    World::admit(world.take());
    EXPECT_THAT(world.news(socket), ElementsAre(StartsWith("40/games,")));
}

TEST_F(AClient, IsToldAfterAWhileThatAPluginIsAway) {
    auto* socket = open("3");
    world.say(socket, "40/games,");
    world.take().done(Error::unavailable("away"));
    for (int n = 0; n < 20; ++n) {
        EXPECT_THAT(world.news(socket), IsEmpty());
        world.pass(1s);
        while (!world.asked.empty())
            world.take().done(Error::unavailable("away"));
        world.run();
    }
    EXPECT_THAT(world.news(socket),
                ElementsAre(R"(44/games,{"message":"The namespace is not available now"})"));
    world.pass(1s);
    EXPECT_THAT(world.asked, IsEmpty());
}

TEST_F(AClient, HearsItsRoomsAndIsHeardByThePlugin) {
    auto* socket = member();
    world.broadcast(R"({"action":"user-joined","userId":"7"})");
    world.broadcast(R"({"n":1})", R"("room":"b")");
    EXPECT_THAT(world.news(socket), ElementsAre(R"(42/games,["user-joined",{"userId":"7"}])"));
    world.say(socket, R"(42/games,["join-game",{"gameId":"g"}])");
    const auto call = world.take();
    EXPECT_EQ(call.method, "receive");
    EXPECT_EQ(call.user, "7");
    EXPECT_EQ(boost::json::serialize(call.request.at("data")),
              R"({"gameId":"g","action":"join-game"})");
    call.done(Buffer(R"({"reply":{"action":"error","code":"C","message":"m"}})"));
    EXPECT_THAT(world.news(socket),
                ElementsAre(R"(42/games,["error",{"code":"C","message":"m"}])"));
}

TEST_F(AClient, IsAnsweredWhereItAsksForThat) {
    auto* socket = member();
    world.say(socket, R"(42/games,0["move",{}])");
    world.take().done(Buffer("{}"));
    EXPECT_THAT(world.news(socket), ElementsAre(R"(43/games,0[{"ok":true}])"));
    world.say(socket, R"(42/games,1["move",{}])");
    world.take().done(Error::unavailable("away"));
    EXPECT_THAT(world.news(socket),
                ElementsAre(R"(42/games,["error",{"code":"unavailable","message":"away"}])",
                            R"(43/games,1[{"ok":false,"code":"unavailable","message":"away"}])"));
    world.say(socket, R"(42/games,2["move",1])");
    EXPECT_THAT(world.news(socket), ElementsAre(HasSubstr("an event takes one object"),
                                                StartsWith("43/games,2[{\"ok\":false")));
}

TEST_F(AClient, IsToldThatBinaryDataIsNotTaken) {
    auto* socket = member();
    world.say(socket, R"(452-/games,["a",{"_placeholder":true,"num":0}])");
    world.say(socket, "\x01", false);
    world.say(socket, "\x02", false);
    EXPECT_THAT(world.news(socket), ElementsAre(HasSubstr(R"("code":"binary_not_supported")")));
    EXPECT_EQ(socket->close_code, 0);
    world.say(socket, "\x03", false);
    EXPECT_EQ(socket->close_code, kPolicyViolation);
}

TEST_F(AClient, LeavesOneNamespaceAndStaysInTheOther) {
    auto* socket = member();
    world.say(socket, R"(40/more,{"token":"good"})");
    World::admit(world.take());
    world.news(socket);
    world.say(socket, "41/games,");
    const auto call = world.take();
    EXPECT_EQ(call.method, "unsubscribe");
    EXPECT_EQ(boost::json::serialize(call.request.at("subscriptions")),
              "[\"" + subscription + "\"]");
    world.broadcast(R"({"n":1})");
    EXPECT_THAT(world.news(socket), ElementsAre(R"(42/more,["message",{"n":1}])"));
    world.say(socket, R"(42/games,["a"])");
    EXPECT_EQ(socket->close_code, kPolicyViolation) << "it has left";
}

TEST_F(AClient, LeavesItsRoomsWhenItsConnectionCloses) {
    auto* socket = member();
    world.close(socket);
    EXPECT_EQ(world.take().method, "unsubscribe");
    world.broadcast("{}");
    EXPECT_THAT(world.news(socket), IsEmpty());
}

TEST_F(AClient, IsPutOutByThePlugin) {
    auto* socket = member();
    EXPECT_TRUE(world.server->rooms().opened(R"({"channel":"GameChannel","owner":"two"})"));
    EXPECT_EQ(world.take().method, "unsubscribe");
    world.take().done(Error{SW_PERMISSION_DENIED, "not any more", {}, {}});
    world.run();
    EXPECT_THAT(world.news(socket), ElementsAre("41/games,"));
    world.say(socket, R"(42/games,["a"])");
    EXPECT_EQ(socket->close_code, 0) << "it may not have heard of that yet";
    EXPECT_THAT(world.asked, IsEmpty());
    world.say(socket, R"(40/games,{"token":"good"})");
    EXPECT_EQ(world.take().method, "subscribe");
}

TEST_F(AClient, ComesBackWhereItsCredentialsHaveChanged) {
    auto* socket = member();
    auto* other = open("3");
    world.server->forget("user", "8");
    world.server->forget("key", "7");
    EXPECT_EQ(socket->close_code, 0);
    world.server->forget("user", "7");
    EXPECT_EQ(socket->close_reason, "its credentials have changed");
    EXPECT_EQ(other->close_code, 0);
    world.server->forget("user", "3");
    EXPECT_NE(other->close_code, 0);
}

TEST_F(AClient, IsDisconnectedWithinSecondsWhenItsTokenHasEnded) {
    auto* socket = member();
    world.pass(10s);
    world.knows_tokens = false;
    world.pass(10s);
    EXPECT_EQ(socket->close_code, 0) << "nobody knows";
    world.knows_tokens = true;
    world.users.clear();
    world.pass(5s);
    EXPECT_EQ(socket->close_reason, "its credentials have changed");
}

TEST_F(AClient, IsDisconnectedWithinSecondsWhereItsTokenStandsForSomebodyElse) {
    auto* socket = member();
    world.users["good"] = "8";
    world.pass(5s);
    EXPECT_EQ(socket->close_reason, "its credentials have changed");
}

TEST_F(AClient, MayNotConnectTwiceAtATime) {
    auto* socket = member();
    world.say(socket, R"(40/games,{"token":"good"})");
    EXPECT_EQ(socket->close_reason, "connected twice");
}

TEST_F(AClient, IsNotHarmedByAnswersThatComeLate) {
    auto* socket = open("3");
    world.say(socket, "40/games,");
    const auto late = world.take();
    world.say(socket, "41/games,");
    EXPECT_EQ(world.take().method, "unsubscribe");
    world.say(socket, "40/games,");
    const auto call = world.take();
    late.done(Error::unavailable("away"));
    world.run();
    EXPECT_THAT(world.news(socket), IsEmpty());
    World::admit(call);
    world.run();
    EXPECT_THAT(world.news(socket), ElementsAre(StartsWith("40/games,")));
}

}  // namespace
}  // namespace streamwall::socket_io
