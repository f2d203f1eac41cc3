// What the matcher tells of a record's text is what the store finds.
#include "list_matcher.hpp"

#include "testing/list_fixture.hpp"

#include <set>

namespace streamwall::catalog {
namespace {

// Values that JSON may escape in several ways, words of several scripts, nulls, archived ones.
constexpr std::array kRecords = {
    R"({"url":"https://a.test/1","title":"Protest \"live\" / camera","city":"Seattle","status":"live"})",
    R"({"url":"https://a.test/2","title":"caf\u00e9 \u2028 tab\there","city":"S\u00e3o Paulo","user_id":7})",
    R"({"url":"https://a.test/3","title":null,"notes":"PROTESTS in 東京","status":"live","pinned":true})",
    R"({"url":"https://b.test/x%20y_z","posted_by":"o'neil \\ co","streamer_id":7,"archived":true})",
    R"({"url":"https://b.test/5","city":"seattle","platform":"kick","notes":"Ünïted\u0001rally"})",
};
constexpr std::array kFilters = {
    "{}",
    R"({"archived":[true]})",
    R"({"archived":[true,false]})",
    R"({"status":["live"]})",
    R"({"status":["live","offline"],"pinned":[true]})",
    R"({"not_status":["live","error"]})",
    R"({"url":["https://a.test/1"]})",
    R"({"url":["https:\/\/a.test\/1"]})",
    R"({"city":["Seattle"]})",
    R"({"city":["São Paulo","seattle"]})",
    R"({"city":["S\u00e3o Paulo"]})",
    R"({"posted_by":["o'neil \\ co"],"archived":[true]})",
    R"({"user_id":[7]})",
    R"({"user_id":[1,70]})",
    R"({"streamer_id":[7],"archived":[true,false]})",
    R"({"platform":["kick"]})",
    R"({"since":["2026-01-31T12:34:56.788Z"]})",
    R"({"since":["2026-01-31T12:34:56.789Z"]})",
    R"({"since":["2026-01-31T12:34:56.790Z"]})",
    R"({"search":["protest"]})",
    R"({"search":["PROTESTS 東"]})",
    R"({"search":["caf"]})",
    R"({"search":["café here"]})",
    R"({"search":["ünïted rally"]})",
    R"({"search":["20y"],"archived":[true]})",
    R"({"search":["x y_z"],"archived":[true]})",
    R"({"search":["\"live\" test"]})",
    R"({"search":["%_*"]})",
    R"({"search":["otest"]})",
};

TEST(ListMatcher, AgreesWithTheStore) {
    testing::ListedStore store;
    std::string changes;
    for (const auto* record : kRecords) {
        changes += std::string(changes.empty() ? "" : ",") +
                   R"({"op":"insert","collection":"streams","record":)" + record + "}";
    }
    const auto made =
        store.elsewhere(StorePort::Method::kApply, R"({"changes":[)" + changes + "]}");
    for (const auto* filters : kFilters) {
        const auto query =
            to_stream_query(R"({"limit":100,"filters":)" + std::string(filters) + "}");
        ASSERT_TRUE(query) << filters;
        const auto found = store.elsewhere(StorePort::Method::kQuery, query->request());
        const auto matcher = ListMatcher::make(query->filter);
        ASSERT_NE(matcher, nullptr) << filters;
        std::set<std::int64_t> expected;
        for (const auto& record : found.at("records").as_array())
            expected.insert(record.at("id").as_int64());
        std::set<std::int64_t> told;
        for (const auto& record : made.at("results").as_array()) {
            if (matcher->matches(boost::json::serialize(record)))
                told.insert(record.at("id").as_int64());
        }
        EXPECT_EQ(told, expected) << filters;
    }
}

TEST(ListMatcher, IsNotMadeForWhatARecordsTextDoesNotTell) {
    for (const auto* filter :
         {R"({"field":"updated_at","op":"ge","value":"2026-01-31T12:34:56.789Z"})",
          R"({"field":"created_at","op":"ge","value":"2026-01-31T12:34:56+01:00"})",
          R"({"field":"title","op":"contains","value":"x"})", R"({"or":[]})", "{}", "5", "",
          R"({"and":[{"field":"status","op":"eq","value":"live"},{"op":"words","value":"x"}]})"}) {
        EXPECT_EQ(ListMatcher::make(filter), nullptr) << filter;
    }
}

}  // namespace
}  // namespace streamwall::catalog
