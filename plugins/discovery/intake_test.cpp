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

TEST(Intake, JudgesEachLinkOfAMessageThatWaitsForAnAnswer) {
    Intake box = intake({}, {}, {"https://kick.com/bad"});
    box.settle("https://twitch.tv/seen", true, seconds(0));
    const Judged result = box.judge(
        message("twitch.tv/new kick.com/bad twitch.tv/seen twitch.tv/directory"), seconds(1));
    ASSERT_EQ(result.streams.size(), 3u);
    EXPECT_FALSE(result.drop);
    EXPECT_EQ(result.drops, (std::vector<std::optional<Drop>>{{}, Drop::kIgnoredUrl, {}}));
    EXPECT_EQ(result.repeated, (std::vector<bool>{false, false, true}));
    EXPECT_EQ(result.skipped.size(), 1u);
    EXPECT_EQ(box.take(message("twitch.tv/new"), seconds(2)).streams.size(), 1u)
        << "nothing is under way";
}

TEST(Intake, IgnoresAuthorsOnTheListOfAnySourceAndLimitsEachWhereItJudges) {
    IgnoreRules rules({}, {}, {});
    rules.add_user("twitch", "spammer");
    Intake box{{.limit = {.messages = 1, .window = seconds(60)}}, rules, Gazetteer::embedded()};
    ChatMessage hook = message("twitch.tv/a", "Spammer");
    hook.source = "webhook";
    EXPECT_EQ(box.judge(hook, seconds(0)).drop, Drop::kIgnoredUser);
    hook.user = hook.user_id = "someone";
    EXPECT_FALSE(box.judge(hook, seconds(0)).drop);
    EXPECT_EQ(box.judge(hook, seconds(1)).drop, Drop::kRateLimited);
}

TEST(Intake, TakesAPlaceFromTheMessagesOwnHint) {
    Intake box = intake({.place_hint = "Portland, OR"});
    ChatMessage hook = message("twitch.tv/a");
    EXPECT_EQ(box.judge(hook, seconds(0)).streams.at(0).place->city, "Portland");
    hook.place_hint = "Seattle, WA";
    EXPECT_EQ(box.judge(hook, seconds(0)).streams.at(0).place->city, "Seattle");
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
