#include "conditional.hpp"

#include <heap_buffers.hpp>

#include <gtest/gtest.h>

namespace streamwall::rest_api {
namespace {

using Versions = contracts::streams::Versions;

struct NoneMatchCase {
    std::string_view header;
    bool matches;
};

TEST(IfNoneMatch, ComparesWeakly) {
    const NoneMatchCase cases[] = {
        {R"("5")", true},
        {R"(W/"5")", true},
        {"*", true},
        {R"("4", "5")", true},
        {R"("4",W/"5" )", true},
        {R"(  "5")", true},
        {R"("55")", false},
        {R"("4")", false},
        {"5", false},
        {R"("5)", false},
        {"", false},
        {R"(w/"5")", false},
        {R"("4" , ,"5")", true},
    };
    for (const auto& [header, matches] : cases)
        EXPECT_EQ(matches_none_match(header, R"("5")"), matches) << header;
    EXPECT_TRUE(matches_none_match(R"(W/"abc")", R"(W/"abc")"));
    EXPECT_TRUE(matches_none_match(R"("abc")", R"(W/"abc")"));
}

struct MatchCase {
    std::string_view header;
    Versions versions;
};

TEST(IfMatch, AcceptsTheVersionsOfStrongTags) {
    const MatchCase cases[] = {
        {"", std::nullopt},
        {"*", std::nullopt},
        {" * ", std::nullopt},
        {R"("5")", {{5}}},
        {R"("5","7")", {{5, 7}}},
        {R"("5", W/"6", "x", "7")", {{5, 7}}},
        {R"(W/"5")", std::vector<std::int64_t>{}},
        {"5", std::vector<std::int64_t>{}},
        {R"("-1")", std::vector<std::int64_t>{}},
        {R"("0")", std::vector<std::int64_t>{}},
        {R"("99999999999999999999")", std::vector<std::int64_t>{}},
    };
    for (const auto& [header, versions] : cases)
        EXPECT_EQ(accepted_versions(header), versions) << header;
}

}  // namespace
}  // namespace streamwall::rest_api
