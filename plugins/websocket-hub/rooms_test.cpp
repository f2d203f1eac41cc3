// Channels of other plugins through the hub: the plugin is the test.
#include "room_world.hpp"

#include <gmock/gmock.h>

namespace streamwall::hub {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST_F(ARoom, AsksThePluginInTheClientsNameAndConfirmsWhenItAdmits) {
    auto* client = connect({.role = "editor"});
    http.receive(client, command("subscribe", kTable));
    const auto call = take();
    EXPECT_EQ(call.channel, "TableChannel");
    EXPECT_EQ(call.method, "subscribe");
    EXPECT_EQ(call.role, "editor");
    EXPECT_EQ(call.request.at("params"), json::parse(kTable).value());
    EXPECT_THAT(news(client), IsEmpty());
    admit(call, R"(["a"])", 0, R"([{"action":"hi"},{"action":"ho"}])");
    EXPECT_THAT(news(client),
                ElementsAre(answer("confirm_subscription"), message(R"({"action":"hi"})"),
                            message(R"({"action":"ho"})")));
    http.receive(client, command("subscribe", kTable));
    EXPECT_THAT(news(client), ElementsAre(answer("confirm_subscription")));
    EXPECT_THAT(asked, IsEmpty());
}

TEST_F(ARoom, SaysWhyItRejects) {
    auto* client = connect();
    http.receive(client, command("subscribe", kTable));
    take().done(Error{SW_PERMISSION_DENIED, "not you", {}, {}});
    EXPECT_THAT(news(client).at(0),
                HasSubstr(R"("type":"reject_subscription","reason":"not you")"));
    http.receive(client, command("subscribe", kTable));
    take().done(Buffer("{}"));
    EXPECT_THAT(news(client).at(0), HasSubstr("reject_subscription"));
    http.receive(client, command("message", kTable, R"({"action":"x"})"));
    EXPECT_THAT(asked, IsEmpty());
}

TEST_F(ARoom, WatchesOverAConnectionForAsLongAsItIsThere) {
    auto* client = connect();
    http.receive(client, command("subscribe", R"({"channel":"StreamsChannel"})"));
    EXPECT_EQ(client->silence_ms, 0U);
    http.receive(client, command("subscribe", kTable));
    EXPECT_EQ(client->silence_ms, 6'000U);
    http.receive(client, command("unsubscribe", kTable));
    EXPECT_EQ(client->silence_ms, 0U);
}

TEST_F(ARoom, NeedsANameThatAChannelCanHave) {
    auto* client = connect();
    for (const std::string_view name : {"", "table", "A.B", "A/B", "Ä"}) {
        const auto identifier = json::Writer().text("channel", name).take();
        http.receive(client, command("subscribe", identifier));
        EXPECT_THAT(news(client).at(0), HasSubstr("reject_subscription")) << name;
    }
    EXPECT_THAT(asked, IsEmpty());
}

TEST_F(ARoom, IsFoundBehindAnyNumberOfWrongNamesOnceItsPluginHasSaidThatItIsThere) {
    auto* client = connect();
    for (int n = 0; n < 1100; ++n) {
        if (n % 50 == 0) client = connect();  // each may send so much at a time
        const auto name = fmt::format("Wrong{}", n);
        http.receive(client, command("subscribe", json::Writer().text("channel", name).take()));
        if (!asked.empty()) take().done(Error::unavailable("nobody"));
    }
    client = connect();
    http.receive(client, command("subscribe", kTable));
    ASSERT_THAT(asked, IsEmpty()) << "names cost memory";
    EXPECT_THAT(news(client).at(0), HasSubstr("reject_subscription"));
    EXPECT_TRUE(hub.open_room(R"({"channel":"TableChannel","owner":"one"})"));
    http.receive(client, command("subscribe", kTable));
    admit(take());
    EXPECT_THAT(news(client), ElementsAre(answer("confirm_subscription")));
}

TEST_F(ARoom, SendsToARoomToOneAndToAllButOne) {
    std::string first, second;
    auto* one = member(&first);
    auto* two = member(&second);
    broadcast(1, "{}");
    EXPECT_THAT(news(one), ElementsAre(message("{}")));
    EXPECT_THAT(news(two), ElementsAre(message("{}")));
    broadcast(2, "[2]", fmt::format(R"("room":"a","except":"{}")", first));
    EXPECT_THAT(news(one), IsEmpty());
    EXPECT_THAT(news(two), ElementsAre(message("[2]")));
    broadcast(3, "[3]", fmt::format(R"("to":"{}")", first));
    EXPECT_THAT(news(one), ElementsAre(message("[3]")));
    broadcast(4, "[4]", R"("room":"b")");
    broadcast(5, "[5]", R"("to":"somebody")");
    EXPECT_THAT(news(one), IsEmpty());
    EXPECT_THAT(news(two), IsEmpty());
}

TEST_F(ARoom, MovesAMemberWhereThePluginSays) {
    std::string id;
    auto* client = member(&id);
    broadcast(1, "[1]", fmt::format(R"("to":"{}","rooms":["b","\"c\""])", id));
    broadcast(2, "[2]");
    broadcast(3, "[3]", R"("room":"\"c\"")");
    EXPECT_THAT(news(client), ElementsAre(message("[1]"), message("[3]")));
}

TEST_F(ARoom, BeginsBehindTheAdmissionWhicheverComesFirst) {
    auto* early = member();
    auto* client = connect();
    http.receive(client, command("subscribe", kTable));
    const auto call = take();
    broadcast(6, "[6]");
    broadcast(7, "[7]");
    broadcast(1, "[1]", R"("room":"a")", "another run");
    admit(call, R"(["a"])", 6, R"(["state"])");
    EXPECT_THAT(news(client), ElementsAre(answer("confirm_subscription"), message(R"("state")"),
                                          message("[7]"), message("[1]")));
    EXPECT_EQ(news(early).size(), 3U);
    http.receive(early, command("unsubscribe", kTable));
    http.receive(early, command("subscribe", kTable));
    asked.pop_front();
    admit(take(), R"(["a"])", 9);
    news(early);
    broadcast(9, "[9]");
    broadcast(10, "[10]");
    EXPECT_THAT(news(early), ElementsAre(message("[10]"))) << "9 was in its admission";
}

TEST_F(ARoom, IsAskedAgainWhereTooMuchCameBeforeItsAdmission) {
    auto* client = connect();
    http.receive(client, command("subscribe", kTable));
    const std::string large = '"' + std::string(1 << 20, '.') + '"';
    for (int position = 1; position <= 6; ++position)
        broadcast(position, large);
    admit(take());
    EXPECT_THAT(news(client), IsEmpty()) << "what came first is gone";
    const auto again = take();
    EXPECT_EQ(again.request.at("again"), true);
    broadcast(7, "7");
    admit(again, R"(["a"])", 6);
    EXPECT_THAT(news(client), ElementsAre(answer("confirm_subscription"), message("7")));
}

TEST_F(ARoom, GivesThePluginWhatAClientSendsAndTheClientTheReply) {
    std::string id;
    auto* client = member(&id);
    http.receive(client, command("message", kTable, R"({"action":"go","x":1})"));
    auto call = take();
    EXPECT_EQ(call.method, "receive");
    EXPECT_EQ(call.request.at("subscription"), json_text(id));
    EXPECT_EQ(boost::json::serialize(call.request.at("data")), R"({"action":"go","x":1})");
    call.done(Buffer(R"({"reply":{"action":"error"}})"));
    EXPECT_THAT(news(client), ElementsAre(message(R"({"action":"error"})")));
    http.receive(client, command("message", kTable, R"({"action":"go"})"));
    take().done(Buffer("{}"));
    EXPECT_THAT(news(client), IsEmpty());
    http.receive(client, command("message", kTable, R"({"action":"go"})"));
    take().done(Error::unavailable("it is away"));
    EXPECT_THAT(
        news(client),
        ElementsAre(message(R"({"action":"error","code":"unavailable","message":"it is away"})")));
}

TEST_F(ARoom, TellsThePluginWhoHasGone) {
    std::string first, second;
    auto* one = member(&first);
    auto* two = member(&second);
    http.receive(one, command("unsubscribe", kTable));
    auto call = take();
    EXPECT_EQ(call.method, "unsubscribe");
    EXPECT_EQ(call.request.at("subscriptions").as_array().at(0), json_text(first));
    disconnect(two);
    call = take();
    EXPECT_EQ(call.request.at("subscriptions").as_array().at(0), json_text(second));
    broadcast(1, "{}");
    EXPECT_THAT(news(one), IsEmpty());
    http.receive(one, command("message", kTable, R"({"action":"go"})"));
    EXPECT_THAT(asked, IsEmpty());
}

TEST_F(ARoom, ForgetsWhoWentWhileItWasAdmitted) {
    auto* client = connect();
    http.receive(client, command("subscribe", kTable));
    const auto call = take();
    http.receive(client, command("unsubscribe", kTable));
    EXPECT_EQ(take().method, "unsubscribe");
    admit(call);
    broadcast(1, "{}");
    EXPECT_THAT(news(client), IsEmpty());
}

TEST_F(ARoom, TellsThePluginsWhenTheHubStops) {
    auto* client = member();
    hub.shut_down();
    const auto call = take();
    EXPECT_EQ(call.channel, "TableChannel");
    EXPECT_EQ(call.method, "unsubscribe");
    EXPECT_TRUE(call.request.at("keeps").as_array().empty());
    news(client);
    broadcast(1, "{}");
    EXPECT_THAT(news(client), IsEmpty());
    disconnect(client);
    EXPECT_THAT(asked, IsEmpty());
}

TEST_F(ARoom, CountsAmongAConnectionsHundredSubscriptions) {
    auto* client = connect();
    for (int n = 0; n < 101; ++n) {
        http.receive(client, command("subscribe", fmt::format(R"({{"channel":"T","n":{}}})", n)));
    }
    EXPECT_THAT(asked, testing::SizeIs(100));
    EXPECT_THAT(news(client).at(0), HasSubstr("reject_subscription"));
}

}  // namespace
}  // namespace streamwall::hub
