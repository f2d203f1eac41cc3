// Which texts may be published or subscribed to.
#include "subject.hpp"

#include <gtest/gtest.h>

namespace streamwall::transport_nats {
namespace {

TEST(ASubject, IsDottedTokensWithoutWildcards) {
    for (const auto* good : {"a", "a.b-c_D.9", "streamwall.1.call.streams", "_INBOX.x.1", "ü"})
        EXPECT_TRUE(is_subject(good)) << good;
    for (const auto* bad : {"", ".", "a.", ".a", "a..b", "a b", "a\tb", "a.*", ">", "a*"})
        EXPECT_FALSE(is_subject(bad)) << bad;
}

TEST(APattern, MayHaveWildcardsAsWholeTokens) {
    for (const auto* good : {"a", "*", ">", "a.*.b", "a.>", "*.*"})
        EXPECT_TRUE(is_pattern(good)) << good;
    for (const auto* bad : {"", "a.>.b", "a*", "**", ">>", "a.", "a >"})
        EXPECT_FALSE(is_pattern(bad)) << bad;
}

}  // namespace
}  // namespace streamwall::transport_nats
