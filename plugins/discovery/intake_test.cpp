// Which messages lead to announcements.
#include "intake.hpp"

#include <gtest/gtest.h>

namespace streamwall::discovery {
namespace {

using std::chrono::seconds;

Intake intake(IntakeOptions options = {}, std::vector<std::string> users = {},
              std::vector<std::string> urls = {}) {
    return {std::move(options), IgnoreRules(users, urls, {}), Gazetteer::embedded()};
}

ChatMessage message(std::string_view text, std::string_view user = "someone") {
    return {.source = "twitch", .user = user, .user_id = user, .text = text};
}

TEST(Intake, AnnouncesEachStreamOfAMessage) {
    Intake box = intake();
    const Intaken result = box.take(message("Seattle, WA twitch.tv/a kick.com/b"), seconds(0));
    ASSERT_EQ(result.streams.size(), 2u);
    EXPECT_EQ(result.streams[0].url, "https://twitch.tv/a");
    EXPECT_EQ(result.streams[1].place->city, "Seattle");
    EXPECT_TRUE(result.drops.empty());
}

TEST(Intake, DropsRepeatsWhileAnAnnouncementIsUnderWayAndAfterItWasAccepted) {
    Intake box = intake({.seen_for = seconds(60)});
    ASSERT_EQ(box.take(message("twitch.tv/a"), seconds(0)).streams.size(), 1u);
    const Intaken meanwhile = box.take(message("www.twitch.tv/A"), seconds(1));
    EXPECT_TRUE(meanwhile.streams.empty());
    EXPECT_EQ(meanwhile.drops, std::vector{Drop::kRepeated});
    box.settle("https://twitch.tv/a", true, seconds(2));
    EXPECT_TRUE(box.take(message("twitch.tv/a"), seconds(3)).streams.empty());
    EXPECT_EQ(box.take(message("twitch.tv/a"), seconds(62)).streams.size(), 1u);
}

TEST(Intake, AnnouncesAnewWhatWasNotAccepted) {
    Intake box = intake();
    ASSERT_EQ(box.take(message("twitch.tv/a"), seconds(0)).streams.size(), 1u);
    box.settle("https://twitch.tv/a", false, seconds(1));
    EXPECT_EQ(box.take(message("twitch.tv/a"), seconds(2)).streams.size(), 1u);
}

TEST(Intake, AnnouncesAnewWhatWentAway) {
    Intake box = intake();
    ASSERT_EQ(box.take(message("twitch.tv/a"), seconds(0)).streams.size(), 1u);
    box.settle("https://twitch.tv/a", true, seconds(1));
    box.forget("https://twitch.tv/a");
    EXPECT_EQ(box.take(message("twitch.tv/a"), seconds(2)).streams.size(), 1u);
}

TEST(Intake, LimitsMessagesWithLinksForEachSender) {
    Intake box = intake({.limit = {.messages = 2, .window = seconds(60)}});
    for (int i = 0; i < 5; ++i)
        EXPECT_TRUE(box.take(message("hello"), seconds(0)).drops.empty());
    EXPECT_EQ(box.take(message("twitch.tv/a"), seconds(0)).streams.size(), 1u);
    EXPECT_EQ(box.take(message("twitch.tv/b"), seconds(0)).streams.size(), 1u);
    EXPECT_EQ(box.take(message("twitch.tv/c"), seconds(0)).drops, std::vector{Drop::kRateLimited});
    EXPECT_EQ(box.take(message("twitch.tv/c", "other"), seconds(0)).streams.size(), 1u);
    EXPECT_EQ(box.take(message("twitch.tv/d"), seconds(60)).streams.size(), 1u);
}

TEST(Intake, PassesOverIgnoredUsersUrlsAndLongMessages) {
    Intake box = intake({.max_message_bytes = 100}, {"NightBot"}, {"twitch.tv/spam"});
    EXPECT_EQ(box.take(message("twitch.tv/a", "nightbot"), seconds(0)).drops,
              std::vector{Drop::kIgnoredUser});
    EXPECT_EQ(box.take(message("twitch.tv/spam"), seconds(0)).drops,
              std::vector{Drop::kIgnoredUrl});
    EXPECT_EQ(box.take(message("twitch.tv/a " + std::string(100, 'x')), seconds(0)).drops,
              std::vector{Drop::kTooLong});
}

TEST(Intake, ReportsSkippedLinks) {
    Intake box = intake();
    const Intaken result = box.take(message("https://notwitch.tv/a"), seconds(0));
    ASSERT_EQ(result.skipped.size(), 1u);
    EXPECT_EQ(result.skipped[0].reason, model::SkipReason::kLookAlikeHost);
}

TEST(Intake, UsesItsPlaceHint) {
    Intake box = intake({.place_hint = "Portland, OR"});
    EXPECT_EQ(box.take(message("twitch.tv/a"), seconds(0)).streams[0].place->state, "OR");
}

}  // namespace
}  // namespace streamwall::discovery
