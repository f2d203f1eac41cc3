// The plugin in a host: what becomes of a stream whose announcement the journal does not take.
#include <streamwall/testing/host.hpp>

#include <gtest/gtest.h>

namespace streamwall::testing {
namespace {

using namespace std::chrono_literals;

constexpr int kUnavailable = 14;
constexpr const char* kMessage =
    R"({"source":"twitch","channel":"#streamwall","user":"ada","user_id":"1","message_id":"m1",
        "text":"live in Berlin https://www.twitch.tv/somebody","badges":[],"time":"2026-01-01T00:00:00.000Z"})";

class DiscoveryInHost : public ::testing::Test {
  protected:
    void SetUp() override {
        host.fake("journal", "append", [this](const Call&) {
            ++asked;
            if (failures > 0 && failures-- > 0) return Answer::error(kUnavailable, "away");
            return Answer::ok(R"({"results":[{"id":"evt-1","sequence":1,"epoch":"e"}]})");
        });
        ASSERT_TRUE(host.start());
        ASSERT_TRUE(host.publish("chat.message_posted", "chat/streamwall", kMessage));
    }
    bool is_counted(const std::string& series) {
        return host.document("metrics").find(series) != std::string::npos;
    }
    Host host{Options{.plugins = {DISCOVERY_SO}}};
    int failures = 0;
    int asked = 0;
};

class DiscoveryWithoutAJournal : public DiscoveryInHost {
  protected:
    void SetUp() override {
        failures = 3;
        DiscoveryInHost::SetUp();
    }
};

TEST_F(DiscoveryInHost, AStreamIsAnnouncedOnce) {
    host.advance(60s);
    EXPECT_EQ(asked, 1);
    EXPECT_TRUE(is_counted("streamwall_streams_discovered_total{source=\"twitch\"} 1"));
}

TEST_F(DiscoveryWithoutAJournal, AStreamIsAnnouncedOnceTheJournalIsBack) {
    host.advance(100ms);
    EXPECT_EQ(asked, 1);
    EXPECT_EQ(host.state("discovery").health, "ok");
    host.advance(1s);
    EXPECT_EQ(asked, 2);
    host.advance(10s);
    EXPECT_EQ(asked, 4) << "1 s, 2 s and 4 s later";
    EXPECT_TRUE(is_counted("streamwall_streams_discovered_total{source=\"twitch\"} 1"));
    EXPECT_TRUE(is_counted("streamwall_discovery_failed_announcements_total 3"));
    EXPECT_FALSE(is_counted("not_journaled"));
    host.advance(60s);
    EXPECT_EQ(asked, 4);
}

TEST_F(DiscoveryWithoutAJournal, AMessageThatNamesItMeanwhileDoesNotAnnounceItAgain) {
    ASSERT_TRUE(host.publish("chat.message_posted", "chat/streamwall", kMessage));
    host.advance(30s);
    EXPECT_EQ(asked, 4);
}

}  // namespace
}  // namespace streamwall::testing
