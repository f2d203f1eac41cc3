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

// As a member of {"results":[…]}.
std::string result(const std::string& url, const std::string& outcome, const std::string& reason,
                   int stream_id) {
    const auto is_there = stream_id != 0;
    return R"({"url":")" + url + R"(","outcome":")" + outcome + "\"," +
           (reason.empty() ? "" : R"("reason":")" + reason + "\",") + R"("sheets":false,"api":)" +
           (is_there ? "true" : "false") + R"(,"stream_id":)" +
           (is_there ? std::to_string(stream_id) : "null") + "}";
}

TEST_F(DiscoveryBesideTheCatalog, AnswersWhatBecameOfEachLinkOfAMessageByCall) {
    const auto post = [&](const std::string& body) {
        return host.call("discovery.messages", "post", R"({"strict":false,"body":)" + body + "}");
    };
    const auto first =
        post(R"({"text":"Seattle, WA twitch.tv/one twitch.tv/directory","author":"ann"})");
    ASSERT_TRUE(first) << first.message;
    EXPECT_EQ(first.body, R"({"results":[)" + result("https://twitch.tv/one", "created", "", 1) +
                              "," + result("twitch.tv/directory", "refused", "directory", 0) +
                              "]}");
    EXPECT_EQ(post(R"({"text":"www.twitch.tv/ONE kick.com/two"})").body,
              R"({"results":[)" + result("https://twitch.tv/one", "known", "", 1) + "," +
                  result("https://kick.com/two", "created", "", 2) + "]}");
    const auto stream = host.call("catalog.streams", "get", R"({"id":1})").body;
    for (const auto* part : {R"("city":"Seattle")", R"("source":"webhook")", R"("posted_by":"ann")",
                             R"("status":"checking")"}) {
        EXPECT_NE(stream.find(part), std::string::npos) << part << " in " << stream;
    }
    EXPECT_EQ(post(R"({"text":"nothing to see"})").body, R"({"results":[]})");
    EXPECT_EQ(
        post(R"({"text":"twitch.tv/three","author":"Nightbot"})").body,
        R"({"results":[)" + result("https://twitch.tv/three", "ignored", "ignored_user", 0) + "]}");
}

TEST_F(DiscoveryBesideTheCatalog, RefusesMessagesThatAreNone) {
    const std::pair<std::string, std::string> cases[] = {
        {R"({})", "text"},
        {R"({"text":"  "})", "text"},
        {R"({"text":null})", "text"},
        {R"({"text":7})", "text"},
        {R"({"text":")" + std::string(9000, 'a') + R"("})", "text"},
        {R"({"text":"a","author":[]})", "author"},
        {R"({"text":"a","author":")" + std::string(256, 'a') + R"("})", "author"},
        {R"({"text":"a","channel":true})", "channel"},
        {R"({"text":"a","place_hint":{}})", "place_hint"},
        {R"({"text":"a","more":1})", "more"}};
    for (const auto& [body, field] : cases) {
        const auto answer =
            host.call("discovery.messages", "post", R"({"strict":true,"body":)" + body + "}");
        EXPECT_FALSE(answer) << body;
        EXPECT_NE(answer.details.find(R"("field":")" + field + "\""), std::string::npos)
            << body << answer.details;
    }
}

TEST_F(DiscoveryInHost, SaysThatAMessageByCallFailedWhereTheCatalogIsAway) {
    const auto answer =
        host.call("discovery.messages", "post", R"({"body":{"text":"kick.com/one"}})");
    EXPECT_EQ(answer.body,
              R"({"results":[{"url":"https://kick.com/one","outcome":"failed",)"
              R"("reason":"unavailable","sheets":false,"api":false,"stream_id":null}]})");
}

}  // namespace
}  // namespace streamwall::testing
