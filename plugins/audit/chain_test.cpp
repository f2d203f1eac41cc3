#include "chain.hpp"
#include "verifier.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <vector>

namespace streamwall::audit {
namespace {

namespace bj = boost::json;

bj::object entry(std::int64_t number) {
    bj::object out;
    for (const auto name : kHashed)
        out[name] = std::string(name) + std::to_string(number);
    out["number"] = number;
    out["sequence"] = number * 10;
    out["before"] = nullptr;
    out["after"] = {{"title", "t" + std::to_string(number)}, {"count", 1.5}};
    return out;
}

// A chain of eight entries, as the store would return them, and its head.
class Chain : public ::testing::Test {
  protected:
    Chain() {
        std::string hash;
        for (std::int64_t n = 1; n <= 8; ++n) {
            auto each = entry(n);
            hash = hash_of(hash, each);
            each["hash"] = hash;
            each["id"] = 100 + n;
            records.push_back(std::move(each));
        }
        head = {{"id", 1}, {"number", 8}, {"hash", hash}};
    }
    bj::object& at(std::int64_t number) { return records.at(static_cast<std::size_t>(number - 1)); }
    void rehash(std::int64_t number) {
        const auto before =
            number == 1 ? std::string() : std::string(at(number - 1).at("hash").as_string());
        at(number)["hash"] = hash_of(before, at(number));
    }
    // "3 changed, 5 removed"
    std::string verdict() {
        std::ranges::sort(records, {},
                          [](const auto& each) { return each.at("number").as_int64(); });
        Verifier verifier;
        for (const auto& record : records)
            verifier.take(record);
        verifier.finish(head);
        std::string out;
        for (const auto& [number, what] : verifier.flaws())
            out += (out.empty() ? "" : ", ") + std::to_string(number) + " " + what;
        return out;
    }

    std::vector<bj::object> records;
    bj::object head;
};

TEST_F(Chain, IsWholeAsItWasWritten) {
    EXPECT_EQ(verdict(), "");
    records.clear();
    head = {};
    EXPECT_EQ(verdict(), "") << "nothing has happened yet";
}

TEST_F(Chain, HashesEachFieldWhateverTheOrderOfMembers) {
    const auto hash = hash_of("", entry(1));
    EXPECT_EQ(hash.size(), 64U);
    EXPECT_NE(hash, hash_of("x", entry(1)));
    for (const auto name : kHashed) {
        auto other = entry(1);
        other[name] = "another";
        EXPECT_NE(hash_of("", other), hash) << name;
    }
    auto turned = entry(1);
    turned["after"] = {{"count", 1.5}, {"title", "t1"}};
    EXPECT_EQ(hash_of("", turned), hash);
}

TEST_F(Chain, NamesAnEntryThatWasChanged) {
    for (const auto name : kHashed) {
        if (name == "number") continue;
        const auto kept = at(4).at(name);
        at(4)[name] = "forged";
        EXPECT_EQ(verdict(), "4 changed") << name;
        at(4)[name] = kept;
    }
    at(4)["hash"] = std::string(64, '0');
    EXPECT_EQ(verdict(), "4 changed") << "its hash alone";
}

TEST_F(Chain, NamesTheFirstAndTheLastLikeAnyOther) {
    at(1)["actor_name"] = "nobody";
    at(8)["actor_name"] = "nobody";
    EXPECT_EQ(verdict(), "1 changed, 8 changed");
}

TEST_F(Chain, FindsAnEntryWhoseHashWasMadeAnew) {
    at(4)["actor_name"] = "nobody";
    rehash(4);
    EXPECT_EQ(verdict(), "5 changed") << "no longer follows from the one before";
    at(8)["actor_name"] = "nobody";
    rehash(8);
    EXPECT_EQ(verdict(), "5 changed, 8 changed") << "the head knows the last one's hash";
}

TEST_F(Chain, NamesEntriesThatWereRemoved) {
    records.erase(records.begin() + 3, records.begin() + 5);
    EXPECT_EQ(verdict(), "4 removed, 5 removed");
    records.erase(records.begin());
    EXPECT_EQ(verdict(), "1 removed, 4 removed, 5 removed");
}

TEST_F(Chain, NamesRemovedEntriesAtTheEnd) {
    records.pop_back();
    records.pop_back();
    EXPECT_EQ(verdict(), "7 removed, 8 removed");
    records.clear();
    EXPECT_EQ(verdict().substr(0, 20), "1 removed, 2 removed");
}

TEST_F(Chain, NamesEntriesThatChangedPlaces) {
    std::swap(at(3)["number"], at(4)["number"]);
    EXPECT_EQ(verdict(), "3 moved, 4 moved");
}

TEST_F(Chain, NamesEntriesThatWereAdded) {
    auto more = entry(9);
    more["id"] = 109;
    more["hash"] = hash_of(at(8).at("hash").as_string(), more);
    records.push_back(more);
    EXPECT_EQ(verdict(), "9 added") << "though its hash is right";
    head.clear();
    EXPECT_TRUE(verdict().starts_with("1 added")) << "no head: nothing was ever written";
}

}  // namespace
}  // namespace streamwall::audit
