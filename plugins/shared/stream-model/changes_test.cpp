// The difference of two records.
#include "streamwall/model/changes.hpp"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace streamwall::model {
namespace {

std::string diff(const char* before, const char* after) {
    return boost::json::serialize(diff_changes(boost::json::parse(before).as_object(),
                                               boost::json::parse(after).as_object()));
}

TEST(Changes, NameEveryFieldThatDiffers) {
    EXPECT_EQ(diff(R"({"status":"unknown","title":"a","labels":[]})",
                   R"({"status":"live","title":"a","labels":["x"]})"),
              R"({"status":{"from":"unknown","to":"live"},"labels":{"from":[],"to":["x"]}})");
}

TEST(Changes, TakeAnAbsentFieldForNull) {
    EXPECT_EQ(diff(R"({"city":null})", R"({})"), "{}");
    EXPECT_EQ(diff(R"({})", R"({"city":"Seattle"})"), R"({"city":{"from":null,"to":"Seattle"}})");
    EXPECT_EQ(diff(R"({"city":"Seattle"})", R"({})"), R"({"city":{"from":"Seattle","to":null}})");
}

TEST(Changes, LeaveOutWhatMovesWithEveryWriteAndWhatRepeatsAnotherField) {
    EXPECT_EQ(diff(R"({"version":1,"updated_at":"a","url":"u","link":"u","last_checked":null})",
                   R"({"version":2,"updated_at":"b","url":"v","link":"v","last_checked":"t"})"),
              R"({"url":{"from":"u","to":"v"}})");
}

}  // namespace
}  // namespace streamwall::model
