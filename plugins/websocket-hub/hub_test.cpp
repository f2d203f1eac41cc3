// The hub's protocol, frame by frame.
#include "hub.hpp"

#include "fake_http.hpp"

#include <streamwall/sdk/json.hpp>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace streamwall::hub {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::string_view kAll = R"({"channel":"StreamsChannel"})";
constexpr std::string_view kLive = R"({"channel":"StreamsChannel","status":"live"})";

std::string command(std::string_view name, std::string_view identifier) {
    return json::Writer().text("command", name).text("identifier", identifier).take();
}
std::string reply(std::string_view identifier, std::string_view type) {
    return json::Writer().text("identifier", identifier).text("type", type).take();
}
std::string message(std::string_view identifier, std::string_view action, std::string_view record,
                    std::string_view changes = "") {
    std::string quoted;
    json::append_string(quoted, identifier);
    const auto tail = changes.empty() ? "" : fmt::format(R"(,"changes":{})", changes);
    return fmt::format(R"({{"identifier":{},"message":{{"action":"{}","stream":{}{}}}}})", quoted,
                       action, record, tail);
}
std::string record(int id, std::string_view status = "live") {
    return fmt::format(R"({{"id":{},"status":"{}","platform":"twitch"}})", id, status);
}

class AHub : public testing::Test {
  protected:
    AHub() : hub(http.table(), http.self(), http.lease(), {}) { EXPECT_TRUE(hub.mount()); }
    ~AHub() override {
        for (auto* connection : open)
            http.disconnect(connection);
        hub.shut_down();
    }

    sw_ws_connection* connect() {
        open.push_back(http.connect());
        return open.back();
    }
    void disconnect(sw_ws_connection* connection) {
        std::erase(open, connection);
        http.disconnect(connection);
    }
    sw_ws_connection* subscribe(std::string_view identifier) {
        auto* connection = connect();
        http.receive(connection, command("subscribe", identifier));
        return connection;
    }
    // What a connection got since it was asked last.
    std::vector<std::string> news(sw_ws_connection* connection) { return http.news(connection); }
    void publish(std::string_view type, std::string_view text, std::string_view changes = "") {
        EXPECT_TRUE(hub.publish({type, "stream/1", Buffer(text), changes}));
    }

    FakeHttp http;
    Hub hub;
    std::vector<sw_ws_connection*> open;
};

TEST_F(AHub, WelcomesAndPingsEverybody) {
    auto* one = connect();
    auto* two = connect();
    hub.ping(1'700'000'000);
    for (auto* connection : {one, two}) {
        EXPECT_THAT(news(connection), ElementsAre(R"({"type":"welcome"})",
                                                  R"({"type":"ping","message":1700000000})"));
    }
    EXPECT_EQ(http.endpoint().message_limit, 65'536U);
    EXPECT_EQ(http.endpoint().fragment_limit, 1'024U);
}

TEST_F(AHub, TurnsAwayWhoHasNoCredentials) {
    for (const auto* principal : {"anonymous", ""}) {
        auto* nobody = http.connect({.principal_type = principal});
        EXPECT_THAT(
            news(nobody),
            ElementsAre(R"({"type":"disconnect","reason":"unauthorized","reconnect":false})"));
        EXPECT_EQ(nobody->close_code, 1000);
        http.receive(nobody, command("subscribe", kAll));
        EXPECT_EQ(hub.subscription_topics(), 0U);
        http.disconnect(nobody);
    }
}

TEST_F(AHub, ConfirmsASubscriptionWithItsIdentifierByteForByte) {
    for (const std::string_view identifier :
         {kAll,
          std::string_view("{ \"channel\" :\t\"StreamsChannel\", \"x\": \"\xC3\xA9\\n\" }")}) {
        auto* connection = subscribe(identifier);
        EXPECT_THAT(news(connection), ElementsAre(R"({"type":"welcome"})",
                                                  reply(identifier, "confirm_subscription")));
    }
}

TEST_F(AHub, RejectsWhatItDoesNotKnow) {
    for (const std::string_view identifier :
         {R"({"channel":"NoChannel"})", R"({"channel":"streamschannel"})", R"({})", "", "no JSON",
          R"({"channel":"StreamsChannel","status":"alive"})",
          R"({"channel":"StreamsChannel","ids":"x"})"}) {
        auto* connection = subscribe(identifier);
        EXPECT_THAT(news(connection),
                    ElementsAre(R"({"type":"welcome"})", reply(identifier, "reject_subscription")));
    }
    EXPECT_EQ(hub.subscription_topics(), 0U);
}

TEST_F(AHub, LetsKeysHearWhatTheirScopesAllow) {
    for (const auto& [scopes, answer] : {std::pair<std::string_view, std::string_view>(
                                             "lists:read streams:read", "confirm_subscription"),
                                         {"lists:read", "reject_subscription"},
                                         {"", "reject_subscription"},
                                         {"streams:reader", "reject_subscription"}}) {
        auto* key = http.connect({.principal_type = "key", .role = "", .scopes = scopes});
        open.push_back(key);
        http.receive(key, command("subscribe", kAll));
        EXPECT_EQ(news(key).back(), reply(kAll, answer)) << scopes;
    }
}

TEST_F(AHub, IgnoresWhatIsNoCommandAndGoesOn) {
    auto* connection = connect();
    news(connection);
    for (const std::string_view text :
         {"", "hello", "{}", "[1]", "\xFF\xFE", R"({"command":"subscribe"})",
          R"({"command":"message","identifier":"{}","data":"{\"action\":\"x\"}"})",
          R"({"command":"unsubscribe","identifier":"never"})"}) {
        http.receive(connection, text);
    }
    http.receive(connection, command("subscribe", kAll), false);
    EXPECT_THAT(news(connection), IsEmpty());
    EXPECT_EQ(connection->close_code, 0);
    http.receive(connection, command("subscribe", kAll));
    EXPECT_THAT(news(connection), ElementsAre(reply(kAll, "confirm_subscription")));
}

TEST(Commands, AreCountedWhereTheyAreNone) {
    double ignored = 0;
    sw_metrics_api metrics{};
    metrics.size = sizeof metrics;
    metrics.record = [](sw_series* series, double value) {
        *reinterpret_cast<double*>(series) += value;
    };
    HubMetrics counters;
    counters.ignored = Series(&metrics, reinterpret_cast<sw_series*>(&ignored));
    FakeHttp http;
    Hub hub(http.table(), http.self(), http.lease(), counters);
    ASSERT_TRUE(hub.mount());
    auto* connection = http.connect();
    http.receive(connection, command("subscribe", kAll));
    EXPECT_EQ(ignored, 0) << "one that is understood";
    for (const std::string_view text : {"", "hello", "[1]", R"({"command":"subscribe"})"})
        http.receive(connection, text);
    EXPECT_EQ(ignored, 4);
    http.disconnect(connection);
    hub.shut_down();
}

TEST_F(AHub, BroadcastsARecordsBytesToWhoIsSubscribed) {
    auto* subscriber = subscribe(kAll);
    auto* idle = connect();
    news(subscriber);
    news(idle);
    const auto text = R"({"id":1,  "status":"live"})";
    publish("stream.created", text);
    publish("stream.status_changed", text, R"({"status":{"from":"offline","to":"live"}})");
    publish("stream.updated", text, R"({"title":{"from":"a","to":"b"}})");
    publish("stream.duplicate_seen", text);
    publish("stream.archived", text);
    EXPECT_THAT(
        news(subscriber),
        ElementsAre(message(kAll, "created", text),
                    message(kAll, "updated", text, R"({"status":{"from":"offline","to":"live"}})"),
                    message(kAll, "updated", text, R"({"title":{"from":"a","to":"b"}})"),
                    message(kAll, "archived", text)));
    EXPECT_THAT(subscriber->merge_keys, ElementsAre("", "", "", "", "stream/1", ""));
    EXPECT_THAT(news(idle), IsEmpty());
}

TEST_F(AHub, FiltersByTheRecordBeforeOrAfter) {
    auto* live = subscribe(kLive);
    news(live);
    publish("stream.created", record(1, "offline"));
    EXPECT_THAT(news(live), IsEmpty());
    publish("stream.updated", record(1, "live"), R"({"status":{"from":"offline","to":"live"}})");
    EXPECT_EQ(news(live).size(), 1U);
    publish("stream.updated", record(1, "error"), R"({"status":{"from":"live","to":"error"}})");
    EXPECT_EQ(news(live).size(), 1U) << "it has to learn that the stream is live no more";
    publish("stream.deleted", record(1, "error"));
    EXPECT_THAT(news(live), IsEmpty());
}

TEST_F(AHub, SharesGroupsByFilterAndTopicsByIdentifier) {
    const std::string_view spelled = R"({"channel":"StreamsChannel","status":["LIVE"]})";
    auto* one = subscribe(kLive);
    auto* two = subscribe(kLive);
    auto* three = subscribe(spelled);
    EXPECT_EQ(hub.subscription_groups(), 1U);
    EXPECT_EQ(hub.subscription_topics(), 2U);
    for (auto* connection : {one, two, three})
        news(connection);
    publish("stream.created", record(1));
    EXPECT_THAT(news(one), ElementsAre(message(kLive, "created", record(1))));
    EXPECT_THAT(news(two), ElementsAre(message(kLive, "created", record(1))));
    EXPECT_THAT(news(three), ElementsAre(message(spelled, "created", record(1))));
    disconnect(one);
    EXPECT_EQ(hub.subscription_topics(), 2U);
    disconnect(two);
    disconnect(three);
    EXPECT_EQ(hub.subscription_groups(), 0U);
    EXPECT_EQ(hub.subscription_topics(), 0U);
    EXPECT_EQ(http.open_topics(), 1) << "the one of everybody";
}

TEST_F(AHub, ConfirmsASecondSubscriptionToTheSameAndSendsOnce) {
    auto* connection = subscribe(kAll);
    http.receive(connection, command("subscribe", kAll));
    news(connection);
    publish("stream.created", record(1));
    EXPECT_EQ(news(connection).size(), 1U);
    http.receive(connection, command("unsubscribe", kAll));
    publish("stream.created", record(2));
    EXPECT_THAT(news(connection), IsEmpty());
}

TEST_F(AHub, StopsSendingAfterUnsubscribe) {
    auto* connection = subscribe(kAll);
    http.receive(connection, command("subscribe", kLive));
    news(connection);
    http.receive(connection, command("unsubscribe", kAll));
    publish("stream.created", record(1));
    EXPECT_THAT(news(connection), ElementsAre(message(kLive, "created", record(1))));
}

TEST_F(AHub, TakesAHundredSubscriptionsOfAConnection) {
    auto* connection = connect();
    const auto identifier = [](int id) {
        return fmt::format(R"({{"channel":"StreamsChannel","ids":[{}]}})", id);
    };
    for (int id = 1; id <= 100; ++id) {
        http.receive(connection, command("subscribe", identifier(id)));
    }
    EXPECT_EQ(news(connection).back(), reply(identifier(100), "confirm_subscription"));
    http.receive(connection, command("subscribe", identifier(101)));
    http.receive(connection, command("subscribe", identifier(7)));
    http.receive(connection, command("unsubscribe", identifier(1)));
    http.receive(connection, command("subscribe", identifier(101)));
    EXPECT_THAT(news(connection), ElementsAre(reply(identifier(101), "reject_subscription"),
                                              reply(identifier(7), "confirm_subscription"),
                                              reply(identifier(101), "confirm_subscription")));
}

TEST_F(AHub, RefusesAnEventWithoutARecord) {
    subscribe(kAll);
    for (const std::string_view text : {"", "[]", "{}", R"({"id":"x"})", R"({"id":1}})"}) {
        EXPECT_FALSE(hub.publish({"stream.created", "stream/1", Buffer(text), ""})) << text;
    }
    EXPECT_FALSE(hub.publish({"stream.updated", "stream/1", Buffer(record(1)), "[]"}));
}

TEST_F(AHub, ClosesAConnectionThatSendsTooManyCommands) {
    auto* other = connect();
    auto* flood = connect();
    int sent = 0;
    for (; flood->close_code == 0 && sent < 2'000; ++sent)
        http.receive(flood, "hello");
    EXPECT_EQ(flood->close_code, 1008);
    EXPECT_GE(sent, 500) << "a burst is no flood";
    EXPECT_LT(sent, 1'000);
    http.receive(other, command("subscribe", kAll));
    EXPECT_EQ(other->close_code, 0);
}

TEST_F(AHub, LetsItsClientsGoAFewAtATime) {
    std::vector<sw_ws_connection*> clients;
    for (int i = 0; i < 5; ++i)
        clients.push_back(subscribe(kAll));
    const auto still_here = [&] {
        return std::ranges::count(clients, 0, [](const auto* each) { return each->close_code; });
    };
    EXPECT_TRUE(hub.retire(2));
    EXPECT_EQ(still_here(), 3);
    auto* late = connect();
    EXPECT_EQ(late->close_code, 1001) << "it would have to go again at once";
    publish("stream.created", record(1));
    EXPECT_EQ(
        std::ranges::count_if(
            clients,
            [&](auto* each) { return news(each).back() == message(kAll, "created", record(1)); }),
        3)
        << "those who are here hear everything";
    EXPECT_TRUE(hub.retire(2));
    EXPECT_TRUE(hub.retire(2));
    EXPECT_FALSE(hub.retire(2));
    EXPECT_EQ(still_here(), 0);
}

TEST_F(AHub, TellsEverybodyToComeBackBeforeItStops) {
    auto* connection = subscribe(kAll);
    news(connection);
    hub.shut_down();
    hub.shut_down();
    EXPECT_THAT(news(connection),
                ElementsAre(R"({"type":"disconnect","reason":"server_restart","reconnect":true})"));
    EXPECT_EQ(connection->close_code, 1001);
    EXPECT_EQ(http.open_topics(), 0);
    auto* late = http.connect();
    EXPECT_THAT(news(late),
                ElementsAre(R"({"type":"disconnect","reason":"server_restart","reconnect":true})"));
    EXPECT_EQ(late->close_code, 1001);
    publish("stream.created", record(1));
    hub.ping(1);
    http.receive(connection, command("unsubscribe", kAll));
    http.disconnect(late);
}

}  // namespace
}  // namespace streamwall::hub
