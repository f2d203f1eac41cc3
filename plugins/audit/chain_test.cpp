#include "chain.hpp"
#include "verifier.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace streamwall::audit {
namespace {

// A chain of eight entries, as their lines stand in pages, and what the head says.
class Chain : public ::testing::Test {
  protected:
    Chain() {
        for (std::int64_t n = 1; n <= 8; ++n)
            add(n);
    }
    void add(std::int64_t number) {
        std::string line;
        hash = append_line(line, number, R"(,"action":"a)" + std::to_string(number) + '"', hash);
        lines.push_back(line);
        last = number;
    }
    std::string& at(std::int64_t number) { return lines.at(static_cast<std::size_t>(number - 1)); }
    void forge(std::int64_t number, std::string_view from, std::string_view to) {
        auto& line = at(number);
        line.replace(line.find(from), from.size(), to);
    }
    void rehash(std::int64_t number) {
        const auto before = number == 1 ? "" : std::string(read_line(at(number - 1))->hash);
        auto& line = at(number);
        const std::string old(read_line(line)->hash);
        forge(number, old, hash_of(before, read_line(line)->text));
    }
    // "3 changed, 5 removed"
    std::string verdict() const {
        Verifier verifier;
        for (const auto& line : lines)
            verifier.take(line);
        verifier.finish(last, hash);
        std::string out;
        for (const auto& [number, what] : verifier.flaws())
            out += (out.empty() ? "" : ", ") + std::to_string(number) + " " + std::string(what);
        return out;
    }

    std::vector<std::string> lines;
    std::string hash;
    std::int64_t last = 0;
};

TEST_F(Chain, IsWholeAsItWasWritten) {
    EXPECT_EQ(verdict(), "");
    lines.clear();
    last = 0;
    hash.clear();
    EXPECT_EQ(verdict(), "") << "nothing has happened yet";
}

TEST_F(Chain, HashesALineAndTheHashBeforeIt) {
    // printf 'before\n{"id":1,"a":2' | sha256sum
    EXPECT_EQ(hash_of("before", R"({"id":1,"a":2)"),
              "0b386b11d635c3f38f5c002c89f46dde8aeeefa02804571954b87cf1442bc624");
    std::string page = "first";
    const auto made = append_line(page, 1, R"(,"a":2)", "before");
    EXPECT_EQ(page, "first\n{\"id\":1,\"a\":2,\"hash\":\"" + made + "\"}");
    const auto line = read_line(std::string_view(page).substr(6));
    ASSERT_TRUE(line);
    EXPECT_EQ(line->number, 1);
    EXPECT_EQ(line->hash, made);
    EXPECT_EQ(line->text, R"({"id":1,"a":2)");
}

TEST_F(Chain, ReadsNoLineThatIsNoEntry) {
    const auto good = at(3);
    for (const std::string& line :
         {std::string(), std::string("{}"), good.substr(1), good.substr(0, good.size() - 1),
          good + " ", R"({"id":-1,)" + good.substr(8), R"({"id":x,)" + good.substr(8)})
        EXPECT_FALSE(read_line(line)) << line;
}

TEST_F(Chain, NamesAnEntryThatWasChanged) {
    const auto kept = at(4);
    forge(4, "a4", "b4");
    EXPECT_EQ(verdict(), "4 changed");
    at(4) = kept;
    forge(4, std::string(read_line(kept)->hash), std::string(64, '0'));
    EXPECT_EQ(verdict(), "4 changed") << "its hash alone";
    at(4) = "garbage";
    EXPECT_EQ(verdict(), "4 changed");
}

TEST_F(Chain, NamesTheFirstAndTheLastLikeAnyOther) {
    forge(1, "a1", "b1");
    forge(8, "a8", "b8");
    EXPECT_EQ(verdict(), "1 changed, 8 changed");
}

TEST_F(Chain, FindsAnEntryWhoseHashWasMadeAnew) {
    forge(4, "a4", "b4");
    rehash(4);
    EXPECT_EQ(verdict(), "5 changed") << "no longer follows from the one before";
    forge(8, "a8", "b8");
    rehash(8);
    EXPECT_EQ(verdict(), "5 changed, 8 changed") << "the head knows the last one's hash";
}

TEST_F(Chain, NamesEntriesThatWereRemoved) {
    lines.erase(lines.begin() + 3, lines.begin() + 5);
    EXPECT_EQ(verdict(), "4 removed, 5 removed");
    lines.erase(lines.begin());
    EXPECT_EQ(verdict(), "1 removed, 4 removed, 5 removed");
}

TEST_F(Chain, NamesRemovedEntriesAtTheEnd) {
    lines.resize(6);
    EXPECT_EQ(verdict(), "7 removed, 8 removed");
    lines.clear();
    EXPECT_EQ(verdict().substr(0, 20), "1 removed, 2 removed");
}

TEST_F(Chain, NamesEntriesThatChangedPlaces) {
    std::swap(at(3), at(4));
    EXPECT_EQ(verdict(), "3 moved");
    std::swap(at(3), at(4));
    // What they say changed places, their numbers did not.
    forge(3, "a3", "a4");
    forge(4, "a4", "a3");
    EXPECT_EQ(verdict(), "3 changed, 4 changed");
}

TEST_F(Chain, NamesEntriesThatWereAdded) {
    add(9);
    last = 8;
    EXPECT_EQ(verdict(), "9 added") << "though its hash is right";
    lines.pop_back();
    hash = read_line(at(8))->hash;
    lines.insert(lines.begin() + 5, at(2));
    EXPECT_EQ(verdict(), "2 added") << "it is there twice";
    last = 0;
    EXPECT_TRUE(verdict().starts_with("2 added, 1 added")) << verdict();
}

}  // namespace
}  // namespace streamwall::audit
