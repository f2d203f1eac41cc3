// One owner at a time, in the order of asking.
#include "abi/shared_owners.hpp"

#include <gtest/gtest.h>

#include <string>

namespace streamwall::abi {
namespace {

TEST(SharedOwners, TheFirstOwnsAndTheNextFollowsWhenItLeaves) {
    SharedOwners owners;
    const int a = 0, b = 0, c = 0;
    std::string order;
    owners.ask("catalog/catalog", &a, [&] { order += 'a'; });
    owners.ask("catalog/catalog", &b, [&] { order += 'b'; });
    owners.ask("catalog/catalog", &c, [&] { order += 'c'; });
    EXPECT_EQ(order, "a");
    owners.leave("catalog/catalog", &b);
    EXPECT_EQ(order, "a") << "who stands by leaves without a change of owner";
    owners.leave("catalog/catalog", &a);
    EXPECT_EQ(order, "ac");
    owners.leave("catalog/catalog", &c);
    owners.ask("catalog/catalog", &b, [&] { order += 'b'; });
    EXPECT_EQ(order, "acb");
}

TEST(SharedOwners, NamesDoNotMeet) {
    SharedOwners owners;
    const int a = 0, b = 0;
    int owned = 0;
    owners.ask("x/one", &a, [&] { ++owned; });
    owners.ask("x/two", &b, [&] { ++owned; });
    EXPECT_EQ(owned, 2);
    owners.leave("x/three", &a);
}

}  // namespace
}  // namespace streamwall::abi
