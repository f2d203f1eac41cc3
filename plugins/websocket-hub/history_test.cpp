// What is in memory of the past, and what is said to be.
#include "history.hpp"

#include "fake_http.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace streamwall::hub {
namespace {

PastEvent event(std::uint64_t sequence, std::size_t size = 10) {
    return {sequence, static_cast<std::int64_t>(sequence * 1'000), "stream.updated",
            Buffer(std::string(size, 'x')), ""};
}
std::vector<std::uint64_t> sequences(const History::Page& page) {
    std::vector<std::uint64_t> out;
    for (const auto* each : page.events)
        out.push_back(each->sequence);
    return out;
}

class AHistory : public testing::Test {
  protected:
    AHistory() { install_test_buffers(); }
    History history{10'000};
};

TEST_F(AHistory, CoversNothingBeforeItKnowsWhereItBegan) {
    history.add("e", event(7));
    EXPECT_FALSE(history.covers(7));
    EXPECT_FALSE(history.knows_time(1'000'000));
    history.begin({"e", 6}, 0);
    EXPECT_TRUE(history.covers(6));
    EXPECT_FALSE(history.covers(5));
    EXPECT_THAT(sequences(history.after(6, 1'000)), testing::ElementsAre(7));
}

// After a restart events come again that were committed before.
TEST_F(AHistory, TellsWhatIsRepeatedFromWhatIsNew) {
    history.add("e", event(3));
    history.begin({"e", 5}, 0);
    for (const std::uint64_t n : {4, 5, 6})
        history.add("e", event(n));
    EXPECT_TRUE(history.is_old(5));
    EXPECT_FALSE(history.is_old(6));
    EXPECT_FALSE(history.covers(4));
    EXPECT_EQ(history.head(), 6U);
    EXPECT_THAT(sequences(history.after(5, 1'000)), testing::ElementsAre(6));
}

TEST_F(AHistory, GivesPagesUpToTheNewest) {
    history.begin({"e", 0}, 0);
    for (std::uint64_t n = 1; n <= 9; n += 2)
        history.add("e", event(n, 100));
    auto page = history.after(2, 250);
    EXPECT_THAT(sequences(page), testing::ElementsAre(3, 5));
    EXPECT_FALSE(page.reaches_head);
    page = history.after(page.through, 250);
    EXPECT_THAT(sequences(page), testing::ElementsAre(7, 9));
    EXPECT_TRUE(page.reaches_head);
    EXPECT_EQ(page.through, 9U);
    EXPECT_THAT(sequences(history.after(8, 1)), testing::ElementsAre(9)) << "at least one";
    EXPECT_TRUE(history.after(20, 1).events.empty());
}

TEST_F(AHistory, ForgetsTheOldestWhenItIsFull) {
    history.begin({"e", 0}, 0);
    for (std::uint64_t n = 1; n <= 100; ++n)
        history.add("e", event(n, 1'000));
    EXPECT_LE(history.size(), 10U);
    EXPECT_FALSE(history.covers(50));
    EXPECT_TRUE(history.covers(99));
    EXPECT_FALSE(history.knows_time(50'000));
    ASSERT_TRUE(history.knows_time(99'500));
    EXPECT_EQ(history.before_time(99'500), 99U);
}

TEST_F(AHistory, StartsOverWithAnotherJournal) {
    history.begin({"e", 40}, 0);
    history.add("e", event(41));
    history.add("f", event(3));
    EXPECT_EQ(history.epoch(), "f");
    EXPECT_FALSE(history.is_old(3));
    EXPECT_TRUE(history.covers(2));
    EXPECT_THAT(sequences(history.after(2, 1'000)), testing::ElementsAre(3));
}

}  // namespace
}  // namespace streamwall::hub
