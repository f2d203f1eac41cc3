// The pattern grammar.
#include "bus/pattern.hpp"

#include <gtest/gtest.h>

namespace streamwall::bus {
namespace {

TEST(Pattern, MatchesAsNatsDoes) {
    struct Case {
        const char *pattern, *type;
        bool expected;
    };
    for (const auto& c : std::initializer_list<Case>{{"stream.created", "stream.created", true},
                                                     {"stream.*", "stream.created", true},
                                                     {"stream.*", "stream", false},
                                                     {"stream.*", "stream.a.b", false},
                                                     {"stream.>", "stream.a.b", true},
                                                     {"stream.>", "stream", false},
                                                     {">", "a", true},
                                                     {"*", "a", true},
                                                     {"*", "a.b", false},
                                                     {"*.created", "stream.created", true},
                                                     {"*.created", "stream.deleted", false},
                                                     {"stream.created", "stream.create", false},
                                                     {"a.*.c", "a.b.c", true},
                                                     {"a.*.c", "a.b.d", false}}) {
        EXPECT_EQ(matches(c.pattern, c.type), c.expected) << c.pattern << " " << c.type;
    }
}

TEST(Pattern, CoveringIsMatchingEveryTypeOfTheOther) {
    EXPECT_TRUE(covers("stream.>", "stream.*"));
    EXPECT_TRUE(covers("stream.*", "stream.*"));
    EXPECT_FALSE(covers("stream.*", "stream.>"));
    EXPECT_FALSE(covers("stream.created", "stream.*"));
    EXPECT_TRUE(covers(">", "stream.>"));
}

TEST(Pattern, RefusesWhatIsNoPatternOrType) {
    for (const char* bad : {"", ".", "a.", ".a", "a..b", "a.>.b", "a.b>", "A.b", "a b", "a.**"}) {
        EXPECT_FALSE(is_pattern(bad)) << bad;
    }
    EXPECT_TRUE(is_pattern("a.*.>"));
    EXPECT_FALSE(is_type("a.*"));
    EXPECT_TRUE(is_type("user.profile.updated"));
}

}  // namespace
}  // namespace streamwall::bus
