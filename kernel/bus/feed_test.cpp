// The feed: whom a commit wakes, and what it gives to who asks.
#include "bus/feed.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace streamwall::bus {
namespace {

class FeedTest : public testing::Test {
  protected:
    EventPtr make(const char* type, std::uint64_t sequence, const char* epoch = "e1") {
        EventRecord::Parts parts;
        parts.id = fmt::format("evt-{}", sequence);
        parts.type = type;
        parts.epoch = epoch;
        parts.sequence = sequence;
        return std::make_shared<const EventRecord>(std::move(parts));
    }
    void commit(const char* type, std::uint64_t count = 1) {
        std::vector<EventPtr> events;
        for (std::uint64_t n = 0; n < count; ++n)
            events.push_back(make(type, ++last_));
        feed_.committed(events);
    }
    std::vector<std::uint64_t> after(std::uint64_t from, std::size_t limit,
                                     std::string_view pattern) {
        batch_ = feed_.after("e1", from, limit, pattern);
        std::vector<std::uint64_t> out;
        for (const auto& event : batch_.events)
            out.push_back(event->sequence());
        return out;
    }
    Feed feed_;
    Feed::Batch batch_;
    std::uint64_t last_ = 0;
};

using Sequences = std::vector<std::uint64_t>;

TEST_F(FeedTest, WakesForCommitsThatMatchAndSaysWhereTheyBegin) {
    Sequences woken;
    const auto id = feed_.watch("stream.*", [&](std::uint64_t first) { woken.push_back(first); });
    commit("chat.message", 3);
    EXPECT_TRUE(woken.empty());
    commit("stream.created", 2);
    feed_.committed({make("chat.message", 6), make("stream.updated", 7)});
    EXPECT_EQ(woken, (Sequences{4, 6}));
    feed_.unwatch(id);
    feed_.committed({make("stream.updated", 8)});
    EXPECT_EQ(woken.size(), 2u);
}

TEST_F(FeedTest, WakesNowAndThenForWhatDoesNotMatchSoThatPositionsMove) {
    int woken = 0;
    feed_.watch("stream.*", [&](std::uint64_t) { ++woken; });
    for (std::size_t n = 1; n < Feed::kMaxUnseen; ++n)
        commit("chat.message");
    EXPECT_EQ(woken, 0);
    commit("chat.message");
    EXPECT_EQ(woken, 1);
    commit("chat.message", Feed::kMaxUnseen);
    EXPECT_EQ(woken, 2);
}

TEST_F(FeedTest, GivesWhatMatchesAndSaysHowFarThatGoes) {
    commit("chat.message", 2);
    commit("stream.created", 2);
    commit("chat.message", 2);
    EXPECT_EQ(after(0, 10, "stream.*"), (Sequences{3, 4}));
    EXPECT_EQ(batch_.through, 6u);
    EXPECT_EQ(after(0, 1, "stream.*"), (Sequences{3}));
    EXPECT_EQ(batch_.through, 3u) << "the next one was not given";
    EXPECT_EQ(after(4, 10, "stream.*"), Sequences());
    EXPECT_EQ(batch_.through, 6u);
    EXPECT_EQ(batch_.last, 6u);
}

TEST_F(FeedTest, AGapForgetsWhatWasBeforeIt) {
    commit("stream.created", 2);
    last_ = 4;
    commit("stream.created");
    EXPECT_EQ(after(0, 10, ">"), Sequences());
    EXPECT_FALSE(batch_.kept);
    EXPECT_EQ(after(4, 10, ">"), (Sequences{5}));
    EXPECT_TRUE(batch_.kept);
}

TEST_F(FeedTest, AnotherEpochIsAnotherLog) {
    commit("stream.created", 2);
    feed_.committed({make("stream.created", 3, "e2")});
    EXPECT_EQ(after(0, 10, ">"), Sequences());
    EXPECT_EQ(batch_.last, 0u);
    EXPECT_EQ(feed_.after("e2", 2, 10, ">").events.size(), 1u);
}

}  // namespace
}  // namespace streamwall::bus
