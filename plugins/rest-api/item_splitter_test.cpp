#include "item_splitter.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace streamwall::rest_api {
namespace {

using Items = std::vector<std::string>;
using State = ItemSplitter::State;

struct Split {
    Items items;
    State state = State::kOpen;
};

// The items of a text that comes in pieces of that size; "…" for one that is too long.
Split split(ItemSplitter::Form form, std::string_view text, std::size_t piece,
            std::size_t max_item = 1000) {
    Split out;
    ItemSplitter splitter(form, max_item, [&](std::string item, bool is_too_long) {
        out.items.push_back(is_too_long ? "…" : std::move(item));
    });
    for (std::size_t at = 0; at < text.size(); at += piece)
        splitter.feed(text.substr(at, piece));
    splitter.finish();
    out.state = splitter.state();
    return out;
}

struct Case {
    std::string_view text;
    Items items;
    State state = State::kEnded;
};

void expect(ItemSplitter::Form form, const std::vector<Case>& cases) {
    for (const auto& [text, items, state] : cases) {
        for (const std::size_t piece : {1, 2, 7, 1000}) {
            const auto found = split(form, text, piece);
            EXPECT_EQ(found.items, items) << text << " in pieces of " << piece;
            EXPECT_EQ(found.state, state) << text << " in pieces of " << piece;
        }
    }
}

TEST(ItemSplitter, FindsTheLinesThatAreNotBlank) {
    expect(ItemSplitter::Form::kLines, {{"", {}},
                                        {"\n\r\n  \n", {}},
                                        {"{\"a\":1}\n{\"b\":2}", {"{\"a\":1}", "{\"b\":2}"}},
                                        {"{\"a\":1}\r\n\n[\n", {"{\"a\":1}\r", "["}}});
}

TEST(ItemSplitter, FindsTheItemsOfAnArray) {
    expect(ItemSplitter::Form::kDocument,
           {{"[]", {}},
            {" [ ] \n", {}},
            {"[1]", {"1"}},
            {R"([ {"a":1} , {"b":2}])", {R"( {"a":1} )", R"( {"b":2})"}}});
}

TEST(ItemSplitter, FindsTheItemsOfAMemberNamedStreams) {
    expect(ItemSplitter::Form::kDocument,
           {{R"({"streams":[{"a":[1,2]},{"b":"],["}]})", {R"({"a":[1,2]})", R"({"b":"],["})"}},
            {R"({"v":1,"streams":[1]})", {"1"}},
            {R"({"v":"}","x":{"streams":[9]},"streams":[1],"y":[2],"z":null})", {"1"}},
            {R"({"str\"eams":[2],"streams":[1]})", {"1"}},
            {R"({"streams":[]})", {}}});
}

TEST(ItemSplitter, KeepsTextsWhole) {
    expect(ItemSplitter::Form::kDocument,
           {{R"([{"a":"\"],[{"},"x"])", {R"({"a":"\"],[{"})", R"("x")"}},
            {R"([{"a":"\\"},2])", {R"({"a":"\\"})", "2"}}});
}

TEST(ItemSplitter, LeavesWhatIsNoItemToWhoTakesIt) {
    expect(
        ItemSplitter::Form::kDocument,
        {{"[1,,2]", {"1", " ", "2"}}, {"[1,]", {"1", " "}}, {"[,]", {" ", " "}}, {"[1}]", {"1}"}}});
}

TEST(ItemSplitter, KnowsWhatIsNoList) {
    expect(ItemSplitter::Form::kDocument, {{"5", {}, State::kNoList},
                                           {"\"x\"", {}, State::kNoList},
                                           {"{}", {}, State::kNoList},
                                           {R"({"streams":{}})", {}, State::kNoList},
                                           {R"({"other":[1]})", {}, State::kNoList}});
}

TEST(ItemSplitter, KnowsWhatIsMalformedOrCutOff) {
    expect(ItemSplitter::Form::kDocument, {{"", {}, State::kMalformed},
                                           {"{", {}, State::kMalformed},
                                           {"[1", {}, State::kMalformed},
                                           {"[1] x", {"1"}, State::kMalformed},
                                           {R"({"streams":[1])", {"1"}, State::kMalformed},
                                           {R"({"streams":[1],})", {"1"}, State::kMalformed},
                                           {R"({streams:[1]})", {}, State::kMalformed},
                                           {R"({"streams" [1]})", {}, State::kMalformed}});
}

TEST(ItemSplitter, PassesOverWhatIsTooLong) {
    const std::string text = R"([{"a":")" + std::string(50, 'x') + R"("},2])";
    EXPECT_EQ(split(ItemSplitter::Form::kDocument, text, 7, 20).items, (Items{"…", "2"}));
    const std::string lines = std::string(50, 'x') + "\n2\n";
    EXPECT_EQ(split(ItemSplitter::Form::kLines, lines, 7, 20).items, (Items{"…", "2"}));
}

}  // namespace
}  // namespace streamwall::rest_api
