// What waits in a burst, and what becomes of it.
#include "burst.hpp"

#include "fake_http.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace streamwall::hub {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

TEST(ChangesOfChanges, GoFromTheFirstValueToTheLast) {
    const struct {
        std::string_view older, newer, merged;
    } cases[] = {
        {"", "", "{}"},
        {R"({"title":{"from":"a","to":"b"}})", "", R"({"title":{"from":"a","to":"b"}})"},
        {"", R"({"title":{"from":"a","to":"b"}})", R"({"title":{"from":"a","to":"b"}})"},
        {R"({"title":{"from":"a","to":"b"}})", R"({"title":{"from":"b","to":null}})",
         R"({"title":{"from":"a","to":null}})"},
        {R"({"title":{"from":"a","to":"b"}})", R"({"notes":{"from":null,"to":"n"}})",
         R"({"title":{"from":"a","to":"b"},"notes":{"from":null,"to":"n"}})"},
        // Back where it began: nothing has changed.
        {R"({"title":{"from":"a","to":"b"},"notes":{"from":1,"to":2}})",
         R"({"title":{"from":"b","to":"a"}})", R"({"notes":{"from":1,"to":2}})"},
        {R"({"labels":{"from":["x"],"to":["x","y"]}})", R"({"labels":{"from":["x","y"],"to":[]}})",
         R"({"labels":{"from":["x"],"to":[]}})"},
    };
    for (const auto& one : cases)
        EXPECT_EQ(merge_changes(one.older, one.newer), one.merged) << one.older << one.newer;
}

class ABurst : public testing::Test {
  protected:
    ABurst() { install_test_buffers(); }
    bool begins() { return burst.begins(now); }
    void hold(std::string_view subject, std::string_view action, std::string_view record,
              std::string_view changes = "") {
        merged +=
            burst.hold({std::string(subject), action, Buffer(record), std::string(changes)}, now);
    }
    // "subject action record changes" of each that waited.
    std::vector<std::string> take() {
        std::vector<std::string> out;
        for (const auto& each : burst.take()) {
            out.push_back(each.subject + " " + std::string(each.action) + " " +
                          std::string(each.record.view()) + " " + each.changes);
        }
        return out;
    }

    Burst burst{{.delay = 5ms, .calm = 3, .most = 10}};
    Burst::Time now{1h};
    int merged = 0;
};

TEST_F(ABurst, IsMoreThanAFewChangesWithinTheDelay) {
    for (int i = 0; i < 3; ++i)
        EXPECT_FALSE(begins());
    EXPECT_TRUE(begins());
    now += 5ms;
    EXPECT_TRUE(begins()) << "it goes on";
    now += 5ms;
    EXPECT_FALSE(begins()) << "it was over";
    for (int i = 0; i < 100; ++i) {
        now += 2ms;
        EXPECT_FALSE(begins());
    }
}

TEST_F(ABurst, HoldsWhatComesBehindWhatWaits) {
    for (int i = 0; i < 4; ++i)
        begins();
    hold("stream/1", "updated", "{}");
    now += 11ms;
    EXPECT_TRUE(begins());
    EXPECT_TRUE(burst.is_due(now));
    EXPECT_EQ(take().size(), 1U);
    now += 11ms;
    EXPECT_FALSE(begins());
}

TEST_F(ABurst, SendsTheLastUpdateOfAStreamWithTheChangesOfAll) {
    hold("stream/1", "updated", "a1", R"({"title":{"from":"0","to":"1"}})");
    hold("stream/2", "updated", "b1", R"({"title":{"from":"0","to":"1"}})");
    hold("stream/1", "updated", "a2", R"({"status":{"from":"live","to":"offline"}})");
    hold("stream/1", "updated", "a3", R"({"title":{"from":"1","to":"3"}})");
    EXPECT_EQ(merged, 2);
    EXPECT_THAT(take(), ElementsAre(R"(stream/2 updated b1 {"title":{"from":"0","to":"1"}})",
                                    R"(stream/1 updated a3 {"title":{"from":"0","to":"3"},)"
                                    R"("status":{"from":"live","to":"offline"}})"));
    EXPECT_TRUE(burst.is_empty());
}

TEST_F(ABurst, NeverMergesWhatAppearsGoesOrStepsTwice) {
    const auto status = [](std::string_view from, std::string_view to) {
        return R"({"status":{"from":")" + std::string(from) + R"(","to":")" + std::string(to) +
               R"("}})";
    };
    hold("stream/1", "created", "1");
    hold("stream/1", "updated", "2", status("checking", "live"));
    hold("stream/1", "updated", "3", status("live", "offline"));
    hold("stream/1", "archived", "4", R"({"archived":{"from":false,"to":true}})");
    hold("stream/1", "created", "5", R"({"archived":{"from":true,"to":false}})");
    hold("stream/1", "updated", "6", R"({"pinned":{"from":false,"to":true}})");
    hold("stream/1", "updated", "7", R"({"pinned":{"from":true,"to":false}})");
    hold("stream/1", "deleted", "8");
    EXPECT_EQ(merged, 0);
    EXPECT_EQ(take().size(), 8U);
}

TEST_F(ABurst, IsDueAfterTheDelayOrWhenItIsLarge) {
    hold("stream/0", "updated", "");
    now += 4ms;
    EXPECT_FALSE(burst.is_due(now));
    now += 1ms;
    EXPECT_TRUE(burst.is_due(now));
    EXPECT_EQ(take().size(), 1U);
    EXPECT_FALSE(burst.is_due(now));
    for (int i = 0; i < 10; ++i)
        hold("stream/" + std::to_string(i), "updated", "");
    EXPECT_TRUE(burst.is_due(now));
}

TEST(NoBurst, IsWhereNothingMayWait) {
    Burst burst({.delay = 0ms, .calm = 0, .most = 10});
    EXPECT_FALSE(burst.begins(Burst::Time{1h}));
}

}  // namespace
}  // namespace streamwall::hub
