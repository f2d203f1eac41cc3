#include "testing/api_fixture.hpp"

namespace streamwall::rest_api::testing {
namespace {

class BatchApi : public ApiTest {
  protected:
    static constexpr std::string_view kBatch = "/api/v1/streams/batch";
    const FakeHost::Headers json_type{{"content-type", "application/json"}};

    // A catalog that has every stream; ids from 900 on are not there, and from 500 on records do
    // not fit into its reply.
    BatchApi() {
        fake.serve([this](std::string_view method, std::string_view request) {
            if (method == "get") return Result<Buffer>(Buffer(R"({"id":500,"version":9})"));
            ++parts;
            std::string out = R"({"results":[)";
            const auto parsed = json::parse_object(request).value();
            for (const auto& item : parsed.at("updates").as_array()) {
                if (out.back() != '[') out += ',';
                const auto id = item.at("id").as_int64();
                const auto text = std::to_string(id);
                if (id >= 900)
                    out += R"({"error":{"code":5,"message":"There is no such stream."}})";
                else if (id >= 500)
                    out += R"({"id":)" + text + R"(,"version":2})";
                else
                    out += R"({"stream":{"id":)" + text + R"(,"version":2}})";
            }
            return Result<Buffer>(Buffer(out + "]}"));
        });
    }
    const Answer& send(std::string_view body, std::string_view query = {}) {
        return fake.request("PATCH", kBatch, {}, query, body, json_type);
    }
    static std::string items(int count) {
        std::string out = "[";
        for (int i = 1; i <= count; ++i)
            out += R"({"id":)" + std::to_string(i) + "},";
        out.back() = ']';
        return out;
    }
    int parts = 0;
};

TEST_F(BatchApi, AnswersEachItemUnderItsIndex) {
    const auto& answer = send(R"([{"id":1},{"id":2}])");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, R"({"results":[{"index":0,"status":200,"stream":{"id":1,"version":2}},)"
                           R"({"index":1,"status":200,"stream":{"id":2,"version":2}}]})");
    EXPECT_EQ(fake.request("POST", kBatch, {}, {}, R"({"updates":[]})", json_type).body,
              R"({"results":[]})");
}

TEST_F(BatchApi, SaysInTheStatusThatSomeItemsWereRefused) {
    const auto& answer = send(R"({"updates":[{"id":900},{"id":2}]})");
    EXPECT_EQ(answer.status, 207);
    const auto results = json::parse_object(answer.body).value().at("results").as_array();
    EXPECT_EQ(results[0].at("status"), 404);
    EXPECT_EQ(results[0].at("error").at("code"), "not_found");
    EXPECT_EQ(results[0].at("error").at("instance").as_string(), kBatch);
    EXPECT_EQ(results[0].at("error").at("request_id"), "req-1");
    EXPECT_EQ(results[1].at("status"), 200);
}

TEST_F(BatchApi, ReadsRecordsThatTheReplyHadNoRoomFor) {
    EXPECT_EQ(send(R"([{"id":500}])").body,
              R"({"results":[{"index":0,"status":200,"stream":{"id":500,"version":9}}]})");
}

TEST_F(BatchApi, GoesInPartsUnlessItIsAtomic) {
    EXPECT_EQ(json::parse_object(send(items(250)).body).value().at("results").as_array().size(),
              250u);
    EXPECT_EQ(parts, 3);
    EXPECT_EQ(send(items(250), "atomic=1").status, 200);
    EXPECT_EQ(parts, 4);
    EXPECT_NE(fake.last_call().find(R"("atomic":true)"), std::string::npos);
}

TEST_F(BatchApi, RefusesAnItemThatIsTooLongAndCarriesTheOthersOut) {
    const auto longest = R"({"id":3,"notes":")" + std::string(1 << 20, 'x') + "\"}";
    const auto& answer = send("[" + longest + R"(,{"id":2},)" + longest + "]");
    EXPECT_EQ(answer.status, 207);
    const auto results = json::parse_object(answer.body).value().at("results").as_array();
    EXPECT_EQ(results[0].at("status"), 413);
    EXPECT_EQ(results[1].at("status"), 200);
    EXPECT_EQ(results[2].at("status"), 413);
    EXPECT_EQ(send("[" + longest + "]", "atomic=1").status, 413);
}

TEST_F(BatchApi, SaysWhatIsWrongWithTheWholeBatch) {
    struct Case {
        std::string body, query;
        int status;
        std::string_view field;
    };
    const Case cases[] = {
        {"", "", 400, ""},
        {"[", "", 400, ""},
        {R"([{"id":1,"id":2}])", "", 400, ""},
        {R"([{"id":1,"title":"\u0000"}])", "", 400, ""},
        {R"([{"id":1,}])", "", 400, ""},
        {"5", "", 422, "updates"},
        {"{}", "", 422, "updates"},
        {R"({"updates":{"id":1}})", "", 422, "updates"},
        {R"({"updates":null})", "", 422, "updates"},
        {R"({"updates":[],"colour":1})", "strict=1", 422, "colour"},
        {items(1001), "", 422, "updates"},
        {items(10'000), "", 422, "updates"},
        {"[]", "strict=maybe", 400, ""},
        {"[]", "atomic=maybe", 400, ""},
    };
    for (const auto& [body, query, status, field] : cases) {
        const auto& answer = send(body, query);
        EXPECT_EQ(answer.status, status) << body.substr(0, 60);
        if (!field.empty())
            EXPECT_EQ(problem(answer).at("errors").at(0).at("field").as_string(), field);
    }
    EXPECT_EQ(fake.request("PATCH", kBatch, {}, {}, "[]", {{"content-type", "text/csv"}}).status,
              415);
    EXPECT_EQ(parts, 0);
}

TEST_F(BatchApi, TellsWhichItemsWereNotReachedWhenTheCatalogGoesAway) {
    fake.serve([this](std::string_view, std::string_view) -> Result<Buffer> {
        if (++parts > 1) return Error::unavailable("gone");
        std::string out = R"({"results":[)";
        for (int i = 0; i < 100; ++i)
            out += R"({"stream":{"id":1,"version":2}},)";
        out.back() = ']';
        return Buffer(out + "}");
    });
    const auto& answer = send(items(150));
    EXPECT_EQ(answer.status, 207);
    const auto results = json::parse_object(answer.body).value().at("results").as_array();
    EXPECT_EQ(results[99].at("status"), 200);
    EXPECT_EQ(results[100].at("status"), 503);
    EXPECT_EQ(results[149].at("status"), 503);
    fail_with(Error::unavailable("gone"));
    EXPECT_EQ(send(items(150)).status, 503);
}

}  // namespace
}  // namespace streamwall::rest_api::testing
