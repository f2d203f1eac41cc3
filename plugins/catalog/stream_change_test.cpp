#include "stream_change.hpp"

#include "collection.hpp"

#include <heap_buffers.hpp>

#include <gtest/gtest.h>
#include <boost/json.hpp>

namespace streamwall::catalog {
namespace {

constexpr std::string_view kRecord =
    R"({"id":5,"url":"https://a.b/c","link":"https://a.b/c","title":"t \"q\"","status":"live",)"
    R"("labels":["x"],"viewer_count":3,"last_checked_at":null,"last_checked":null,"version":2})";

constexpr std::int64_t kNow = 1'767'225'600'000;  // 2026-01-01T00:00:00.000Z

TEST(StreamChange, HoldsWhatDiffersAndNothingElse) {
    const auto change = plan_change(
        kRecord, {{"title", "t \"q\""}, {"viewer_count", 4}, {"labels", {"x"}}, {"city", "Rome"}},
        kNow);
    ASSERT_TRUE(change.has_value());
    EXPECT_EQ(change->set_json, R"({"viewer_count":4,"city":"Rome"})");
    EXPECT_EQ(boost::json::parse(change->changes_json),
              boost::json::parse(R"({"viewer_count":{"from":3,"to":4},)"
                                 R"("city":{"from":null,"to":"Rome"}})"));
    EXPECT_EQ(change->event_type, "stream.updated");
    EXPECT_FALSE(change->is_touch);
}

TEST(StreamChange, IsNothingWhereAllIsEqual) {
    EXPECT_FALSE(plan_change(kRecord, {{"labels", {"x"}}, {"status", "live"}}, kNow));
    EXPECT_FALSE(plan_change(kRecord, {}, kNow));
}

TEST(StreamChange, WritesRepeatedFieldsUnderBothNames) {
    const auto change =
        plan_change(kRecord, {{"last_checked_at", "2026-01-01T00:00:00.000Z"}}, kNow);
    ASSERT_TRUE(change.has_value());
    EXPECT_EQ(change->set_json, R"({"last_checked_at":"2026-01-01T00:00:00.000Z",)"
                                R"("last_checked":"2026-01-01T00:00:00.000Z"})");
    EXPECT_TRUE(change->is_touch);
}

TEST(StreamChange, SaysWhetherTheStreamIsFoundOrCountedElsewhere) {
    EXPECT_FALSE(plan_change(kRecord, {{"city", "Rome"}}, kNow)->moves);
    EXPECT_TRUE(plan_change(kRecord, {{"url", "https://a.b/d"}, {"city", "Rome"}}, kNow)->moves);
    EXPECT_TRUE(plan_change(kRecord, {{"status", "offline"}}, kNow)->moves);
    EXPECT_TRUE(plan_change(kRecord, {{"archived", true}}, kNow)->moves);
}

TEST(StreamChange, WritesTheTimesThatFollowAndNamesOnlyWhatWasAskedFor) {
    const auto change = plan_change(kRecord, {{"status", "offline"}}, kNow);
    ASSERT_TRUE(change.has_value());
    EXPECT_EQ(change->set_json, R"({"status":"offline",)"
                                R"("last_checked_at":"2026-01-01T00:00:00.000Z",)"
                                R"("last_checked":"2026-01-01T00:00:00.000Z"})");
    EXPECT_EQ(change->fields, std::vector<std::string>{"status"});
    EXPECT_EQ(boost::json::parse(change->changes_json).at("last_checked_at").at("from"), nullptr);
    EXPECT_FALSE(change->is_touch);
}

TEST(StreamChange, WritesThemIntoANewRecordToo) {
    const auto record = boost::json::parse(
        new_record_json({{"url", "u"}, {"status", "live"}, {"started_at", nullptr}}, 0, kNow));
    EXPECT_EQ(record.at("started_at"), "2026-01-01T00:00:00.000Z");
    EXPECT_EQ(record.at("last_checked"), "2026-01-01T00:00:00.000Z");
}

TEST(StreamChange, LeavesNullsOutOfANewRecord) {
    EXPECT_EQ(new_record_json({{"url", "u"}, {"title", nullptr}, {"pinned", false}}, 7, kNow),
              R"({"url":"u","link":"u","pinned":false,"user_id":7})");
}

TEST(Collection, IsDeclaredInTheContractsOrder) {
    const auto declared = boost::json::parse(streams_declaration());
    const auto& collection = declared.at("collections").at(0);
    std::string names;
    for (const auto& field : collection.at("fields").as_array())
        names += std::string(field.at("name").as_string()) + ' ';
    EXPECT_EQ(names,
              "url link title source platform status kind orientation city state country "
              "location_id streamer_id streamer_name posted_by external_id notes pinned archived "
              "labels viewer_count last_checked_at last_checked last_live_at started_at ended_at "
              "user_id ");
    for (const auto& index : collection.at("indexes").as_array())
        EXPECT_EQ(index.at("fields").at(0), "archived") << "every list begins with it";
}

}  // namespace
}  // namespace streamwall::catalog
