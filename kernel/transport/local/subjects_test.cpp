// Whom a message goes to.
#include "transport/local/subjects.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace streamwall::transport {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;

std::vector<std::uint64_t> ids(const std::vector<const Subscriber*>& subscribers) {
    std::vector<std::uint64_t> out;
    for (const auto* one : subscribers)
        out.push_back(one->id);
    return out;
}

TEST(Subjects, FindsNamesAndWildcardsAndNeverTheSender) {
    SubjectTable table;
    table.add({1, 10, "a.b", ""});
    table.add({2, 20, "a.*", ""});
    table.add({3, 30, ">", ""});
    table.add({3, 31, "a.b.c", ""});
    EXPECT_THAT(ids(table.everybody(0, "a.b")), UnorderedElementsAre(10, 20, 30));
    EXPECT_THAT(ids(table.everybody(2, "a.b")), UnorderedElementsAre(10, 30));
    EXPECT_THAT(ids(table.everybody(3, "a.b.c")), ElementsAre());
}

TEST(Subjects, GivesEachGroupOneMessageInTurn) {
    SubjectTable table;
    table.add({1, 10, "a", "workers"});
    table.add({2, 20, "*", "workers"});
    table.add({3, 30, "a", "loggers"});
    table.add({4, 40, "a", ""});
    std::map<std::uint64_t, int> got;
    for (int n = 0; n < 12; ++n) {
        for (const auto id : ids(table.everybody(0, "a")))
            ++got[id];
    }
    EXPECT_EQ(got[10] + got[20], 12);
    EXPECT_GT(got[10], 0);
    EXPECT_GT(got[20], 0);
    EXPECT_EQ(got[30], 12);
    EXPECT_EQ(got[40], 12);
}

TEST(Subjects, AsksSubscribersInTurn) {
    SubjectTable table;
    EXPECT_EQ(table.anybody(0, "a"), nullptr);
    table.add({1, 10, "a", "call"});
    table.add({2, 20, "a", "call"});
    EXPECT_EQ(table.anybody(1, "a")->id, 20u);
    std::set<std::uint64_t> seen;
    for (int n = 0; n < 2; ++n)
        seen.insert(table.anybody(0, "a")->id);
    EXPECT_THAT(seen, ElementsAre(10, 20));
}

TEST(Subjects, ForgetsSubscriptionsAndClients) {
    SubjectTable table;
    table.add({1, 10, "a", ""});
    table.add({1, 11, "b.*", ""});
    table.add({2, 10, "a", ""});
    EXPECT_EQ(table.count(1), 2u);
    table.remove(1, 10);
    EXPECT_EQ(ids(table.everybody(0, "a")), (std::vector<std::uint64_t>{10}));
    table.remove_all(1);
    EXPECT_EQ(table.count(1), 0u);
    EXPECT_TRUE(table.everybody(0, "b.c").empty());
}

}  // namespace
}  // namespace streamwall::transport
