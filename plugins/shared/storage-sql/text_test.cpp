// Texts of this folder: JSON slices, times, matching without case, event types.
#include <gtest/gtest.h>

#include <algorithm>

#include "storage-sql/event.hpp"
#include "storage-sql/json_text.hpp"
#include "storage-sql/search.hpp"
#include "storage-sql/text_match.hpp"
#include "storage-sql/time_text.hpp"

namespace streamwall::storage {
namespace {

TEST(Document, RefusesWhatBoostJsonLetsThrough) {
    const struct {
        const char* text;
        bool good;
    } cases[] = {
        {R"({"a":1,"b":{"a":2}})", true},
        {R"( { "a" : [ 1 , "x,}]" , { } , null ] } )", true},
        {R"({"a":-9223372036854775808})", true},
        {R"({"a":1.5e300})", true},
        {R"({"a":"\\u0000"})", true},
        {R"({"a":1,"a":2})", false},
        {R"({"x":[{"a":1,"\u0061":2}]})", false},
        {R"({"a":9223372036854775808})", false},
        {R"({"a":-9223372036854775809})", false},
        {R"({"a":1e400})", false},
        {R"({"a":"\u0000"})", false},
        {R"({"\u0000":1})", false},
        {R"([1])", false},
        {R"(1)", false},
        {"", false},
        {R"({"a":1}})", false},
        {"{\"a\":\"\xFF\"}", false},
    };
    for (const auto& [text, good] : cases) {
        EXPECT_EQ(Document::parse(text).has_value(), good) << text;
    }
    std::string deep = "1";
    for (int i = 0; i < 40; ++i)
        deep = R"({"a":)" + deep + "}";
    EXPECT_FALSE(Document::parse(deep));
}

TEST(RawItems, GiveTheTextOfEachValue) {
    const std::string text = R"( { "a" : "x\"}," , "b":[1, {"c":"]"}], "d" : -1.50 } )";
    EXPECT_EQ(raw_member(text, "a"), R"("x\"},")");
    EXPECT_EQ(raw_member(text, "b"), R"([1, {"c":"]"}])");
    EXPECT_EQ(raw_member(text, "d"), "-1.50");
    EXPECT_EQ(raw_member(text, "c"), "");
    EXPECT_EQ(compact(R"({ "a b" : [ 1 ,	2 ],
        "c" : "x  y" })"),
              R"({"a b":[1,2],"c":"x  y"})");
}

TEST(JsonString, IsEscaped) {
    std::string out;
    append_json_string(out, "a\"b\\c\n\r\t\x01\x1F/é😀");
    EXPECT_EQ(out, R"("a\"b\\c\n\r\t\u0001\u001f/é😀")");
}

TEST(Time, ReadsRfc3339AndNothingElse) {
    const struct {
        const char* text;
        const char* normal;  // null: refused
    } cases[] = {
        {"2026-01-31T12:34:56.789Z", "2026-01-31T12:34:56.789Z"},
        {"2026-01-31t12:34:56z", "2026-01-31T12:34:56.000Z"},
        {"2026-01-31 12:34:56.7899999Z", "2026-01-31T12:34:56.789Z"},
        {"2026-03-01T00:30:00+01:00", "2026-02-28T23:30:00.000Z"},
        {"2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000Z"},
        {"2016-12-31T23:59:60Z", "2016-12-31T23:59:59.999Z"},
        {"1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z"},
        {"0000-01-01T00:00:00Z", "0000-01-01T00:00:00.000Z"},
        {"9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"},
        {"9999-12-31T23:59:59.999-01:00", nullptr},
        {"2025-02-29T00:00:00Z", nullptr},
        {"2026-13-01T00:00:00Z", nullptr},
        {"2026-01-31T24:00:00Z", nullptr},
        {"2026-01-31T12:60:00Z", nullptr},
        {"2026-01-31T12:34:56", nullptr},
        {"2026-01-31T12:34:56.Z", nullptr},
        {"2026-01-31T12:34:56Zx", nullptr},
        {"2026-01-31", nullptr},
        {"", nullptr},
    };
    for (const auto& [text, normal] : cases) {
        const auto time = parse_time(text);
        ASSERT_EQ(time.has_value(), normal != nullptr) << text;
        if (normal != nullptr) EXPECT_EQ(time_text(*time), normal);
    }
}

TEST(Matching, FoldsCaseOverAllOfUnicode) {
    EXPECT_EQ(fold_case("ÀÉÎ ΣΩ ЖЯ ẞx"), fold_case("àéî σω жя ßX"));
    EXPECT_TRUE(contains_folded("Straße in MÜNCHEN", fold_case("münchen")));
    EXPECT_FALSE(contains_folded("Munchen", fold_case("ü")));
    EXPECT_TRUE(starts_folded("ÉCOLE", fold_case("éc")));
    EXPECT_TRUE(contains_folded("anything", ""));
    EXPECT_FALSE(contains_folded("", "x"));
}

TEST(Matching, KnowsWords) {
    EXPECT_EQ(fold_words("  Live: São-Paulo, 24/7! "), "live são paulo 24 7");
    EXPECT_EQ(fold_words("--"), "");
    EXPECT_TRUE(has_word_prefix("https://twitch.tv/Example", "exam"));
    EXPECT_FALSE(has_word_prefix("counterexample", "exam"));
}

TEST(EventTypes, MatchPatternsByToken) {
    const struct {
        const char* pattern;
        const char* type;
        bool matches;
    } cases[] = {
        {"stream.created", "stream.created", true},
        {"stream.created", "stream.updated", false},
        {"stream.*", "stream.created", true},
        {"stream.*", "stream.a.b", false},
        {"stream.*", "stream", false},
        {"stream.>", "stream.a.b", true},
        {"stream.>", "stream", false},
        {">", "a", true},
        {"*.created", "user.created", true},
        {"*", "a.b", false},
        {"*.*", "a.b", true},
        {"stream", "streams", false},
    };
    for (const auto& [pattern, type, matches] : cases) {
        EXPECT_EQ(matches_type(pattern, type), matches) << pattern << " " << type;
        EXPECT_TRUE(is_type_pattern(pattern)) << pattern;
    }
    for (const char* bad : {"", ".", "a.", ".a", "a..b", ">.a", "a.>.b", "A", "a b", "a.**"}) {
        EXPECT_FALSE(is_type_pattern(bad)) << bad;
    }
}

TEST(TokenChange, IsTheDifferenceOfAllTokens) {
    using Fields = std::vector<std::optional<std::string_view>>;
    const std::string filler(kMaxSearchedText - 20, '-');
    const struct {
        Fields before;
        Fields after;
    } cases[] = {
        {{"Protest live", "camera"}, {"Protest over", "camera"}},
        {{"Protest live", "camera"}, {"Protester live", "camera"}},
        {{"live", "lively camera"}, {"camera", "lively camera"}},
        {{"lively", "live"}, {"li", "live"}},
        {{"one", "two"}, {"two", "one"}},
        {{"one", std::nullopt}, {std::nullopt, "one"}},
        {{"Ünïted 東京都", "x"}, {"ünïted 東京", "x"}},
        {{"same", "same"}, {"same", "same"}},
        {{"", "a b c"}, {"d", "c b a"}},
        {{"a a", "x"}, {"a", "x"}},
        {{"a b", "x"}, {"a b a b", "x"}},
        {{"live at the pier", "x"}, {"live again at the pier", "x"}},
        {{"live again, live", "x"}, {"live", "x"}},
        {{"again live", "x"}, {"live", "x"}},
        {{" pier", "x"}, {"pier ", "x"}},
        {{"short", filler, "tail"}, {"much longer than before", filler, "tail"}},
    };
    for (const auto& [before, after] : cases) {
        const auto old_tokens = index_tokens('1', searched_text(before));
        const auto new_tokens = index_tokens('1', searched_text(after));
        auto tokens = old_tokens;
        const auto change = token_change('1', before, after);
        for (const auto& token : change.lost)
            EXPECT_EQ(std::erase(tokens, token), 1U) << token;
        tokens.insert(tokens.end(), change.gained.begin(), change.gained.end());
        std::ranges::sort(tokens);
        EXPECT_EQ(tokens, new_tokens) << before.front().value_or("null");
    }
    const auto change = token_change('0', Fields{"Protest live, changed 100", "a note"},
                                     Fields{"Protest live, changed 101", "a note"});
    EXPECT_EQ(change.lost, Tokens{"0100"});
    EXPECT_EQ(change.gained, Tokens{"0101"}) << "one word of many costs two tokens";
}

}  // namespace
}  // namespace streamwall::storage
