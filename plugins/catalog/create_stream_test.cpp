#include "testing/fixture.hpp"

#include <streamwall/contracts/record.hpp>

namespace streamwall::catalog::testing {
namespace {

class Creating : public CatalogTest {};

constexpr std::string_view kUrl = R"({"url":"https://twitch.tv/example"})";

TEST_F(Creating, StoresTheRecordAndItsEventTogether) {
    const auto reply = parsed(create(
        R"({"url":"https://www.twitch.tv/Example?utm_source=x","status":"Live","city":"Seattle"})"));
    EXPECT_EQ(reply.at("created"), true);
    const auto& stream = reply.at("stream").as_object();
    EXPECT_EQ(stream.at("url"), "https://twitch.tv/example");
    EXPECT_EQ(stream.at("link"), "https://twitch.tv/example");
    EXPECT_EQ(stream.at("platform"), "twitch");
    EXPECT_EQ(stream.at("status"), "live");
    ASSERT_EQ(store.events().size(), 1U);
    EXPECT_EQ(last_event().type, "stream.created");
    EXPECT_EQ(last_event().subject, "stream/1");
    EXPECT_EQ(last_event().data, stream);
}

TEST_F(Creating, FindsTheStreamThatHasTheUrlAndChangesNothing) {
    parsed(create(kUrl));
    const auto reply = parsed(create(R"({"url":"https://m.twitch.tv/EXAMPLE","title":"other"})"));
    EXPECT_EQ(reply.at("created"), false);
    EXPECT_EQ(reply.at("stream").at("id"), 1);
    EXPECT_TRUE(reply.at("stream").at("title").is_null());
    EXPECT_EQ(store.events().size(), 1U);
    EXPECT_EQ(store.applies(), 1) << "the cache knows the URL";
}

TEST_F(Creating, AsksTheStoreForAStreamThatTheCacheDoesNotKnow) {
    parsed(create(kUrl));
    StreamRecords fresh(store, [this] { return now; }, 1 << 20);
    std::optional<Result<Buffer>> reply;
    serve(fresh, Operation::kCreate, contracts::streams::Create{.body = kUrl}.request().view(),
          context, [&](Result<Buffer> answer) { reply = std::move(answer); });
    ASSERT_TRUE(reply.has_value());
    EXPECT_EQ(parsed(*reply).at("created"), false);
    EXPECT_EQ(parsed(*reply).at("stream").at("id"), 1);
}

TEST_F(Creating, MakesANewStreamWhereOnlyArchivedOnesHaveTheUrl) {
    parsed(create(kUrl));
    parsed(act(Operation::kArchive, 1));
    const auto reply = parsed(create(kUrl));
    EXPECT_EQ(reply.at("created"), true);
    EXPECT_EQ(reply.at("stream").at("id"), 2);
}

TEST_F(Creating, GivesEveryOneOfManyConcurrentCallersTheSameStream) {
    store.hold();
    std::vector<std::pair<bool, std::int64_t>> answers;
    for (int i = 0; i < 50; ++i) {
        serve(records, Operation::kCreate,
              contracts::streams::Create{.body = kUrl}.request().view(), context,
              [&](Result<Buffer> answer) {
                  const auto reply = parsed(answer);
                  answers.emplace_back(reply.at("created").as_bool(),
                                       reply.at("stream").at("id").as_int64());
              });
    }
    store.release();
    ASSERT_EQ(answers.size(), 50U);
    EXPECT_EQ(std::count(answers.begin(), answers.end(), std::pair(true, std::int64_t{1})), 1);
    EXPECT_EQ(std::count(answers.begin(), answers.end(), std::pair(false, std::int64_t{1})), 49);
    EXPECT_EQ(store.records().size(), 1U);
}

TEST_F(Creating, TriesAgainWhereTheStreamInTheWayHasGoneMeanwhile) {
    parsed(create(kUrl));
    StreamRecords fresh(store, [this] { return now; }, 1 << 20);
    store.hold();
    std::optional<Result<Buffer>> reply;
    serve(fresh, Operation::kCreate, contracts::streams::Create{.body = kUrl}.request().view(),
          context, [&](Result<Buffer> answer) { reply = std::move(answer); });
    store.erase(1);  // the refusal is on its way
    store.release();
    ASSERT_TRUE(reply.has_value());
    EXPECT_EQ(parsed(*reply).at("created"), true);
    EXPECT_EQ(parsed(*reply).at("stream").at("id"), 2);
}

TEST_F(Creating, NamesEveryFieldThatIsRefused) {
    const auto reply = create(R"({"status":"sleeping","title":5})");
    ASSERT_EQ(reply.code(), SW_INVALID_ARGUMENT);
    const auto details = json::parse_object(reply.error().details).value();
    std::vector<std::string> fields;
    for (const auto& error : details.at("errors").as_array())
        fields.emplace_back(error.at("field").as_string());
    EXPECT_EQ(fields, (std::vector<std::string>{"status", "title", "url"}));
    EXPECT_TRUE(store.records().empty());
}

TEST_F(Creating, TellsABodyThatIsNoJsonFromOneWithWrongFields) {
    for (const std::string_view body :
         {R"({"url":tru})", R"({"url":1,"url":2})", R"({"a":"\u0000"})", R"({"a":1e999})",
          R"({"a":9223372036854775808})"}) {
        const auto reply = create(body);
        EXPECT_EQ(reply.code(), SW_INVALID_ARGUMENT) << body;
        EXPECT_NE(reply.error().details.find("malformed_json"), std::string::npos) << body;
    }
}

TEST_F(Creating, RefusesUnknownFieldsOnlyWhereAsked) {
    constexpr std::string_view kBody = R"({"url":"https://twitch.tv/example","colour":"red"})";
    const contracts::streams::Create strict{.body = kBody, .strict = true};
    EXPECT_EQ(ask(Operation::kCreate, strict.request().view()).code(), SW_INVALID_ARGUMENT);
    EXPECT_TRUE(create(kBody));
}

TEST_F(Creating, MakesTheUserWhoAsksTheOwner) {
    context.principal_type = to_str("user");
    context.principal_id = to_str("7");
    EXPECT_EQ(parsed(create(kUrl)).at("stream").at("user_id"), 7);
}

}  // namespace
}  // namespace streamwall::catalog::testing
