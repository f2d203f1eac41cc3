#include <streamwall/contracts/streams.hpp>

#include <gtest/gtest.h>
#include <boost/json.hpp>

// heap_buffers.hpp is in store_test.cpp, of the same program.

namespace streamwall::contracts::streams {
namespace {

TEST(StreamRequests, SayWhatTheyAreGiven) {
    EXPECT_EQ(get_request(9007199254740991).view(), R"({"id":9007199254740991})");
    EXPECT_EQ(id_request(5, {{1, 2}}).view(), R"({"id":5,"versions":[1,2]})");
    EXPECT_EQ(id_request(5, std::vector<std::int64_t>{}).view(), R"({"id":5,"versions":[]})");
    EXPECT_EQ((Create{.body = R"({"a":1})", .strict = true}.request().view()),
              R"({"strict":true,"stream":{"a":1}})");
    EXPECT_EQ((Update{.id = 5, .body = "{}", .versions = {{3}}, .replace = true}.request().view()),
              R"({"id":5,"replace":true,"strict":false,"versions":[3],"stream":{}})");
}

TEST(StreamRequests, ListsCarryTheirFilters) {
    const List list{.filters = {{"status", {R"("live")", R"("error")"}}, {"pinned", {"true"}}},
                    .sort = "title",
                    .descending = true,
                    .limit = 10,
                    .offset = 20,
                    .cursor = "c\"",
                    .count = false};
    EXPECT_EQ(boost::json::parse(list.request().view()),
              boost::json::parse(
                  R"({"filters":{"status":["live","error"],"pinned":[true]},"sort":"title",)"
                  R"("descending":true,"limit":10,"offset":20,"cursor":"c\"","count":false})"));
}

TEST(StreamRequests, MethodsHaveTheirOperationsNames) {
    EXPECT_EQ(method_name(Operation::kGet), "get");
    EXPECT_EQ(method_name(Operation::kUnarchive), "unarchive");
}

}  // namespace
}  // namespace streamwall::contracts::streams
