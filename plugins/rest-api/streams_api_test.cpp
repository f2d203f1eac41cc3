#include "testing/api_fixture.hpp"

namespace streamwall::rest_api::testing {
namespace {

class StreamsApi : public ApiTest {};

TEST_F(StreamsApi, GivesARecordAsItsBytesWithItsVersionAsTag) {
    const auto& answer = fake.request("GET", kOne, {"5"});
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, kRecord);
    EXPECT_EQ(answer.headers.at("etag"), "\"3\"");
    EXPECT_EQ(answer.headers.at("content-type"), "application/json");
    EXPECT_EQ(fake.last_call(), R"(get {"id":5})");
}

TEST_F(StreamsApi, AnswersLaterAsWell) {
    fake.defer_calls(true);
    const auto& answer = fake.request("GET", kOne, {"5"});
    EXPECT_EQ(answer.status, 0);
    fake.answer_calls();
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, kRecord);
}

TEST_F(StreamsApi, SaysNotModifiedWhereTheClientHasTheVersion) {
    const auto& same = fake.request("GET", kOne, {"5"}, {}, {}, {{"if-none-match", "\"3\""}});
    EXPECT_EQ(same.status, 304);
    EXPECT_EQ(same.body, "");
    EXPECT_EQ(same.headers.at("etag"), "\"3\"");
    EXPECT_EQ(fake.request("GET", kOne, {"5"}, {}, {}, {{"if-none-match", "\"2\""}}).status, 200);
}

TEST_F(StreamsApi, KnowsNoStreamOfAnImpossibleId) {
    for (const char* id : {"0", "-1", "x", "", "1.5", "05", "9007199254740992", "5 "}) {
        const auto& answer = fake.request("GET", kOne, {id});
        EXPECT_EQ(answer.status, 404) << id;
        EXPECT_EQ(problem(answer).at("code"), "not_found");
    }
    EXPECT_EQ(fake.last_call(), "");
}

TEST_F(StreamsApi, TellsTheProblemAndWhere) {
    fail_with(Error::not_found("There is no such stream."));
    fake.defer_calls(true);
    const auto& answer = fake.request("GET", kOne, {"5"});
    fake.answer_calls();
    EXPECT_EQ(answer.status, 404);
    EXPECT_EQ(problem(answer).at("instance"), "/api/v1/streams/5");
    EXPECT_EQ(problem(answer).at("request_id"), "req-1");
}

TEST_F(StreamsApi, AsksToComeBackWhereAServiceIsAway) {
    fail_with({SW_UNAVAILABLE, "store is down", {}, R"({"retry_after":4})"});
    const auto& answer = fake.request("GET", kOne, {"5"});
    EXPECT_EQ(answer.status, 503);
    EXPECT_EQ(answer.headers.at("retry-after"), "4");
}

TEST_F(StreamsApi, CreatesWithItsPlaceOrFindsWithoutChange) {
    fake.serve([](std::string_view, std::string_view) {
        return Result<Buffer>(Buffer(R"({"created":true,"stream":)" + std::string(kRecord) + "}"));
    });
    const auto& created = fake.request("POST", kAll, {}, {}, R"({"url":"x"})",
                                       {{"content-type", "application/json"}});
    EXPECT_EQ(created.status, 201);
    EXPECT_EQ(created.headers.at("location"), "/api/v1/streams/5");
    EXPECT_EQ(created.headers.at("etag"), "\"3\"");
    EXPECT_EQ(created.body, kRecord);
    EXPECT_EQ(fake.last_call(), R"(create {"strict":false,"stream":{"url":"x"}})");

    fake.serve([](std::string_view, std::string_view) {
        return Result<Buffer>(Buffer(R"({"created":false,"stream":)" + std::string(kRecord) + "}"));
    });
    const auto& found = fake.request("POST", kAll, {}, "strict=1", R"({"url":"x"})");
    EXPECT_EQ(found.status, 200);
    EXPECT_FALSE(found.headers.contains("location"));
    EXPECT_EQ(fake.last_call(), R"(create {"strict":true,"stream":{"url":"x"}})");
}

struct BodyCase {
    std::string_view body;
    std::string type;
    std::string_view query;
    int status;
};

TEST_F(StreamsApi, RefusesBodiesBeforeTheyReachAService) {
    const BodyCase cases[] = {
        {"{}", "text/plain", "", 415},
        {"url=x", "application/x-www-form-urlencoded", "", 415},
        {"{}", "application/json; charset=latin1", "", 415},
        {"", "application/json", "", 400},
        {"{", "application/json", "", 400},
        {"[]", "application/json", "", 400},
        {"5", "application/json", "", 400},
        {R"({"a":1}})", "application/json", "", 400},
        {R"({"a":1},"id":9)", "application/json", "", 400},
        {R"({"a":[}])", "application/json", "", 400},
        {"{}", "application/json", "strict=maybe", 400},
        {"{}", "application/json", "strict=%zz", 400},
    };
    for (const auto& [body, type, query, status] : cases) {
        for (const std::string_view method : {"POST", "PATCH", "PUT"}) {
            const bool creates = method == "POST";
            const auto& answer =
                fake.request(method, creates ? kAll : kOne,
                             creates ? std::vector<std::string>{} : std::vector<std::string>{"5"},
                             query, body, {{"content-type", type}});
            EXPECT_EQ(answer.status, status) << method << " " << body;
            EXPECT_EQ(problem(answer).at("status"), status);
        }
    }
    EXPECT_EQ(fake.last_call(), "");
}

TEST_F(StreamsApi, ChangesUnderTheVersionsThatTheClientNames) {
    const auto patch = [this](FakeHost::Headers headers) {
        fake.request("PATCH", kOne, {"5"}, {}, R"({"title":"t"})", headers);
        return fake.last_call();
    };
    EXPECT_EQ(patch({}),
              R"(update {"id":5,"replace":false,"strict":false,"stream":{"title":"t"}})");
    EXPECT_EQ(patch({{"if-match", R"("3", "4")"}}),
              R"(update {"id":5,"replace":false,"strict":false,"versions":[3,4],)"
              R"("stream":{"title":"t"}})");
    EXPECT_EQ(patch({{"if-match", R"(W/"3")"}}),
              R"(update {"id":5,"replace":false,"strict":false,"versions":[],)"
              R"("stream":{"title":"t"}})");
    fail_with({SW_FAILED_PRECONDITION, "The stream has another version.", {}, R"({"version":4})"});
    EXPECT_EQ(fake.request("PATCH", kOne, {"5"}, {}, "{}", {{"if-match", "\"3\""}}).status, 412);
}

TEST_F(StreamsApi, PutNeedsTheRequiredFields) {
    const auto& answer = fake.request("PUT", kOne, {"5"}, {}, R"({"url":"x"})");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(fake.last_call(),
              R"(update {"id":5,"replace":true,"strict":false,"stream":{"url":"x"}})");
}

TEST_F(StreamsApi, NamesTheFieldsThatAreRefused) {
    fail_with({SW_INVALID_ARGUMENT, "status is bad", "status",
               R"({"errors":[{"field":"status","code":"invalid","message":"is bad"}]})"});
    const auto& answer = fake.request("PATCH", kOne, {"5"}, {}, R"({"status":"x"})");
    EXPECT_EQ(answer.status, 422);
    EXPECT_EQ(problem(answer).at("errors").at(0).at("field"), "status");
}

struct ActionCase {
    std::string_view method, path, call;
    int status;
};

TEST_F(StreamsApi, ActsOnAStream) {
    const ActionCase cases[] = {
        {"DELETE", "/api/v1/streams/{id}", R"(remove {"id":5})", 204},
        {"PUT", "/api/v1/streams/{id}/pin", R"(pin {"id":5})", 200},
        {"DELETE", "/api/v1/streams/{id}/pin", R"(unpin {"id":5})", 200},
        {"PUT", "/api/v1/streams/{id}/unpin", R"(unpin {"id":5})", 200},
        {"POST", "/api/v1/streams/{id}/archive", R"(archive {"id":5})", 200},
        {"POST", "/api/v1/streams/{id}/unarchive", R"(unarchive {"id":5})", 200},
    };
    for (const auto& [method, path, call, status] : cases) {
        const auto& answer = fake.request(method, path, {"5"});
        EXPECT_EQ(answer.status, status) << path;
        EXPECT_EQ(answer.body, status == 204 ? "" : kRecord) << path;
        EXPECT_EQ(fake.last_call(), call);
    }
    fake.request("DELETE", kOne, {"5"}, {}, {}, {{"if-match", "\"2\""}});
    EXPECT_EQ(fake.last_call(), R"(remove {"id":5,"versions":[2]})");
}

TEST_F(StreamsApi, ListsWithMetaLinkAndWeakTag) {
    fake.serve([](std::string_view, std::string_view) {
        return Result<Buffer>(Buffer(R"({"records":[{"id":1}],"count":30,"next_cursor":"n"})"));
    });
    const auto& answer = fake.request("GET", kAll, {}, "status=live");
    EXPECT_EQ(answer.status, 200);
    EXPECT_TRUE(answer.body.starts_with(R"({"streams":[{"id":1}],"meta":{)"));
    EXPECT_NE(answer.headers.at("link").find("rel=\"next\""), std::string::npos);
    const auto tag = answer.headers.at("etag");
    EXPECT_TRUE(tag.starts_with("W/"));
    const auto& again = fake.request("GET", kAll, {}, "status=live", {}, {{"if-none-match", tag}});
    EXPECT_EQ(again.status, 304);
    EXPECT_EQ(again.body, "");
}

TEST_F(StreamsApi, RefusesAListThatItDoesNotUnderstand) {
    const auto& answer = fake.request("GET", kAll, {}, "colour=red");
    EXPECT_EQ(answer.status, 400);
    EXPECT_EQ(problem(answer).at("errors").at(0).at("field"), "colour");
    EXPECT_EQ(fake.last_call(), "");
    fail_with(Error::invalid("not a cursor", "cursor"));
    EXPECT_EQ(fake.request("GET", kAll, {}, "cursor=x").status, 400);
}

TEST_F(StreamsApi, RefusesVersionsOfTheInterfaceThatDoNotExist) {
    const auto& answer = fake.request("GET", kOne, {"5"}, {}, {},
                                      {{"accept", "application/vnd.streamwall.v2+json"}});
    EXPECT_EQ(answer.status, 406);
    EXPECT_NE(std::string(problem(answer).at("detail").as_string()).find("v1+json"),
              std::string::npos);
    EXPECT_EQ(problem(answer).at("versions"),
              boost::json::array{"application/vnd.streamwall.v1+json"});
}

TEST_F(StreamsApi, CountsEveryAnswerUnderItsTemplate) {
    fake.request("GET", kOne, {"5"});
    fake.request("GET", kOne, {"5"});
    fake.request("GET", kOne, {"x"});
    EXPECT_EQ(fake.counted().at("GET /api/v1/streams/{id} 200"), 2);
    EXPECT_EQ(fake.counted().at("GET /api/v1/streams/{id} 404"), 1);
}

TEST_F(StreamsApi, OpensNothingOfTheBaseToEverybody) {
    for (const auto& route : fake.mounted()) {
        const bool is_of_base = route.path.starts_with("/api/v1/");
        EXPECT_EQ(route.access == SW_HTTP_OPEN, !is_of_base) << route.path;
        EXPECT_EQ((route.flags & SW_HTTP_UNCOUNTED) != 0, !is_of_base) << route.path;
        if (route.method != "GET" && is_of_base) EXPECT_GE(route.access, SW_HTTP_EDITOR);
    }
}

}  // namespace
}  // namespace streamwall::rest_api::testing
