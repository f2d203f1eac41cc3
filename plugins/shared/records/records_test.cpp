#include <streamwall/records/command_line.hpp>
#include <streamwall/records/input.hpp>
#include <streamwall/records/requests.hpp>

#include <heap_buffers.hpp>

#include <gtest/gtest.h>

namespace streamwall::records {
namespace {

namespace bj = boost::json;

TEST(Bodies, AreTakenOutOfTheirWrapper) {
    EXPECT_EQ(read_body(R"({"body":{"thing":{"a":1}}})", "thing").value(), (bj::object{{"a", 1}}));
    EXPECT_EQ(read_body(R"({"body":{"a":1}})", "thing").value(), (bj::object{{"a", 1}}));
}

TEST(Bodies, ThatAreNoObjectSaySo) {
    const std::string deep = std::string(40, '[') + std::string(40, ']');
    for (const std::string& request :
         {std::string("{}"), std::string(R"({"body":[]})"), std::string(R"({"body":5})"),
          std::string(R"({"body":{"a":1,"a":2}})"), std::string(R"({"body":{"a":1e999}})"),
          std::string(R"({"body":{"a":"\u0000"}})"), "{\"body\":{\"a\":" + deep + "}}"}) {
        const auto refused = read_body(request, "thing");
        ASSERT_FALSE(refused) << request;
        EXPECT_EQ(refused.error().details, R"({"code":"malformed_json"})");
    }
}

TEST(Bodies, NameEachFieldThatIsWrong) {
    const bj::object body{{"name", 5}, {"on", "yes"}, {"word", "blue"}, {"long", "abcd"}};
    FieldErrors errors;
    EXPECT_FALSE(read_text(body, "name", 10, errors));
    EXPECT_FALSE(read_flag(body, "on", errors));
    EXPECT_FALSE(read_word(body, "word", {"red", "green"}, errors));
    EXPECT_FALSE(read_text(body, "long", 3, errors));
    ASSERT_TRUE(errors.any());
    const auto details = bj::parse(errors.error().details);
    std::string named;
    for (const auto& error : details.at("errors").as_array())
        named += std::string(error.at("field").as_string()) + " ";
    EXPECT_EQ(named, "name on word long ");
}

TEST(Bodies, OfStrictRequestsHoldNothingUnknown) {
    const bj::object body{{"a", 1}, {"b", 2}};
    FieldErrors lenient;
    refuse_unknown(body, R"({"strict":false})", {"a"}, lenient);
    EXPECT_FALSE(lenient.any());
    FieldErrors strict;
    refuse_unknown(body, R"({"strict":true})", {"a"}, strict);
    EXPECT_EQ(strict.error().where, "b");
}

TEST(Requests, NameTheVersionsThatTheyMean) {
    const bj::object record{{"id", 1}, {"version", 3}};
    EXPECT_TRUE(check_version(R"({"id":1})", record));
    EXPECT_TRUE(check_version(R"({"versions":[2,3]})", record));
    const auto refused = check_version(R"({"versions":[2]})", record);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, SW_FAILED_PRECONDITION);
    EXPECT_EQ(refused.error().details, R"({"version":3})");
}

TEST(CommandLines, SplitListsAtCommas) {
    EXPECT_EQ(split_list(" a, b,,c "), (std::vector<std::string>{"a", "b", "c"}));
    EXPECT_TRUE(split_list(" , ").empty());
}

TEST(CommandLines, HaveOptionsAndPlaces) {
    const auto line =
        CommandLine::read(R"({"arguments":{"output":"json","_":["first"]},"input":"text"})");
    ASSERT_TRUE(line);
    EXPECT_TRUE(line->wants_json());
    EXPECT_EQ(line->positional(0), "first");
    EXPECT_EQ(line->positional(1), "");
    EXPECT_EQ(line->option("role"), "");
    EXPECT_EQ(line->input, "text");
}

}  // namespace
}  // namespace streamwall::records
