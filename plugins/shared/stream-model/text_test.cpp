// UTF-8 and ASCII helpers.
#include "streamwall/model/text.hpp"

#include <gtest/gtest.h>

namespace streamwall::model {
namespace {

TEST(Text, CountsCodePointsNotBytes) {
    EXPECT_EQ(count_code_points(""), 0u);
    EXPECT_EQ(count_code_points("abc"), 3u);
    EXPECT_EQ(count_code_points("žлу\xF0\x9F\x94\xA5"), 4u);
}

TEST(Text, KnowsWellFormedUtf8) {
    for (const auto good : {"", "a", "\u00e9", "\uffff", "\U0010ffff"}) {
        EXPECT_TRUE(is_valid_utf8(good)) << good;
    }
    for (const auto bad : {"\x80", "\xc0\x80", "\xc3", "\xe0\x80\x80", "\xed\xa0\x80",
                           "\xf4\x90\x80\x80", "\xf0\x9f\x94", "\xff"}) {
        EXPECT_FALSE(is_valid_utf8(bad));
    }
}

TEST(Text, ReplacesWhatIsNotUtf8) {
    EXPECT_EQ(to_valid_utf8("a\xff\xc3\xa9\xe2\x82"), "a\uFFFD\u00e9\uFFFD\uFFFD");
}

TEST(Text, ComparesWithoutCaseInAsciiAlone) {
    EXPECT_TRUE(equals_ignoring_case("Twitch", "tWITCH"));
    EXPECT_FALSE(equals_ignoring_case("É", "é"));
    EXPECT_FALSE(equals_ignoring_case("a", "ab"));
    EXPECT_TRUE(starts_with_ignoring_case("UTM_source", "utm_"));
    EXPECT_TRUE(ends_with_ignoring_case("a.M3U8", ".m3u8"));
    EXPECT_EQ(trim(" \t a b \r\n"), "a b");
}

}  // namespace
}  // namespace streamwall::model
