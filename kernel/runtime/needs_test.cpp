// Start order from declared needs.
#include "runtime/needs.hpp"

#include <gtest/gtest.h>

namespace streamwall::runtime {
namespace {

TEST(Needs, LinksInstancesToWhoProvidesWhatTheyNeed) {
    const auto graph = link_needs({{"rest", {}, {"catalog.streams", "streamwall.http/1"}},
                                   {"catalog", {"catalog.streams"}, {"store"}},
                                   {"http", {"streamwall.http/1"}, {}},
                                   {"sqlite", {"store", "journal"}, {}}});
    EXPECT_EQ(graph.providers.at("rest"), (std::vector<std::string>{"catalog", "http"}));
    EXPECT_EQ(graph.providers.at("catalog"), std::vector<std::string>{"sqlite"});
    EXPECT_TRUE(graph.cycle.empty());
    EXPECT_TRUE(graph.missing.empty());
}

TEST(Needs, NamesWhatNobodyProvides) {
    const auto graph = link_needs({{"catalog", {}, {"store"}}});
    EXPECT_EQ(graph.missing.at("catalog"), std::vector<std::string>{"store"});
}

TEST(Needs, NamesACycleInOrder) {
    const auto graph = link_needs(
        {{"x", {}, {"a"}}, {"one", {"a"}, {"b"}}, {"two", {"b"}, {"c"}}, {"three", {"c"}, {"a"}}});
    EXPECT_EQ(graph.cycle, (std::vector<std::string>{"one", "two", "three", "one"}));
}

TEST(Needs, AnInstanceMayNeedItself) {
    const auto graph = link_needs({{"x", {"a"}, {"a"}}});
    EXPECT_EQ(graph.cycle, (std::vector<std::string>{"x", "x"}));
}

}  // namespace
}  // namespace streamwall::runtime
