#include "upkeep.hpp"
#include "discovered.hpp"
#include "stream_history.hpp"
#include "testing/fixture.hpp"

#include <streamwall/model/rfc3339.hpp>

namespace streamwall::catalog::testing {
namespace {

using namespace std::chrono_literals;

class Upkeeping : public CatalogTest {
  protected:
    Upkeeping() {
        store.set_time("2026-01-01T11:59:00.000Z");
        store.answer_queries([this] {
            boost::json::array all;
            for (const auto& [id, record] : store.records()) {
                if (!record.at("archived").as_bool()) all.push_back(record);
            }
            return boost::json::serialize(
                boost::json::object{{"records", std::move(all)}, {"next_cursor", nullptr}});
        });
    }
    void checked(std::string_view name, std::string_view status, std::string_view at,
                 std::string_view more = {}) {
        ASSERT_TRUE(create(R"({"url":"https://twitch.tv/)" + std::string(name) + R"(","status":")" +
                           std::string(status) + R"(","last_checked_at":)" + std::string(at) +
                           std::string(more) + "}"));
    }
    boost::json::object once() {
        std::optional<Result<Buffer>> out;
        run(upkeep.run_once(1min, Context(context)), [&](auto reply) { out = std::move(reply); });
        return parsed(*out);
    }
    void learn(Upkeep& by) {
        std::optional<Result<Buffer>> out;
        run(by.learn_resting(Context(context)), [&](auto reply) { out = std::move(reply); });
        EXPECT_TRUE(*out);
    }
    bool archived(std::int64_t id) { return store.records().at(id).at("archived").as_bool(); }

    std::string wall = "2026-01-01T12:00:00.000Z";
    std::function<std::int64_t()> clock = [this] {
        return model::parse_time(wall)->time_since_epoch().count();
    };
    Upkeep upkeep{records, {}, clock, "catalog@main"};
};

TEST_F(Upkeeping, ArchivesWhatIsNotLiveAndWasNotCheckedForHalfAnHour) {
    checked("old", "offline", R"("2026-01-01T11:29:59.999Z")");
    checked("young", "offline", R"("2026-01-01T11:30:00.000Z")");
    checked("live", "live", R"("2026-01-01T01:00:00.000Z")");
    checked("never", "unknown", "null");
    checked("failing", "error", R"("2025-12-31T01:00:00.000Z")");
    EXPECT_EQ(once().at("archived"), 2);
    EXPECT_TRUE(archived(1));
    EXPECT_FALSE(archived(2));
    EXPECT_FALSE(archived(3));
    EXPECT_FALSE(archived(4));
    EXPECT_TRUE(archived(5));
    EXPECT_EQ(last_event().type, "stream.archived");
    EXPECT_EQ(store.history().back().at("reason"), "rule");
    EXPECT_EQ(once().at("archived"), 0);
}

TEST_F(Upkeeping, LeavesTheWorkToWhoHoldsTheLease) {
    checked("old", "offline", R"("2026-01-01T01:00:00.000Z")");
    store.lease_to_another(true);
    EXPECT_EQ(once().at("archived"), 0);
    EXPECT_FALSE(archived(1));
}

TEST_F(Upkeeping, DoesNotArchiveWhatWasCheckedMeanwhile) {
    checked("old", "offline", R"("2026-01-01T01:00:00.000Z")");
    store.before_next_apply([this] { store.set(1, "status", "live"); });
    EXPECT_EQ(once().at("archived"), 0);
    EXPECT_FALSE(archived(1));
}

TEST_F(Upkeeping, ArchivesNothingWhereTheRuleIsOff) {
    checked("old", "offline", R"("2026-01-01T01:00:00.000Z")");
    Upkeep off(records, {.archive_after = 0ms}, clock, "catalog@main");
    run(off.run_once(1min, Context(context)), [](auto reply) { EXPECT_TRUE(reply); });
    EXPECT_FALSE(archived(1));
}

TEST_F(Upkeeping, ForgetsHistoryThatIsTooOld) {
    checked("a", "offline", "null");
    store.set_time("2025-09-01T00:00:00.000Z");
    ASSERT_TRUE(patch(1, R"({"status":"live"})"));
    store.set_time("2025-12-01T00:00:00.000Z");
    ASSERT_TRUE(patch(1, R"({"status":"offline"})"));
    EXPECT_EQ(once().at("forgotten"), 1);
    ASSERT_EQ(store.history().size(), 1u);
    EXPECT_EQ(store.history()[0].at("status"), "offline");
}

TEST_F(Upkeeping, WhoIsBackInTimeContinuesTheSameStream) {
    checked("a", "offline", R"("2026-01-01T01:00:00.000Z")", R"(,"title":"kept")");
    once();
    ASSERT_TRUE(archived(1));
    const auto back = parsed(create(R"({"url":"https://twitch.tv/a","status":"live"})"));
    EXPECT_EQ(back.at("created"), false);
    EXPECT_EQ(back.at("stream").at("id"), 1);
    EXPECT_EQ(back.at("stream").at("archived"), false);
    EXPECT_EQ(back.at("stream").at("status"), "live");
    EXPECT_EQ(back.at("stream").at("title"), "kept");
    EXPECT_EQ(store.records().size(), 1u);
}

TEST_F(Upkeeping, WhatEndedGoesOnAndHasTimeToBeChecked) {
    checked("a", "offline", R"("2026-01-01T01:00:00.000Z")",
            R"(,"started_at":"2026-01-01T00:30:00.000Z")");
    once();
    EXPECT_EQ(store.records().at(1).at("ended_at"), "2026-01-01T01:00:00.000Z");
    const auto back = parsed(create(R"({"url":"https://twitch.tv/a","status":"checking"})"));
    const auto& stream = back.at("stream");
    EXPECT_EQ(stream.at("ended_at"), nullptr);
    EXPECT_EQ(stream.at("started_at"), "2026-01-01T00:30:00.000Z");
    EXPECT_EQ(stream.at("last_checked_at"), "2026-01-01T11:59:00.000Z");
    EXPECT_EQ(once().at("archived"), 0) << "it is back a minute";
}

TEST_F(Upkeeping, AStreamerOfThePlatformContinuesUnderANewUrl) {
    ASSERT_TRUE(create(R"({"url":"https://youtube.com/watch?v=aaaaaaaaaaa","status":"offline",
        "streamer_name":"Ada","last_checked_at":"2026-01-01T01:00:00.000Z"})"));
    once();
    const auto other = parsed(create(R"({"url":"https://twitch.tv/ada","streamer_name":"Ada"})"));
    EXPECT_EQ(other.at("created"), true) << "another platform is another stream";
    const auto back = parsed(
        create(R"({"url":"https://youtube.com/watch?v=bbbbbbbbbbb","streamer_name":"ADA"})"));
    EXPECT_EQ(back.at("created"), false);
    EXPECT_EQ(back.at("stream").at("id"), 1);
    EXPECT_EQ(back.at("stream").at("url"), "https://youtube.com/watch?v=bbbbbbbbbbb");
}

TEST_F(Upkeeping, WhoIsLateOrWasArchivedByHandBeginsAnew) {
    checked("late", "offline", R"("2026-01-01T01:00:00.000Z")");
    once();
    now += 1801 * kSecond;
    EXPECT_EQ(parsed(create(R"({"url":"https://twitch.tv/late"})")).at("created"), true);
    checked("hand", "offline", "null");
    const auto id = store.records().rbegin()->first;
    ASSERT_TRUE(act(Operation::kArchive, id));
    EXPECT_EQ(parsed(create(R"({"url":"https://twitch.tv/hand"})")).at("created"), true);
}

TEST_F(Upkeeping, ADiscoveredLinkContinuesItsStreamToo) {
    checked("a", "offline", R"("2026-01-01T01:00:00.000Z")");
    once();
    std::optional<Result<Taken>> done;
    take_discovered(records, {"evt-9", R"({"url":"https://twitch.tv/a","source":"twitch"})"},
                    context, [&](Result<Taken> result) { done = std::move(result); });
    ASSERT_TRUE(*done);
    EXPECT_FALSE((*done)->created);
    EXPECT_EQ((*done)->stream_id, 1);
    EXPECT_FALSE(archived(1));
    EXPECT_EQ(store.records().at(1).at("status"), "checking");
    EXPECT_EQ(store.records().size(), 1u);
}

TEST_F(Upkeeping, AnotherInstanceLearnsFromTheHistoryWhatRests) {
    checked("a", "offline", R"("2026-01-01T01:00:00.000Z")");
    checked("b", "offline", R"("2026-01-01T01:00:00.000Z")");
    once();
    ASSERT_TRUE(act(Operation::kUnarchive, 2));
    StreamRecords others{store, [this] { return now; }, std::size_t{1} << 20};
    Upkeep theirs{others, {}, clock, "catalog@other"};
    learn(theirs);
    const auto named = [](std::string_view name) {
        return boost::json::object{{"url", "https://twitch.tv/" + std::string(name)}};
    };
    EXPECT_EQ(others.resting_stream(named("a")), 1);
    EXPECT_EQ(others.resting_stream(named("b")), 0);
    now += 1750 * kSecond;
    EXPECT_EQ(others.resting_stream(named("a")), 0) << "it was archived a minute before";
}

}  // namespace
}  // namespace streamwall::catalog::testing
