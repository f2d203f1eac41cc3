// Findings as people read them.
#include "config/source.hpp"

#include <gtest/gtest.h>

#include <set>

namespace streamwall::config {
namespace {

TEST(Diagnostic, NamesFileLineColumnPathCodeAndNearestWord) {
    const Diagnostic diagnostic{"a.yaml",
                                {3, 14},
                                "plugins.http-server.lisen",
                                Code::kUnknownKey,
                                "unknown setting 'lisen'",
                                "listen"};
    EXPECT_EQ(to_string(diagnostic),
              "a.yaml:3:14: plugins.http-server.lisen: unknown setting 'lisen' (SW-CFG-0101); "
              "did you mean 'listen'?");
}

TEST(Diagnostic, LeavesOutWhatIsNotKnownAndPrintsSentencesAsTheyAre) {
    const Diagnostic diagnostic{"a.yaml",      {}, "", Code::kAmbiguousNode, "two nodes",
                                "use --node a"};
    EXPECT_EQ(to_string(diagnostic), "a.yaml: two nodes (SW-CFG-0203); use --node a");
}

TEST(Diagnostic, MarksWarnings) {
    const Diagnostic diagnostic{"a.yaml",          {1, 2}, "x", Code::kUnusedInstance, "unused", "",
                                Severity::kWarning};
    EXPECT_EQ(to_string(diagnostic), "a.yaml:1:2: warning: x: unused (SW-CFG-0206)");
    EXPECT_FALSE(has_errors({diagnostic}));
}

TEST(Diagnostics, AreSortedByPlaceAndRepeatsAreDropped) {
    Diagnostics list = {{"a", {2, 1}, "", Code::kTag, "b", ""},
                        {"a", {1, 9}, "", Code::kTag, "a", ""},
                        {"a", {2, 1}, "", Code::kTag, "b", ""}};
    sort_and_deduplicate(list);
    ASSERT_EQ(list.size(), 2U);
    EXPECT_EQ(list[0].position, (Position{1, 9}));
}

TEST(ErrorCodes, EachHasItsOwnIdAndAHelpText) {
    std::set<std::string> ids;
    for (const CodeInfo& info : all_codes()) {
        EXPECT_TRUE(ids.insert(code_id(info.code)).second) << code_id(info.code);
        EXPECT_FALSE(code_help(info.code).empty()) << code_id(info.code);
    }
    EXPECT_EQ(code_id(Code::kWrongType), "SW-CFG-0103");
}

}  // namespace
}  // namespace streamwall::config
