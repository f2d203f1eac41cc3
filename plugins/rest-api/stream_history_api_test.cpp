#include "testing/api_fixture.hpp"

namespace streamwall::rest_api::testing {
namespace {

class StreamHistoryApi : public ApiTest {
  protected:
    static constexpr std::string_view kHistory = "/api/v1/streams/{id}/history";
    static constexpr std::string_view kAnalytics = "/api/v1/streams/{id}/analytics";
};

TEST_F(StreamHistoryApi, PagesThroughTheHistory) {
    fake.serve([](std::string_view, std::string_view) {
        return Result<Buffer>(Buffer(R"({"records":[{"id":3}],"count":30,"next_cursor":"n"})"));
    });
    const auto& answer = fake.request("GET", kHistory, {"5"}, "page=2&per_page=10");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(fake.last_call(), R"(history {"id":5,"limit":10,"offset":10})");
    EXPECT_TRUE(answer.body.starts_with(R"({"history":[{"id":3}],"meta":{"current_page":2)"));
    fake.request("GET", kHistory, {"5"}, "cursor=n");
    EXPECT_EQ(fake.last_call(), R"(history {"id":5,"limit":25,"cursor":"n"})");
    for (const auto* query : {"sort=id", "days=5", "page=0", "page=x"})
        EXPECT_EQ(fake.request("GET", kHistory, {"5"}, query).status, 400) << query;
    EXPECT_EQ(fake.request("GET", kHistory, {"x"}).status, 404);
}

TEST_F(StreamHistoryApi, AsksForFiguresOfSomeDays) {
    fake.serve([](std::string_view, std::string_view) {
        return Result<Buffer>(Buffer(R"({"stream_id":5})"));
    });
    const auto& answer = fake.request("GET", kAnalytics, {"5"}, "days=30");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, R"({"stream_id":5})");
    EXPECT_EQ(fake.last_call(), R"(analytics {"id":5,"days":30})");
    for (const auto* query : {"days=0", "days=91", "days=x", "days=", "hours=1", "days=%zz"})
        EXPECT_EQ(fake.request("GET", kAnalytics, {"5"}, query).status, 400) << query;
}

TEST_F(StreamHistoryApi, SaysThatTheFlagIsOff) {
    is_on = false;
    const auto& answer = fake.request("GET", kAnalytics, {"5"});
    EXPECT_EQ(answer.status, 403);
    EXPECT_EQ(problem(answer).at("code"), "feature_disabled");
    EXPECT_EQ(fake.last_call(), "");
}

}  // namespace
}  // namespace streamwall::rest_api::testing
