// What subscribers get of a burst.
#include "hub.hpp"

#include "fake_http.hpp"

#include <streamwall/sdk/json.hpp>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json/serialize.hpp>

namespace streamwall::hub {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

constexpr std::string_view kAll = R"({"channel":"StreamsChannel"})";
constexpr std::string_view kLive = R"({"channel":"StreamsChannel","status":"live"})";
constexpr std::string_view kBatch = R"({"channel":"StreamsChannel","batch":true})";

std::string record(int id, std::string_view status, std::string_view title) {
    return fmt::format(R"({{"id":{},"status":"{}","title":"{}"}})", id, status, title);
}

// Everything is a burst, until end_burst().
class AHubInABurst : public testing::Test {
  protected:
    AHubInABurst()
        : hub(http.table(), http.self(), http.lease(), {}, {}, {},
              {.burst = {.delay = 60s, .calm = 0, .most = 50}}, {}, [this] { ++began; }) {
        EXPECT_TRUE(hub.mount());
        hub.begin_history({"E", 0}, 0);
    }
    ~AHubInABurst() override {
        for (auto* connection : open)
            http.disconnect(connection);
        hub.shut_down();
    }
    sw_ws_connection* subscribe(std::string_view identifier, const FakeClient& client = {}) {
        auto* connection = open.emplace_back(http.connect(client));
        http.receive(
            connection,
            json::Writer().text("command", "subscribe").text("identifier", identifier).take());
        http.write_all();
        http.news(connection);
        return connection;
    }
    void publish(int id, std::string_view type, std::string_view text,
                 std::string_view changes = "") {
        EXPECT_TRUE(hub.publish({.type = type,
                                 .subject = fmt::format("stream/{}", id),
                                 .record = Buffer(text),
                                 .changes = changes,
                                 .place = {"E", ++sequence}}));
    }
    void retitle(int id, int from, int to, std::string_view status = "live") {
        publish(id, "stream.updated", record(id, status, std::to_string(to)),
                fmt::format(R"({{"title":{{"from":"{}","to":"{}"}}}})", from, to));
    }
    // The texts of the messages that came since, without what surrounds them.
    std::vector<std::string> news(sw_ws_connection* connection) {
        std::vector<std::string> out;
        for (const auto& frame : http.news(connection))
            out.push_back(boost::json::serialize(json::parse(frame)->at("message")));
        return out;
    }

    FakeHttp http;
    int began = 0;
    std::uint64_t sequence = 0;
    Hub hub;
    std::vector<sw_ws_connection*> open;
};

TEST_F(AHubInABurst, SendsTheNewestRecordWithAllChangesOnce) {
    auto* subscriber = subscribe(kAll);
    for (int i = 0; i < 20; ++i)
        retitle(1, i, i + 1);
    retitle(2, 0, 1);
    EXPECT_EQ(began, 1);
    EXPECT_TRUE(news(subscriber).empty());
    hub.end_burst();
    EXPECT_THAT(
        news(subscriber),
        ElementsAre(
            R"({"action":"updated","stream":{"id":1,"status":"live","title":"20"},"changes":{"title":{"from":"0","to":"20"}}})",
            R"({"action":"updated","stream":{"id":2,"status":"live","title":"1"},"changes":{"title":{"from":"0","to":"1"}}})"));
    retitle(1, 20, 21);
    EXPECT_EQ(began, 2);
}

TEST_F(AHubInABurst, TellsAFilterOfAStreamThatLeftItThoughItChangedAgain) {
    auto* subscriber = subscribe(kLive);
    publish(1, "stream.status_changed", record(1, "offline", "0"),
            R"({"status":{"from":"live","to":"offline"}})");
    retitle(1, 0, 1, "offline");
    hub.end_burst();
    EXPECT_THAT(
        news(subscriber),
        ElementsAre(
            R"({"action":"updated","stream":{"id":1,"status":"offline","title":"1"},"changes":{"status":{"from":"live","to":"offline"},"title":{"from":"0","to":"1"}}})"));
}

TEST_F(AHubInABurst, LosesNothingThatAppearsOrGoes) {
    auto* subscriber = subscribe(kAll);
    for (int id = 1; id <= 10; ++id) {
        publish(id, "stream.created", record(id, "live", "0"));
        retitle(id, 0, 1);
        retitle(id, 1, 2);
        publish(id, "stream.deleted", record(id, "live", "2"));
    }
    hub.end_burst();
    const auto all = news(subscriber);
    EXPECT_EQ(all.size(), 30U);
    for (const std::string_view action : {"created", "updated", "deleted"}) {
        EXPECT_EQ(std::ranges::count_if(all,
                                        [&](const auto& text) {
                                            return text.starts_with(
                                                fmt::format(R"({{"action":"{}")", action));
                                        }),
                  10);
    }
}

TEST_F(AHubInABurst, PutsAllIntoOneMessageForWhoAskedForThat) {
    auto* subscriber = subscribe(kBatch);
    for (int id = 1; id <= 3; ++id)
        publish(id, "stream.created", record(id, "live", "0"));
    hub.end_burst();
    EXPECT_THAT(
        news(subscriber),
        ElementsAre(
            R"({"action":"batch","messages":[{"action":"created","stream":{"id":1,"status":"live","title":"0"}},{"action":"created","stream":{"id":2,"status":"live","title":"0"}},{"action":"created","stream":{"id":3,"status":"live","title":"0"}}]})"));
    publish(4, "stream.created", record(4, "live", "0"));
    hub.end_burst();
    EXPECT_THAT(
        news(subscriber),
        ElementsAre(R"({"action":"created","stream":{"id":4,"status":"live","title":"0"}})"));
}

TEST_F(AHubInABurst, SendsEveryChangeOfItsOwnToTheExtendedProtocol) {
    auto* subscriber = subscribe(kAll, {.protocol = "actioncable-v1-ext-json"});
    for (int i = 0; i < 20; ++i)
        retitle(1, i, i + 1);
    EXPECT_EQ(news(subscriber).size(), 20U);
    EXPECT_THAT(subscriber->merge_keys, testing::Each("")) << "none may replace another";
    hub.end_burst();
    EXPECT_TRUE(news(subscriber).empty());
}

TEST_F(AHubInABurst, HoldsNoMoreThanItsBound) {
    auto* subscriber = subscribe(kAll);
    for (int id = 1; id <= 50; ++id)
        publish(id, "stream.created", record(id, "live", "0"));
    EXPECT_EQ(news(subscriber).size(), 50U);
}

// A snapshot's pages and the events behind it must not be followed by older ones.
TEST_F(AHubInABurst, BringsEverybodyUpToDateBeforeSomebodyJoins) {
    auto* subscriber = subscribe(kAll);
    retitle(1, 0, 1);
    EXPECT_TRUE(news(subscriber).empty());
    auto* later = subscribe(kAll, {.protocol = "actioncable-v1-ext-json"});
    EXPECT_EQ(news(subscriber).size(), 1U);
    hub.end_burst();
    EXPECT_TRUE(news(later).empty());
}

}  // namespace
}  // namespace streamwall::hub
