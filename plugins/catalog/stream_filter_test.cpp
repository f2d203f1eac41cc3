#include "stream_filter.hpp"

#include <heap_buffers.hpp>

#include <gtest/gtest.h>
#include <boost/json.hpp>

namespace streamwall::catalog {
namespace {

constexpr std::string_view kNotArchived = R"({"field":"archived","op":"eq","value":false})";

struct FilterCase {
    std::string_view filters;
    std::string terms;  // after the one for archived
};

TEST(StreamFilter, TranslatesEveryKindOfFilter) {
    const FilterCase cases[] = {
        {R"({"status":["live"]})", R"({"field":"status","op":"eq","value":"live"})"},
        {R"({"status":["live","error"]})",
         R"({"field":"status","op":"in","value":["live","error"]})"},
        {R"({"not_status":["live"]})", R"({"not":{"field":"status","op":"eq","value":"live"}})"},
        {R"({"user_id":[7]})", R"({"field":"user_id","op":"eq","value":7})"},
        {R"({"pinned":[true]})", R"({"field":"pinned","op":"eq","value":true})"},
        {R"({"since":["2026-01-01T00:00:00.000Z"]})",
         R"({"field":"created_at","op":"ge","value":"2026-01-01T00:00:00.000Z"})"},
        {R"({"updated_since":["2026-01-01T00:00:00.000Z"]})",
         R"({"field":"updated_at","op":"ge","value":"2026-01-01T00:00:00.000Z"})"},
        {R"({"search":["a \"b"]})", R"({"op":"search","value":"a \"b"})"},
    };
    for (const auto& [filters, terms] : cases) {
        const auto query = to_store_query(R"({"filters":)" + std::string(filters) + "}");
        ASSERT_TRUE(query) << filters;
        EXPECT_EQ(
            boost::json::parse(*query).at("filter"),
            boost::json::parse(R"({"and":[)" + std::string(kNotArchived) + "," + terms + "]}"))
            << filters;
    }
}

TEST(StreamFilter, LeavesArchivedStreamsOutUnlessTheyAreAskedFor) {
    const std::pair<std::string_view, std::string_view> cases[] = {
        {R"({})", kNotArchived},
        {R"({"archived":[false]})", kNotArchived},
        {R"({"archived":[true]})", R"({"field":"archived","op":"eq","value":true})"},
        {R"({"archived":[true,false]})", R"({"field":"archived","op":"in","value":[false,true]})"},
    };
    for (const auto& [filters, expected] : cases) {
        const auto query = to_store_query(R"({"filters":)" + std::string(filters) + "}");
        ASSERT_TRUE(query) << filters;
        EXPECT_EQ(boost::json::parse(*query).at("filter"), boost::json::parse(expected)) << filters;
    }
}

TEST(StreamFilter, PassesPagingOnAndSortsByDefaultAsTheContractSays) {
    const auto query =
        to_store_query(R"({"filters":{},"limit":10,"offset":20,"cursor":"abc","count":true})");
    ASSERT_TRUE(query);
    const auto parsed = boost::json::parse(*query);
    EXPECT_EQ(parsed.at("collection"), "streams");
    EXPECT_EQ(parsed.at("limit"), 10);
    EXPECT_EQ(parsed.at("offset"), 20);
    EXPECT_EQ(parsed.at("cursor"), "abc");
    EXPECT_EQ(parsed.at("count"), true);
    EXPECT_EQ(parsed.at("sort"), boost::json::parse(R"([{"field":"pinned","direction":"desc"},)"
                                                    R"({"field":"id","direction":"desc"}])"));
}

TEST(StreamFilter, SortsByTheFieldThatIsNamed) {
    const auto query = to_store_query(R"({"filters":{},"sort":"title","descending":true})");
    ASSERT_TRUE(query);
    EXPECT_EQ(boost::json::parse(*query).at("sort"),
              boost::json::parse(R"([{"field":"title","direction":"desc"}])"));
}

TEST(StreamFilter, RefusesWhatStreamsDoNotHave) {
    for (const std::string_view request :
         {R"({"filters":{"colour":["red"]}})", R"({"filters":{"status":[]}})",
          R"({"filters":{"status":"live"}})", R"({"filters":{},"sort":"colour"})"}) {
        EXPECT_EQ(to_store_query(request).code(), SW_INVALID_ARGUMENT) << request;
    }
}

}  // namespace
}  // namespace streamwall::catalog
