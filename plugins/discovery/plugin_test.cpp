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

class DiscoveryWithIgnoreLists : public DiscoveryInHost {
  protected:
    void SetUp() override {
        host.fake("catalog.ignore_lists", "by_type", [this](const Call&) {
            if (is_away) return Answer::error(kUnavailable, "away");
            return Answer::ok(lists);
        });
        DiscoveryInHost::SetUp();
    }
    void say(const std::string& source, const std::string& user, const std::string& text) {
        const auto message = R"({"source":")" + source + R"(","channel":"c","user":")" + user +
                             R"(","user_id":"7","message_id":"m2","text":")" + text +
                             R"(","badges":[],"time":"2026-01-01T00:00:00.000Z"})";
        ASSERT_TRUE(host.publish("chat.message_posted", "chat/c", message));
        host.advance(1s);
    }
    std::string lists =
        R"({"twitch_users":["ada"],"discord_users":[],"urls":["https://kick.com/bad"],)"
        R"("domains":["example.com"]})";
    bool is_away = false;
};

TEST_F(DiscoveryWithIgnoreLists, PassesOverWhatTheCatalogLists) {
    host.advance(1s);
    const int before = asked;
    say("twitch", "Ada", "kick.com/one");
    EXPECT_TRUE(is_counted("streamwall_discovery_skipped_total{reason=\"ignored_user\"}"));
    say("twitch", "bob", "kick.com/BAD https://cdn.example.com/live.m3u8");
    EXPECT_TRUE(is_counted("streamwall_discovery_skipped_total{reason=\"ignored_url\"} 2"));
    EXPECT_EQ(asked, before);
    say("discord", "ada", "kick.com/two");
    EXPECT_EQ(asked, before + 1) << "a user of Twitch is nobody on Discord";
}

TEST_F(DiscoveryWithIgnoreLists, LoadsThemAnewNowAndThenAndKeepsWhatItKnowsMeanwhile) {
    host.advance(1s);
    const int before = asked;
    is_away = true;
    host.advance(40s);
    say("twitch", "ada", "kick.com/one");
    EXPECT_EQ(asked, before) << "the catalog is away, its lists are not";
    lists = R"({"twitch_users":[],"discord_users":[],"urls":[],"domains":[]})";
    is_away = false;
    host.advance(90s);
    say("twitch", "ada", "kick.com/three");
    EXPECT_EQ(asked, before + 1);
}

// With the plugins that keep what it finds, and what it has to pass over.
class DiscoveryBesideTheCatalog : public ::testing::Test {
  protected:
    void SetUp() override {
        const auto started = host.start();
        ASSERT_TRUE(started) << started.message;
    }
    void say(const std::string& text) {
        const auto message = R"({"source":"twitch","channel":"c","user":"ada","user_id":"7",)"
                             R"("message_id":"m","badges":[],"time":"2026-01-01T00:00:00.000Z",)"
                             R"("text":")" +
                             text + R"("})";
        ASSERT_TRUE(host.publish("chat.message_posted", "chat/c", message));
    }
    // Whether there are so many streams of this URL, those in the archive included.
    bool has(const std::string& url, int count) {
        const auto request =
            R"({"filters":{"url":[")" + url + R"("],"archived":[true,false]},"count":true})";
        const auto found = host.call("catalog.streams", "list", request).body;
        return found.find(R"("count":)" + std::to_string(count)) != std::string::npos;
    }
    Host host{Options{.plugins = {DISCOVERY_SO, CATALOG_SO, STORE_SO},
                      .settings = {{"discovery", R"({"limit_messages":100000})"}},
                      .time = Time::real}};
};

TEST_F(DiscoveryBesideTheCatalog, HearsAtOnceOfWhatItHasToPassOver) {
    const auto made = host.call("catalog.ignore_lists", "create",
                                R"({"body":{"list_type":"domain","value":"kick.com"}})");
    ASSERT_TRUE(made) << made.message;
    int n = 0;
    EXPECT_TRUE(host.eventually([&] {
        say("kick.com/try" + std::to_string(++n));
        return host.document("metrics").find("reason=\"ignored_url\"") != std::string::npos;
    }));
}

TEST_F(DiscoveryBesideTheCatalog, FindsAStreamAgainOnceItIsInTheArchive) {
    say("https://twitch.tv/comesback");
    ASSERT_TRUE(host.eventually([&] { return has("https://twitch.tv/comesback", 1); }));
    const auto archived = host.call("catalog.streams", "archive", R"({"id":1})");
    ASSERT_TRUE(archived) << archived.message;
    EXPECT_TRUE(host.eventually([&] {
        say("https://twitch.tv/comesback");
        return has("https://twitch.tv/comesback", 2);
    }));
}

}  // namespace
}  // namespace streamwall::testing
