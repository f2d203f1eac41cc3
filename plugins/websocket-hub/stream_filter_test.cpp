// Which changes a filter lets through.
#include "stream_filter.hpp"

#include <gtest/gtest.h>
#include <boost/json.hpp>

namespace streamwall::hub {
namespace {

std::optional<StreamFilter> parse(std::string_view params) {
    return StreamFilter::parse(boost::json::parse(params).as_object());
}

constexpr std::string_view kLiveInChicago =
    R"({"id":5,"platform":"twitch","status":"live","city":"Chicago","state":"IL","labels":[]})";

struct Case {
    std::string_view params;
    std::string_view changes;
    bool matches;
};

class AFilter : public testing::TestWithParam<Case> {};

TEST_P(AFilter, DecidesByTheRecordBeforeAndAfter) {
    const auto [params, changes, matches] = GetParam();
    const auto filter = parse(params);
    ASSERT_TRUE(filter);
    const auto facts = read_facts(kLiveInChicago, changes);
    ASSERT_TRUE(facts);
    EXPECT_EQ(filter->matches(*facts), matches) << params << " " << changes;
}

INSTANTIATE_TEST_SUITE_P(
    Filters, AFilter,
    testing::Values(
        Case{R"({})", "", true},                                       //
        Case{R"({"status":"live"})", "", true},                        //
        Case{R"({"status":"LIVE"})", "", true},                        //
        Case{R"({"status":"offline"})", "", false},                    //
        Case{R"({"status":" offline , live "})", "", true},            //
        Case{R"({"status":["offline","Live"]})", "", true},            //
        Case{R"({"status":null,"platform":"","city":[]})", "", true},  //
        Case{R"({"status":"live","platform":"kick"})", "", false},     //
        Case{R"({"city":"chicago","state":"il"})", "", true},          //
        Case{R"({"city":"Boston"})", "", false},                       //
        Case{R"({"ids":[4,5]})", "", true},                            //
        Case{R"({"ids":"5"})", "", true},                              //
        Case{R"({"ids":5})", "", true},                                //
        Case{R"({"ids":[4],"status":"live"})", "", false},             //
        Case{R"({"unheard_of":[{}],"snapshot":true})", "", true},      //
        // It was offline before: who follows offline streams learns that this one no longer is.
        Case{R"({"status":"offline"})", R"({"status":{"from":"offline","to":"live"}})", true},
        Case{R"({"status":"live"})", R"({"status":{"from":"offline","to":"live"}})", true},
        Case{R"({"status":"error"})", R"({"status":{"from":"offline","to":"live"}})", false},
        Case{R"({"city":"Boston"})", R"({"city":{"from":"Boston","to":"Chicago"}})", true},
        Case{R"({"city":"Boston"})", R"({"city":{"from":null,"to":"Chicago"}})", false},
        // Never a mixture: neither before nor after was there a live stream in Boston.
        Case{R"({"city":"Boston","status":"live"})",
             R"({"city":{"from":"Boston","to":"Chicago"},"status":{"from":"offline","to":"live"}})",
             false}));

TEST(AFilter, IsRefusedWhereItCanMatchNothing) {
    for (const auto* params : {R"({"status":"alive"})", R"({"platform":"myspace"})",
                               R"({"ids":"five"})", R"({"ids":[0]})", R"({"ids":[1.5]})",
                               R"({"status":{}})", R"({"status":true})", R"({"city":[["a"]]})"}) {
        EXPECT_FALSE(parse(params)) << params;
    }
}

TEST(AFilter, IsTheSameHoweverItIsWritten) {
    const auto one = parse(R"({"status":"live,offline","ids":[2,1]})");
    const auto same = parse(R"({"ids":"1,2,1","status":["Offline","LIVE"],"other":1})");
    EXPECT_EQ(one->canonical(), same->canonical());
    EXPECT_NE(one->canonical(), parse(R"({"status":"live","ids":[1,2]})")->canonical());
    EXPECT_NE(parse(R"({"city":"a","state":"b"})")->canonical(),
              parse(R"({"city":"b","state":"a"})")->canonical());
    EXPECT_NE(parse(R"({"city":["a,b"]})")->canonical(), parse(R"({"city":"a,b"})")->canonical());
}

TEST(StreamFacts, ReadEscapedTexts) {
    const auto facts = read_facts(R"({"id":1,"city":"Val-d\u0027Or \"X\"","status":null})", "");
    ASSERT_TRUE(facts);
    EXPECT_EQ(facts->after[2], "val-d'or \"x\"");
    EXPECT_EQ(facts->after[0], "");
    EXPECT_FALSE(read_facts(R"({"status":"live"})", ""));
    EXPECT_FALSE(read_facts("[]", ""));
}

}  // namespace
}  // namespace streamwall::hub
