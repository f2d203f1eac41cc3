#include "credential_news.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace streamwall::http_server::testing {
namespace {

using namespace std::chrono_literals;
using Manner = CredentialNews::Manner;

struct Case {
    std::string_view what;
    struct Step {
        std::string_view teller;
        std::int64_t count;
        Manner manner;
        std::chrono::seconds at;
        bool is_doubtful;
        std::string_view place = {};
    };
    std::vector<Step> steps;
};

TEST(CredentialNewsTest, SeesWhatWasMissed) {
    const Case cases[] = {
        {"a teller that goes on counting",
         {{"a", 0, Manner::kCount, 0s, true},
          {"a", 0, Manner::kCount, 1s, false},
          {"a", 1, Manner::kChange, 1s, false},
          {"a", 1, Manner::kCount, 2s, false},
          {"a", 2, Manner::kChange, 15s, false}}},
        {"a change that did not come",
         {{"a", 0, Manner::kCount, 0s, true},
          {"a", 1, Manner::kCount, 1s, true},
          {"a", 1, Manner::kCount, 2s, false}}},
        {"a change before the one that came",
         {{"a", 3, Manner::kReply, 0s, true}, {"a", 5, Manner::kChange, 1s, true}}},
        {"a count that overtook its change",
         {{"a", 0, Manner::kCount, 0s, true},
          {"a", 1, Manner::kCount, 1s, true},
          {"a", 1, Manner::kChange, 1s, false}}},
        {"the first change of a new teller", {{"a", 1, Manner::kChange, 0s, true}}},
        {"a teller with a past", {{"a", 1, Manner::kCount, 0s, true}}},
        {"a reply that overtook its change",
         {{"a", 0, Manner::kReply, 0s, true},
          {"a", 1, Manner::kReply, 1s, false},
          {"a", 1, Manner::kChange, 1s, false}}},
        {"a teller that comes back after a silence",
         {{"a", 0, Manner::kCount, 0s, true}, {"a", 0, Manner::kCount, 15s, true}}},
        {"a teller that fell silent beside one that did not",
         {{"a", 0, Manner::kCount, 0s, true},
          {"b", 0, Manner::kCount, 1s, true},
          {"b", 0, Manner::kCount, 14s, false},
          {"b", 0, Manner::kCount, 15s, true},
          {"b", 0, Manner::kCount, 29s, false}}},
        {"one that ends, and its successor",
         {{"a", 0, Manner::kCount, 0s, true},
          {"a", 0, Manner::kEnd, 1s, false},
          {"b", 0, Manner::kCount, 20s, true}}},
        {"a successor of one that did not end",
         {{"a", 0, Manner::kCount, 0s, true},
          {"b", 0, Manner::kCount, 4s, true},
          {"b", 0, Manner::kCount, 16s, false}}},
        {"a successor at once, where it ran",
         {{"a", 0, Manner::kCount, 0s, true, "accounts@core"},
          {"b", 0, Manner::kReply, 1s, true},
          {"b", 0, Manner::kCount, 1s, false, "accounts@core"},
          {"b", 0, Manner::kCount, 14s, false, "accounts@core"},
          {"b", 0, Manner::kCount, 16s, false, "accounts@core"}}},
        {"another one elsewhere",
         {{"a", 0, Manner::kCount, 0s, true, "accounts@core"},
          {"b", 0, Manner::kCount, 1s, true, "accounts@other"},
          {"b", 0, Manner::kCount, 14s, false, "accounts@other"},
          {"b", 0, Manner::kCount, 16s, true, "accounts@other"}}},
        {"an end of nobody who was known", {{"a", 5, Manner::kEnd, 0s, false}}},
        {"one whose last change was missed",
         {{"a", 0, Manner::kCount, 0s, true}, {"a", 1, Manner::kEnd, 1s, true}}},
    };
    for (const auto& [what, steps] : cases) {
        CredentialNews news;
        for (const auto& step : steps) {
            EXPECT_EQ(
                news.heard({step.teller, step.count, step.manner, step.place}, Time{} + step.at),
                step.is_doubtful)
                << what << ", at " << step.at.count() << " s";
        }
    }
}

TEST(CredentialNewsTest, IsCurrentWhileEveryTellerIsHeard) {
    CredentialNews news;
    EXPECT_FALSE(news.is_current(Time{})) << "nobody tells anything";
    news.heard({"a", 0, Manner::kCount}, Time{});
    news.heard({"b", 0, Manner::kCount}, Time{} + 2s);
    EXPECT_TRUE(news.is_current(Time{} + 14s));
    EXPECT_FALSE(news.is_current(Time{} + 15s));
    news.heard({"b", 0, Manner::kEnd}, Time{} + 6s);
    news.heard({"a", 0, Manner::kCount}, Time{} + 10s);
    EXPECT_TRUE(news.is_current(Time{} + 24s));
    news.heard({"a", 0, Manner::kEnd}, Time{} + 11s);
    EXPECT_FALSE(news.is_current(Time{} + 11s));
}

TEST(CredentialNewsTest, ManyTellersTakeNoMoreMemory) {
    CredentialNews news;
    for (int n = 0; n < 1000; ++n)
        news.heard({std::to_string(n), 0, Manner::kCount}, Time{});
    EXPECT_TRUE(news.is_current(Time{} + 1s));
}

TEST(CredentialNewsTest, KnowsWhoHasChangedSinceAPlace) {
    CredentialNews news;
    const PrincipalId ada{1}, bob{2};
    const auto before = news.position();
    EXPECT_FALSE(news.has_changed(ada, before));
    news.note(ada);
    EXPECT_TRUE(news.has_changed(ada, before));
    EXPECT_FALSE(news.has_changed(bob, before));
    EXPECT_FALSE(news.has_changed(ada, news.position()));
    news.note_doubt();
    EXPECT_TRUE(news.has_changed(bob, before));
    const auto after = news.position();
    EXPECT_FALSE(news.has_changed(bob, after));
    for (int n = 0; n < 256; ++n)
        news.note(ada);
    EXPECT_FALSE(news.has_changed(bob, after));
    news.note(ada);
    EXPECT_TRUE(news.has_changed(bob, after)) << "too long ago to be sure";
}

}  // namespace
}  // namespace streamwall::http_server::testing
