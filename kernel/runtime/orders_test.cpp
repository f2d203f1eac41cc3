#include "runtime/orders.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <vector>

namespace streamwall::runtime {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Orders that end when the test says so; `began` and `refused` hold their names.
class OrdersTest : public testing::Test {
  protected:
    void give(const std::string& name, const std::string& instance) {
        orders.give(
            instance,
            [this, name](Orders::Done done) {
                began.push_back(name);
                ends[name] = std::move(done);
            },
            [this, name] { refused.push_back(name); });
    }
    void end(const std::string& name) { ends.at(name)(); }

    Orders orders;
    std::vector<std::string> began, refused;
    std::map<std::string, Orders::Done> ends;
};

TEST_F(OrdersTest, RunSideBySideForDifferentInstancesAndOneByOneForTheSame) {
    give("1", "a");
    give("2", "a");
    give("3", "b");
    EXPECT_THAT(began, ElementsAre("1", "3"));
    EXPECT_TRUE(orders.concerns("a"));
    end("1");
    EXPECT_THAT(began, ElementsAre("1", "3", "2"));
    end("2");
    EXPECT_FALSE(orders.concerns("a"));
}

TEST_F(OrdersTest, LetOneThatConcernsAllRunAloneAndOvertakeNobody) {
    give("1", "a");
    give("all", "");
    give("2", "b");
    EXPECT_THAT(began, ElementsAre("1"));
    end("1");
    EXPECT_THAT(began, ElementsAre("1", "all"));
    EXPECT_TRUE(orders.concerns("c"));
    end("all");
    EXPECT_THAT(began, ElementsAre("1", "all", "2"));
}

TEST_F(OrdersTest, CloseOnceWhatIsUnderWayHasEndedAndRefuseTheRest) {
    bool idle = false;
    give("1", "a");
    give("2", "a");
    orders.close([&] { idle = true; });
    give("3", "b");
    EXPECT_THAT(refused, ElementsAre("2", "3"));
    EXPECT_FALSE(idle);
    end("1");
    EXPECT_TRUE(idle);
    EXPECT_THAT(began, ElementsAre("1"));
}

TEST_F(OrdersTest, EndAtOnceWhereTheyCan) {
    int count = 0;
    for (int n = 0; n < 3; ++n) {
        orders.give(
            "a",
            [&](const Orders::Done& done) {
                ++count;
                done();
            },
            [] {});
    }
    EXPECT_EQ(count, 3);
    EXPECT_THAT(refused, IsEmpty());
}

}  // namespace
}  // namespace streamwall::runtime
