#include "testing/relations_fixture.hpp"

namespace streamwall::catalog::testing {
namespace {

using boost::json::array;

constexpr std::string_view kMoment =
    R"({"event_at":"2026-01-31T14:34:56.7+02:00","title":"Crowd moves"})";

class TimestampsTest : public RelationsTest {
  protected:
    TimestampsTest() {
        streamed(R"({"url":"https://x.com/1"})");
        streamed(R"({"url":"https://x.com/2"})");
    }
    Result<Object> add_stream(std::int64_t id, std::string_view body) {
        const auto request = json::Writer().number("id", id).raw("body", body).take();
        return ask(timestamps.add_stream(request, Context(context)));
    }
    Result<Object> remove_stream(std::int64_t id, std::int64_t stream_id) {
        const auto request = json::Writer().number("id", id).number("stream_id", stream_id).take();
        return ask(timestamps.remove_stream(request, Context(context)));
    }
    std::string made_at(const std::string& time, const std::string& rest = "") {
        return std::string(made(timestamps, R"({"event_at":")" + time + R"(","title":")" + time +
                                                R"(")" + rest + "}")
                               .at("title")
                               .as_string());
    }
};

TEST_F(TimestampsTest, KeepAMomentWithItsStreams) {
    const auto moment = made(timestamps, R"({"event_at":"2026-01-31T14:34:56.7+02:00",
        "title":" Crowd moves ","description":"north","streams":[
        {"stream_id":2,"offset_seconds":3665},{"stream_id":1}]})");
    EXPECT_EQ(moment.at("event_at"), "2026-01-31T12:34:56.700Z");
    EXPECT_EQ(moment.at("title"), "Crowd moves");
    EXPECT_EQ(moment.at("status"), "pending");
    EXPECT_EQ(moment.at("user_id"), 7);
    EXPECT_FALSE(moment.contains("handle"));
    EXPECT_EQ(moment.at("streams"), boost::json::parse(R"([{"stream_id":2,"offset_seconds":3665},
                                     {"stream_id":1,"offset_seconds":null}])"));
    EXPECT_EQ(get(timestamps, 1).value(), moment);
}

TEST_F(TimestampsTest, NameEachFieldThatIsWrong) {
    const auto with = [](const std::string& rest) {
        return R"({"event_at":"2026-01-31T12:00:00Z","title":"abc",)" + rest + "}";
    };
    const std::array<std::pair<std::string, std::string_view>, 19> cases = {{
        {"{}", "event_at required, title required"},
        {R"({"event_at":null,"title":null})", "event_at required, title required"},
        {R"({"event_at":"yesterday","title":"abc"})", "event_at format"},
        {R"({"event_at":1769862896,"title":"abc"})", "event_at format"},
        {R"({"event_at":"2026-01-31T12:00:00Z","title":"ab"})", "title too_short"},
        {R"({"event_at":"2026-01-31T12:00:00Z","title":"  a  "})", "title too_short"},
        {R"({"event_at":"2026-01-31T12:00:00Z","title":")" + std::string(201, 'x') + "\"}",
         "title too_long"},
        {R"({"event_at":"2026-01-31T12:00:00Z","title":5})", "title type"},
        {with(R"("description":")" + std::string(2001, 'x') + "\""), "description too_long"},
        {with(R"("status":"done")"), "status unknown_value"},
        {with(R"("status":null)"), "status type"},
        {with(R"("streams":{})"), "streams type"},
        {with(R"("streams":[1])"), "streams type"},
        {with(R"("streams":[{}])"), "streams.stream_id required"},
        {with(R"("streams":[{"stream_id":"1"}])"), "streams.stream_id type"},
        {with(R"("streams":[{"stream_id":99}])"), "streams.stream_id not_found"},
        {with(R"("streams":[{"stream_id":1,"offset_seconds":-1}])"),
         "streams.offset_seconds out_of_range"},
        {with(R"("streams":[{"stream_id":1,"offset_seconds":1.5}])"),
         "streams.offset_seconds out_of_range"},
        {with(R"("streams":[{"stream_id":1},{"stream_id":1}])"), "streams repeated"},
    }};
    for (const auto& [body, expected] : cases)
        EXPECT_EQ(complaint(create(timestamps, body)), expected) << body;
    EXPECT_TRUE(listed(timestamps, "id").empty());
}

TEST_F(TimestampsTest, AreResolvedAndDismissed) {
    made(timestamps, kMoment);
    const auto resolved =
        ask(timestamps.resolve(R"({"id":1,"versions":[1]})", Context(context))).value();
    EXPECT_EQ(resolved.at("status"), "resolved");
    EXPECT_EQ(resolved.at("version"), 2);
    EXPECT_EQ(ask(timestamps.resolve(R"({"id":1})", Context(context))).value().at("version"), 2);
    EXPECT_EQ(ask(timestamps.dismiss(R"({"id":1,"versions":[1]})", Context(context))).code(),
              SW_FAILED_PRECONDITION);
    EXPECT_EQ(ask(timestamps.dismiss(R"({"id":1})", Context(context))).value().at("status"),
              "dismissed");
    EXPECT_EQ(patch(timestamps, 1, R"({"status":"Reviewed"})").value().at("status"), "reviewed");
    EXPECT_EQ(ask(timestamps.resolve(R"({"id":9})", Context(context))).code(), SW_NOT_FOUND);
}

TEST_F(TimestampsTest, TakeAndLoseSingleStreams) {
    made(timestamps, kMoment);
    const auto added = add_stream(1, R"({"stream_id":1,"offset_seconds":0})").value();
    EXPECT_EQ(added.at("version"), 2);
    EXPECT_EQ(added.at("streams"), boost::json::parse(R"([{"stream_id":1,"offset_seconds":0}])"));
    const auto again = add_stream(1, R"({"stream_id":1})");
    EXPECT_EQ(again.code(), SW_ALREADY_EXISTS);
    EXPECT_EQ(complaint(again), "streams taken");
    EXPECT_EQ(complaint(add_stream(1, R"({"stream_id":99})")), "streams.stream_id not_found");
    EXPECT_EQ(complaint(add_stream(1, R"({"offset_seconds":1})")), "stream_id required");
    EXPECT_EQ(add_stream(9, R"({"stream_id":1})").code(), SW_NOT_FOUND);
    const auto changed = patch(timestamps, 1, R"({"streams":[{"stream_id":1,"offset_seconds":5},
                               {"stream_id":2}]})")
                             .value();
    EXPECT_EQ(changed.at("streams").as_array().size(), 2U);
    EXPECT_EQ(changed.at("streams").at(0).at("offset_seconds"), 5);
    EXPECT_EQ(remove_stream(1, 1).value().at("streams").as_array().size(), 1U);
    EXPECT_EQ(remove_stream(1, 1).code(), SW_NOT_FOUND);
}

TEST_F(TimestampsTest, ForgetAStreamThatIsDeleted) {
    made(timestamps, kMoment);
    made(timestamps, kMoment);
    for (const auto id : {1, 2}) {
        add_stream(id, R"({"stream_id":1})").value();
        add_stream(id, R"({"stream_id":2})").value();
    }
    good(timestamps.forget_stream(1, Context(context)));
    good(timestamps.forget_stream(1, Context(context)));
    for (const auto id : {1, 2}) {
        const auto moment = get(timestamps, id).value();
        ASSERT_EQ(moment.at("streams").as_array().size(), 1U);
        EXPECT_EQ(moment.at("streams").at(0).at("stream_id"), 2);
        EXPECT_EQ(moment.at("version"), 4);
    }
}

TEST_F(TimestampsTest, AreListedByTheirMomentWithAllFilters) {
    const auto day1 = made_at("2026-01-30T23:59:59.999Z");
    const auto day2 = made_at("2026-01-31T00:00:00.000Z", R"(,"status":"resolved")");
    const auto day3 = made_at("2026-02-01T00:00:00.000Z", R"(,"streams":[{"stream_id":2}])");
    EXPECT_EQ(listed(timestamps, "title"), (array{day3, day2, day1}));
    EXPECT_EQ(listed(timestamps, "title", R"({"sort":"event_at"})"), (array{day1, day2, day3}));
    EXPECT_EQ(listed(timestamps, "title", R"({"filters":{"status":["resolved"]}})"), (array{day2}));
    EXPECT_EQ(listed(timestamps, "title", R"({"filters":{"user_id":[7],"stream_id":[2]}})"),
              (array{day3}));
    EXPECT_TRUE(listed(timestamps, "title", R"({"filters":{"stream_id":[1]}})").empty());
    EXPECT_EQ(listed(timestamps, "title", R"({"filters":{"from":["2026-01-31T00:00:00.000Z"],
                     "to":["2026-01-31T23:59:59.999Z"]}})"),
              (array{day2}));
    EXPECT_EQ(listed(timestamps, "title", R"({"filters":{"search":["30"]}})"), (array{day1}));
}

TEST_F(TimestampsTest, AreDeletedWithWhatTheyHold) {
    made(timestamps, kMoment);
    add_stream(1, R"({"stream_id":1})").value();
    EXPECT_TRUE(remove(timestamps, 1));
    EXPECT_EQ(get(timestamps, 1).code(), SW_NOT_FOUND);
    good(timestamps.forget_stream(1, Context(context)));
}

}  // namespace
}  // namespace streamwall::catalog::testing
