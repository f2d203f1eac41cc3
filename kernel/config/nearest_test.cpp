// Which word was probably meant.
#include "config/nearest.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace streamwall::config {
namespace {

TEST(EditDistance, CountsInsertionsDeletionsReplacementsAndSwaps) {
    EXPECT_EQ(edit_distance("listen", "listen", 3), 0U);
    EXPECT_EQ(edit_distance("lisen", "listen", 3), 1U);
    EXPECT_EQ(edit_distance("lsiten", "listen", 3), 1U);
    EXPECT_EQ(edit_distance("lixten", "listen", 3), 1U);
    EXPECT_EQ(edit_distance("kitten", "sitting", 3), 3U);
    EXPECT_EQ(edit_distance("", "abc", 3), 3U);
}

TEST(EditDistance, GivesUpBeyondTheLimit) {
    EXPECT_EQ(edit_distance("abc", "xyz", 2), 3U);
    EXPECT_EQ(edit_distance(std::string(1'000'000, 'a'), "b", 3), 4U);
}

TEST(NearestWord, SuggestsOnlyWhatIsNear) {
    const std::vector<std::string> words = {"listen", "port", "tls", "max-connections"};
    EXPECT_EQ(nearest_word("lisen", words), "listen");
    EXPECT_EQ(nearest_word("PORT", words), "port");
    EXPECT_EQ(nearest_word("max_conections", words), "max-connections");
    EXPECT_EQ(nearest_word("tsl", words), "tls");
    EXPECT_EQ(nearest_word("abc", words), "");
    EXPECT_EQ(nearest_word("database", words), "");
}

}  // namespace
}  // namespace streamwall::config
