#include "analytics.hpp"
#include "stream_history.hpp"
#include "testing/fixture.hpp"

#include <streamwall/model/rfc3339.hpp>

namespace streamwall::catalog::testing {
namespace {

class History : public CatalogTest {
  protected:
    History() { EXPECT_TRUE(create(R"({"url":"https://twitch.tv/a"})")); }
    boost::json::object analytics(std::string_view now, std::string_view request = R"({"id":1})") {
        const AnalyticsOptions options{
            .wall_ms = [now] { return model::parse_time(now)->time_since_epoch().count(); }};
        std::optional<Result<Buffer>> out;
        read_analytics(records, options, request, context,
                       [&](Result<Buffer> reply) { out = std::move(reply); });
        return parsed(*out);
    }
};

TEST_F(History, RemembersChangesOfStatusAndTheArchiveAndNothingElse) {
    context.principal_type = to_str("user");
    context.principal_id = to_str("7");
    context.principal_name = to_str("Ada");
    context.role = to_str("admin");
    ASSERT_TRUE(patch(1, R"({"title":"t","pinned":true,"viewer_count":5})"));
    EXPECT_TRUE(store.history().empty());
    ASSERT_TRUE(patch(1, R"({"status":"live"})"));
    ASSERT_TRUE(act(Operation::kArchive, 1));
    ASSERT_TRUE(act(Operation::kUnarchive, 1));
    ASSERT_EQ(store.history().size(), 3u);
    const auto& live = store.history()[0];
    EXPECT_EQ(live.at("stream_id"), 1);
    EXPECT_EQ(live.at("previous_status"), "unknown");
    EXPECT_EQ(live.at("status"), "live");
    EXPECT_EQ(live.at("archived"), false);
    EXPECT_EQ(live.at("changed_by"),
              (boost::json::object{{"type", "user"}, {"id", "7"}, {"name", "Ada"}}));
    EXPECT_EQ(store.history()[1].at("archived"), true);
    EXPECT_EQ(store.history()[1].at("status"), "live");
    EXPECT_EQ(store.history()[2].at("archived"), false);
}

TEST_F(History, RemembersChangesMadeInABatch) {
    const auto batch = [this](std::string_view atomic, std::string_view status) {
        return ask(Operation::kBatch, R"({"strict":false,"atomic":)" + std::string(atomic) +
                                          R"(,"updates":[{"id":1,"status":")" +
                                          std::string(status) + "\"}]}");
    };
    ASSERT_TRUE(batch("true", "live"));
    ASSERT_TRUE(batch("false", "offline"));
    ASSERT_EQ(store.history().size(), 2u);
    EXPECT_EQ(store.history()[1].at("previous_status"), "live");
}

TEST_F(History, ListsNewestFirstAndKnowsNoStreamThatIsGone) {
    ASSERT_TRUE(patch(1, R"({"status":"live"})"));
    ASSERT_TRUE(patch(1, R"({"status":"offline"})"));
    const auto reply = parsed(ask(Operation::kHistory, R"({"id":1,"limit":10,"offset":0})"));
    EXPECT_EQ(reply.at("count"), 2);
    EXPECT_EQ(reply.at("records").at(0).at("status"), "offline");
    EXPECT_EQ(ask(Operation::kHistory, R"({"id":9})").code(), SW_NOT_FOUND);
}

TEST_F(History, FiguresComeFromRecordedChangesOnly) {
    store.set(1, "created_at", "2026-01-01T00:00:00.000Z");
    ASSERT_TRUE(patch(1, R"({"title":"read anew"})"));
    const auto change = [this](std::string time, std::string_view status) {
        store.set_time(std::move(time));
        ASSERT_TRUE(patch(1, R"({"status":")" + std::string(status) + "\"}"));
    };
    const auto none = analytics("2026-01-01T02:00:00.000Z");
    EXPECT_EQ(none.at("observed_seconds"), 7200);
    EXPECT_EQ(none.at("seconds_by_status"), (boost::json::object{{"unknown", 7200}}));
    EXPECT_EQ(none.at("live_sessions"), 0);
    change("2026-01-01T01:00:00.000Z", "live");
    change("2026-01-01T02:00:00.000Z", "offline");
    change("2026-01-01T03:00:00.000Z", "live");
    const auto out = analytics("2026-01-01T06:00:00.000Z");
    EXPECT_EQ(out.at("from"), "2026-01-01T00:00:00.000Z") << "not before the stream was made";
    EXPECT_EQ(out.at("observed_seconds"), 6 * 3600);
    EXPECT_EQ(out.at("seconds_by_status").at("unknown"), 3600);
    EXPECT_EQ(out.at("seconds_by_status").at("live"), 4 * 3600);
    EXPECT_EQ(out.at("seconds_by_status").at("offline"), 3600);
    EXPECT_NEAR(out.at("live_share").as_double(), 4.0 / 6, 1e-9);
    EXPECT_EQ(out.at("status_changes"), 3);
    EXPECT_EQ(out.at("live_sessions"), 2);
    EXPECT_EQ(out.at("longest_live_seconds"), 3 * 3600);
    EXPECT_EQ(out.at("is_live"), true);
    // A later window begins in the middle of a session.
    const auto later = analytics("2026-01-03T00:30:00.000Z", R"({"id":1,"days":2})");
    EXPECT_EQ(later.at("from"), "2026-01-01T00:30:00.000Z");
    EXPECT_EQ(later.at("seconds_by_status").at("unknown"), 1800);
    const auto last = analytics("2026-01-05T00:00:00.000Z", R"({"id":1,"days":1})");
    EXPECT_EQ(last.at("seconds_by_status"), (boost::json::object{{"live", 86400}}));
    EXPECT_EQ(last.at("live_share"), 1.0);
}

}  // namespace
}  // namespace streamwall::catalog::testing
