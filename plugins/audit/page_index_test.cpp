#include "page_index.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace streamwall::audit {
namespace {

std::string index_of_three() {
    std::string index;
    append_keys(index, 7, 0, entry_keys("stream", "17", "5", "ada"));
    append_keys(index, 8, 12, entry_keys("user", "5", "", ""));
    append_keys(index, 11, 13, entry_keys("feature", "a b;c/d%", "6", "Bob B."));
    return index;
}

TEST(PageIndex, SaysOfEachEntryWhatItIsFoundBy) {
    const auto index = index_of_three();
    std::string_view rest = index;
    auto keys = next_keys(rest, 1000);
    ASSERT_TRUE(keys);
    EXPECT_EQ(keys->sequence, 7);
    EXPECT_EQ(keys->at_ms, 1000);
    EXPECT_EQ(keys->resource, "stream");
    EXPECT_EQ(keys->id, "17");
    EXPECT_EQ(keys->actor_id, "5");
    EXPECT_EQ(keys->actor_name, "ada");
    keys = next_keys(rest, 1000);
    ASSERT_TRUE(keys);
    EXPECT_EQ(keys->at_ms, 1012);
    EXPECT_EQ(keys->actor_id, "");
    ASSERT_TRUE(next_keys(rest, 1000));
    EXPECT_FALSE(next_keys(rest, 1000));
}

TEST(PageIndex, FindsWhatIsAskedForAndNothingLikeIt) {
    const struct {
        const char *actor, *resource, *id;
        std::optional<std::int64_t> since_ms;
        std::vector<std::int64_t> found;
    } cases[] = {{"", "", "", {}, {7, 8, 11}},    {"5", "", "", {}, {7}},
                 {"ada", "", "", {}, {7}},        {"ad", "", "", {}, {}},
                 {"Bob B.", "", "", {}, {11}},    {"bob b.", "", "", {}, {}},
                 {"", "stream", "", {}, {7}},     {"", "strea", "", {}, {}},
                 {"", "", "5", {}, {8}},          {"", "stream", "5", {}, {}},
                 {"", "stream", "17", {}, {7}},   {"", "feature", "a b;c/d%", {}, {11}},
                 {"", "", "", 1012, {8, 11}},     {"", "", "", 1014, {}},
                 {"6", "feature", "", 1000, {11}}};
    const auto index = index_of_three();
    for (const auto& [actor, resource, id, since_ms, expected] : cases) {
        const Search search(actor, resource, id, since_ms);
        std::vector<std::int64_t> found;
        std::string_view rest = index;
        while (const auto keys = next_keys(rest, 1000)) {
            if (search.matches(*keys)) found.push_back(keys->sequence);
        }
        EXPECT_EQ(found, expected) << actor << "|" << resource << "|" << id;
        // What the store narrows by is in the index of each page that has a match.
        for (const auto& filter : search.filters()) {
            const auto& text = filter.at("value");
            if (!found.empty() && text.is_string()) {
                EXPECT_NE(index.find(text.get_string()), index.npos) << text.get_string();
            }
        }
    }
    EXPECT_TRUE(Search("", "", "", {}).takes_all());
    EXPECT_FALSE(Search("", "", "", 0).takes_all());
}

}  // namespace
}  // namespace streamwall::audit
