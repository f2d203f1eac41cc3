// Channels of other plugins through the hub: the plugin is the test.
#include "fake_http.hpp"
#include "hub.hpp"

#include <streamwall/sdk/json.hpp>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>

namespace streamwall::hub {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::string_view kTable = R"({"channel":"TableChannel","n":1})";

std::string command(std::string_view name, std::string_view identifier,
                    std::string_view data = {}) {
    json::Writer out;
    out.text("command", name).text("identifier", identifier);
    if (!data.empty()) out.raw("data", data);
    return out.take();
}
std::string answer(std::string_view type) {
    return json::Writer().text("identifier", kTable).text("type", type).take();
}
std::string message(std::string_view text) {
    return json::Writer().text("identifier", kTable).raw("message", text).take();
}

boost::json::value json_text(const std::string& text) {
    return boost::json::value(text);
}

// A call that the hub made.
struct Asked {
    std::string channel;
    std::string method;
    boost::json::object request;
    std::string role;
    std::function<void(Result<Buffer>)> done;
};

class ARoom : public testing::Test {
  protected:
    ARoom() { EXPECT_TRUE(hub.mount()); }
    ~ARoom() override {
        for (auto* connection : open)
            http.disconnect(connection);
        hub.shut_down();
    }

    sw_ws_connection* connect(FakeClient client = {}) {
        open.push_back(http.connect(client));
        news(open.back());
        return open.back();
    }
    void disconnect(sw_ws_connection* connection) {
        std::erase(open, connection);
        http.disconnect(connection);
    }
    std::vector<std::string> news(sw_ws_connection* connection) {
        auto all = http.sent(connection);
        auto& read = read_[connection];
        std::vector<std::string> out(all.begin() + read, all.end());
        read = static_cast<std::ptrdiff_t>(all.size());
        return out;
    }
    // The oldest call that was not looked at.
    Asked take() {
        if (asked.empty()) {
            ADD_FAILURE() << "nothing was asked";
            return {};
        }
        auto out = std::move(asked.front());
        asked.pop_front();
        return out;
    }
    static void admit(const Asked& call, std::string_view rooms = R"(["a"])", int position = 0,
                      std::string_view messages = "[]", std::string_view owner = "one") {
        call.done(Buffer(fmt::format(R"({{"owner":"{}","position":{},"rooms":{},"messages":{}}})",
                                     owner, position, rooms, messages)));
    }
    sw_ws_connection* member(std::string* id = nullptr) {
        auto* connection = connect();
        http.receive(connection, command("subscribe", kTable));
        const auto call = take();
        if (id) *id = std::string(call.request.at("subscription").as_string());
        admit(call);
        news(connection);
        return connection;
    }
    void broadcast(int position, std::string_view text, std::string_view more = R"("room":"a")",
                   std::string_view owner = "one") {
        EXPECT_TRUE(hub.deliver_to_room(fmt::format(
            R"({{"channel":"TableChannel","owner":"{}","position":{},{},"message":{}}})", owner,
            position, more, text)));
    }

    FakeHttp http;
    std::deque<Asked> asked;
    Hub hub{http.table(),
            http.self(),
            http.lease(),
            {},
            {},
            {},
            {},
            [this](const std::string& channel, std::string_view method, const Buffer& request,
                   const Context* who, const sw_executor*, auto done) {
                asked.push_back({channel, std::string(method),
                                 json::parse_object(request.view()).value(),
                                 who ? std::string(who->role()) : "hub", std::move(done)});
            }};
    std::vector<sw_ws_connection*> open;

  private:
    std::map<sw_ws_connection*, std::ptrdiff_t> read_;
};

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
