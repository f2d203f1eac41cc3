#include "problem.hpp"

#include <heap_buffers.hpp>

#include <gtest/gtest.h>
#include <boost/json.hpp>

namespace streamwall::rest_api {
namespace {

struct Case {
    sw_status from;
    int status;
    std::string_view code;
};

TEST(Problem, EveryStatusOfTheBoundaryHasItsStatusOfHttp) {
    const Case cases[] = {
        {SW_CANCELLED, 503, "cancelled"},
        {SW_UNKNOWN, 500, "internal"},
        {SW_INVALID_ARGUMENT, 422, "validation_failed"},
        {SW_DEADLINE_EXCEEDED, 503, "timeout"},
        {SW_NOT_FOUND, 404, "not_found"},
        {SW_ALREADY_EXISTS, 409, "conflict"},
        {SW_PERMISSION_DENIED, 403, "forbidden"},
        {SW_RESOURCE_EXHAUSTED, 503, "overloaded"},
        {SW_FAILED_PRECONDITION, 412, "precondition_failed"},
        {SW_ABORTED, 409, "conflict"},
        {SW_OUT_OF_RANGE, 400, "out_of_range"},
        {SW_UNIMPLEMENTED, 501, "not_implemented"},
        {SW_INTERNAL, 500, "internal"},
        {SW_UNAVAILABLE, 503, "unavailable"},
        {SW_DATA_LOSS, 500, "internal"},
        {SW_UNAUTHENTICATED, 401, "unauthenticated"},
        {99, 500, "internal"},
    };
    for (const auto& [from, status, code] : cases) {
        const auto problem = to_problem({from, "message", {}, {}});
        EXPECT_EQ(problem.status, status) << from;
        EXPECT_EQ(problem.code, code) << from;
        EXPECT_EQ(problem.retry_after > 0, status == 503) << from;
        EXPECT_NE(reason_phrase(status), "") << from;
    }
}

TEST(Problem, TellsNothingOfOurInsides) {
    for (const sw_status code : {SW_INTERNAL, SW_UNKNOWN, SW_DATA_LOSS, SW_UNAVAILABLE,
                                 SW_CANCELLED, SW_DEADLINE_EXCEEDED, SW_RESOURCE_EXHAUSTED}) {
        const auto problem = to_problem({code, "sqlite: /var/secret.db is locked", {}, {}});
        EXPECT_EQ(problem.detail.find("sqlite"), std::string::npos) << code;
    }
}

TEST(Problem, ReadsTheDetailsOfTheError) {
    EXPECT_EQ(to_problem({SW_UNAVAILABLE, "x", {}, R"({"retry_after":7})"}).retry_after, 7);
    EXPECT_EQ(to_problem({SW_UNAVAILABLE, "x", {}, R"({"retry_after":-7})"}).retry_after, 1);
    const auto full = to_problem({SW_RESOURCE_EXHAUSTED, "x", {}, R"({"code":"disk_full"})"});
    EXPECT_EQ(full.status, 507);
    EXPECT_EQ(full.code, "disk_full");
    const auto broken =
        to_problem({SW_INVALID_ARGUMENT, "bad", {}, R"({"code":"malformed_json"})"});
    EXPECT_EQ(broken.status, 400);
    EXPECT_EQ(broken.code, "malformed_json");
    const auto fields =
        to_problem({SW_INVALID_ARGUMENT, "bad", {}, R"({"errors":[{"field":"url"}]})"});
    EXPECT_EQ(fields.status, 422);
    EXPECT_EQ(fields.errors_json, R"([{"field":"url"}])");
}

TEST(Problem, OfAQueryIsABadRequest) {
    EXPECT_EQ(to_query_problem(Error::invalid("no cursor")).status, 400);
    EXPECT_EQ(to_query_problem(Error::not_found("x")).status, 404);
}

TEST(Problem, IsADocumentOfRfc9457WithTheContractsAdditions) {
    const Problem problem{.status = 422,
                          .code = "validation_failed",
                          .detail = "url \"x\" is bad",
                          .errors_json = R"([{"field":"url","code":"bad","message":"is bad"}])"};
    const auto parsed = boost::json::parse(render(problem, "/api/v1/streams", "req-1").view());
    EXPECT_EQ(parsed, boost::json::parse(
                          R"({"type":"about:blank","title":"Unprocessable Content","status":422,)"
                          R"("detail":"url \"x\" is bad","instance":"/api/v1/streams",)"
                          R"("error":"url \"x\" is bad","code":"validation_failed",)"
                          R"("request_id":"req-1",)"
                          R"("errors":[{"field":"url","code":"bad","message":"is bad"}]})"));
}

}  // namespace
}  // namespace streamwall::rest_api
