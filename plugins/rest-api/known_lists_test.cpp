#include "known_lists.hpp"

#include <heap_buffers.hpp>

#include <gtest/gtest.h>

namespace streamwall::rest_api {
namespace {

constexpr std::string_view kPath = "/api/v1/streams";
constexpr std::string_view kReply = R"({"records":[{"id":1}],"count":1,"next_cursor":null})";
constexpr std::string_view kOther = R"({"records":[{"id":2}],"count":1,"next_cursor":null})";

TEST(KnownLists, MakeAPageOnceForTheSameReply) {
    KnownLists lists;
    const auto list = lists.find(kPath, "status=live");
    ASSERT_TRUE(list);
    const Buffer reply(kReply);
    const auto page = (*list)->page_of(reply);
    ASSERT_TRUE(page);
    EXPECT_EQ((*list)->page_of(reply)->get(), page->get());
    EXPECT_EQ((*list)->page_of(Buffer(kReply))->get(), page->get()) << "the same bytes";
    const auto other = (*list)->page_of(Buffer(kOther));
    EXPECT_TRUE((*other)->body.view().contains(R"("id":2)"));
    EXPECT_NE((*other)->tag, (*page)->tag);
    EXPECT_TRUE((*(*list)->page_of(reply))->body.view().contains(R"("id":1)"));
}

TEST(KnownLists, KeepNoPageOfGreatSize) {
    KnownLists lists;
    const auto list = *lists.find(kPath, "");
    const auto text = R"({"records":[{"id":1,"notes":")" + std::string(200'000, 'x') +
                      R"("}],"count":1,"next_cursor":null})";
    const Buffer reply(text);
    EXPECT_NE(list->page_of(reply)->get(), list->page_of(reply)->get());
}

TEST(KnownLists, TellQueriesAndPathsApart) {
    KnownLists lists;
    const auto first = *lists.find(kPath, "page=1");
    EXPECT_EQ(*lists.find(kPath, "page=1"), first);
    EXPECT_NE(*lists.find(kPath, "page=2"), first);
    EXPECT_NE(*lists.find("/v2/streams", "page=1"), first);
    const auto page = *first->page_of(Buffer(R"({"records":[],"count":60,"next_cursor":null})"));
    EXPECT_TRUE(page->link.starts_with("</api/v1/streams?per_page=25&page=1>")) << page->link;
}

TEST(KnownLists, RefuseAQueryEachTime) {
    KnownLists lists;
    for (int i = 0; i < 2; ++i) {
        const auto refused = lists.find(kPath, "page=0");
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().status, 400);
    }
}

TEST(KnownLists, ForgetWhatWasNotAskedForLately) {
    KnownLists lists(2);
    const auto first = *lists.find(kPath, "page=1");
    const auto second = *lists.find(kPath, "page=2");
    EXPECT_EQ(*lists.find(kPath, "page=1"), first);
    EXPECT_TRUE(lists.find(kPath, "page=3"));
    EXPECT_EQ(*lists.find(kPath, "page=1"), first);
    EXPECT_NE(*lists.find(kPath, "page=2"), second) << "asked for longest ago";
}

TEST(KnownLists, PassAReplyThatIsNoListOnAsAFault) {
    KnownLists lists;
    EXPECT_EQ((*lists.find(kPath, ""))->page_of(Buffer("{}")).code(), SW_INTERNAL);
}

}  // namespace
}  // namespace streamwall::rest_api
