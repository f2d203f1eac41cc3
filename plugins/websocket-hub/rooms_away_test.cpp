// Channels whose plugin goes and comes: who stays, who waits, and who is asked about again.
#include "room_world.hpp"

#include <gmock/gmock.h>

namespace streamwall::hub {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST_F(ARoom, SubscribesAgainWhereThePluginIsAnotherRun) {
    std::string id;
    auto* client = member(&id);
    hub.keep_rooms();
    hub.keep_rooms();
    const auto kept = take();
    EXPECT_EQ(kept.method, "keep");
    EXPECT_THAT(asked, IsEmpty()) << "one question at a time";
    kept.done(Buffer(R"({"owner":"two","known":0})"));
    auto call = take();
    EXPECT_EQ(call.method, "unsubscribe");
    EXPECT_EQ(call.request.at("keeps").as_array().at(0), json_text(id));
    call = take();
    EXPECT_EQ(call.method, "subscribe");
    EXPECT_EQ(call.request.at("subscription"), json_text(id));
    EXPECT_EQ(call.request.at("again"), true);
    EXPECT_EQ(call.request.at("rooms").as_array().at(0), "a");
    admit(call, R"(["a"])", 2, R"(["state"])", "two");
    EXPECT_THAT(news(client), ElementsAre(message(R"("state")"))) << "and no second confirmation";
    broadcast(3, "[3]", R"("room":"a")", "two");
    EXPECT_THAT(news(client), ElementsAre(message("[3]")));
    EXPECT_TRUE(hub.open_room(R"({"channel":"TableChannel","owner":"two"})"));
    EXPECT_THAT(asked, IsEmpty()) << "that is known";
    EXPECT_TRUE(hub.open_room(R"({"channel":"TableChannel","owner":"three"})"));
    EXPECT_EQ(take().method, "unsubscribe");
    EXPECT_EQ(take().method, "subscribe");
}

TEST_F(ARoom, HoldsWhatAClientSendsUntilAPluginThatWasStartedAnewKnowsIt) {
    auto* client = member();
    auto* other = member();
    const auto say = [&](int n) {
        http.receive(client, command("message", kTable, fmt::format(R"({{"n":{}}})", n)));
    };
    say(1);
    say(2);
    const auto first = take(), second = take();
    first.done(Error::not_found("no such subscription"));
    const auto call = take();
    EXPECT_EQ(call.method, "subscribe");
    EXPECT_EQ(call.request.at("again"), true);
    second.done(Error::not_found("no such subscription"));
    say(3);
    EXPECT_THAT(asked, IsEmpty()) << "it waits in line";
    admit(call, R"(["a"])", 0, "[]", "two");
    for (int n = 1; n <= 3; ++n) {
        const auto sent = take();
        EXPECT_EQ(sent.method, "receive");
        EXPECT_EQ(sent.request.at("data").at("n"), n);
        sent.done(Buffer("{}"));
    }
    EXPECT_THAT(news(client), IsEmpty());
    EXPECT_EQ(take().method, "unsubscribe");
    const auto others = take();
    EXPECT_EQ(others.method, "subscribe") << "the new run knows nobody";
    admit(others, R"(["a"])", 0, "[]", "two");
    EXPECT_THAT(asked, IsEmpty());
    EXPECT_THAT(news(other), IsEmpty());
    say(4);
    EXPECT_EQ(take().request.at("data").at("n"), 4);
}

TEST_F(ARoom, TellsAClientThatThePluginIsAwayWhereItDoesNotComeToKnowIt) {
    const auto away = [](std::string_view why) {
        return message(
            fmt::format(R"({{"action":"error","code":"unavailable","message":"{}"}})", why));
    };
    auto* client = member();
    const auto say = [&] { http.receive(client, command("message", kTable, "{}")); };
    say();
    take().done(Error::not_found("no such subscription"));
    take().done(Error::unavailable("it is away"));
    EXPECT_THAT(news(client), ElementsAre(away("it is away")));

    say();
    take().done(Error::not_found("no such subscription"));
    admit(take());
    take().done(Error::not_found("no such subscription"));
    const auto unknown = away("the plugin does not know of the subscription yet");
    EXPECT_THAT(news(client), ElementsAre(unknown)) << "it is tried twice";

    say();
    take().done(Error::not_found("no such subscription"));
    for (int n = 0; n < 100; ++n)
        say();
    EXPECT_THAT(news(client), ElementsAre(unknown)) << "so much may wait, and no more";
    take().done(Error{SW_PERMISSION_DENIED, "not any more", {}, {}});
    EXPECT_THAT(news(client), ElementsAre(HasSubstr("reject_subscription")));
    EXPECT_THAT(asked, IsEmpty());
}

TEST_F(ARoom, SubscribesTheOthersAgainAsSoonAsAnotherRunAdmitsSomebody) {
    member();
    auto* client = connect();
    http.receive(client, command("subscribe", kTable));
    admit(take(), R"(["a"])", 0, "[]", "two");
    EXPECT_EQ(take().method, "unsubscribe");
    const auto again = take();
    EXPECT_EQ(again.request.at("again"), true);
    EXPECT_THAT(asked, IsEmpty()) << "the new one is known";
    admit(again, R"(["a"])", 0, "[]", "one");
    EXPECT_THAT(asked, IsEmpty()) << "two that take turns are not asked for ever";
}

TEST_F(ARoom, AsksAgainWhereThePluginDoesNotAnswer) {
    member();
    hub.keep_rooms();
    const auto lost = take();
    hub.keep_rooms();
    EXPECT_THAT(asked, IsEmpty());
    hub.keep_rooms();
    take().done(Buffer(R"({"owner":"two","known":0})"));
    EXPECT_EQ(take().method, "unsubscribe");
    EXPECT_EQ(take().method, "subscribe");
    lost.done(Error{SW_DEADLINE_EXCEEDED, "it took too long", {}, {}});
    EXPECT_THAT(asked, IsEmpty());
}

TEST_F(ARoom, SubscribesAgainWhereThePluginHasForgottenSomebody) {
    member();
    for (int time = 0; time < 2; ++time) {
        hub.keep_rooms();
        EXPECT_THAT(asked, testing::SizeIs(1));
        take().done(Buffer(R"({"owner":"one","known":0})"));
    }
    EXPECT_EQ(take().method, "unsubscribe");
    auto call = take();
    EXPECT_EQ(call.method, "subscribe");
    admit(call);
    hub.keep_rooms();
    take().done(Buffer(R"({"owner":"one","known":1})"));
    EXPECT_THAT(asked, IsEmpty());
}

TEST_F(ARoom, KeepsItsMembersWhileThePluginIsAway) {
    auto* client = member();
    hub.keep_rooms();
    take().done(Error::unavailable("away"));
    EXPECT_TRUE(hub.open_room(R"({"channel":"TableChannel","owner":"two"})"));
    take();
    auto call = take();
    call.done(Error::unavailable("away"));
    broadcast(9, "[9]");
    EXPECT_THAT(news(client), ElementsAre(message("[9]")));
    EXPECT_TRUE(hub.open_room(R"({"channel":"TableChannel","owner":"two"})"));
    take();
    take().done(Error{SW_PERMISSION_DENIED, "not any more", {}, {}});
    EXPECT_THAT(news(client).at(0), HasSubstr("reject_subscription"));
}

TEST_F(ARoom, AdmitsNewOnesOnceThePluginThatWasAwayIsThere) {
    EXPECT_TRUE(hub.open_room(R"({"channel":"TableChannel","owner":"one"})"));
    auto* client = connect();
    auto* gone = connect();
    for (auto* each : {client, gone}) {
        http.receive(each, command("subscribe", kTable));
        take().done(Error::unavailable("away"));
    }
    http.receive(client, command("subscribe", kTable));
    disconnect(gone);
    EXPECT_EQ(take().method, "unsubscribe");
    hub.keep_rooms();
    auto again = take();
    EXPECT_EQ(again.method, "subscribe");
    EXPECT_FALSE(again.request.contains("again"));
    EXPECT_EQ(take().method, "keep");
    again.done(Error{SW_DEADLINE_EXCEEDED, "it took too long", {}, {}});
    EXPECT_THAT(news(client), IsEmpty());
    EXPECT_TRUE(hub.open_room(R"({"channel":"TableChannel","owner":"two"})"));
    EXPECT_EQ(take().method, "unsubscribe");
    admit(take(), R"(["a"])", 0, "[]", "two");
    EXPECT_THAT(news(client), ElementsAre(answer("confirm_subscription")));
    EXPECT_THAT(asked, IsEmpty());
}

TEST_F(ARoom, WaitsForAPluginThatWasNeverHeardOfOnlyShortly) {
    for (const bool is_known : {false, true}) {
        const std::string table = is_known ? R"({"channel":"KnownChannel"})" : std::string(kTable);
        if (is_known) EXPECT_TRUE(hub.open_room(R"({"channel":"KnownChannel","owner":"one"})"));
        auto* client = connect();
        http.receive(client, command("subscribe", table));
        take().done(Error::unavailable("nobody offers it"));
        int seconds = 0;
        std::vector<std::string> told;
        for (; told.empty() && seconds < 100; ++seconds) {
            hub.keep_rooms();
            take().done(Error::unavailable("nobody offers it"));
            asked.clear();
            told = news(client);
        }
        EXPECT_EQ(seconds, is_known ? 15 : 3);
        EXPECT_THAT(told.at(0), HasSubstr("no plugin offers this channel now"));
    }
}

}  // namespace
}  // namespace streamwall::hub
