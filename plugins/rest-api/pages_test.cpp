#include "pages.hpp"

#include "conditional.hpp"

#include <heap_buffers.hpp>

#include <gtest/gtest.h>
#include <boost/json.hpp>

namespace streamwall::rest_api {
namespace {

constexpr std::string_view kPath = "/api/v1/streams";

Page page_of(std::string_view query, std::string_view reply) {
    auto page = make_page(*parse_list_query(query), kPath, reply);
    EXPECT_TRUE(page.has_value());
    return page ? std::move(*page) : Page{};
}

TEST(Pages, PassRecordsOnAsTheyAre) {
    const auto page =
        page_of("", R"({"records":[{"id":1, "t":"]"},{"id":2}],"count":2,"next_cursor":null})");
    EXPECT_EQ(page.body.view(),
              R"({"streams":[{"id":1, "t":"]"},{"id":2}],"meta":{"current_page":1,"per_page":25,)"
              R"("total_pages":1,"total_count":2,"next_cursor":null}})");
}

TEST(Pages, SayHowManyThereAre) {
    struct Case {
        std::string_view query;
        int count;
        int pages;
    };
    const Case cases[] = {{"", 0, 0}, {"", 1, 1}, {"", 25, 1}, {"", 26, 2}, {"per_page=1", 7, 7}};
    for (const auto& [query, count, pages] : cases) {
        const auto page = page_of(query, R"({"records":[],"count":)" + std::to_string(count) + "}");
        const auto meta = boost::json::parse(page.body.view()).at("meta");
        EXPECT_EQ(meta.at("total_pages"), pages) << count;
        EXPECT_EQ(meta.at("total_count"), count);
    }
}

TEST(Pages, LinkToTheirNeighbours) {
    constexpr std::string_view kReply = R"({"records":[],"count":30,"next_cursor":"x"})";
    const std::string base = "</api/v1/streams?status=live&per_page=10&page=";
    EXPECT_EQ(page_of("status=live&page=2&per_page=10", kReply).link,
              base + "1>; rel=\"first\", " + base + "1>; rel=\"prev\", " + base +
                  "3>; rel=\"next\", " + base + "3>; rel=\"last\"");
    EXPECT_EQ(
        page_of("status=live&page=9&per_page=10", kReply).link,
        base + "1>; rel=\"first\", " + base + "3>; rel=\"prev\", " + base + "3>; rel=\"last\"");
    EXPECT_EQ(page_of("", R"({"records":[],"count":0})").link, "");
}

TEST(Pages, ByCursorLinkToTheNextOnly) {
    const auto page =
        page_of("cursor=a&per_page=10", R"({"records":[],"count":30,"next_cursor":"b+/="})");
    EXPECT_EQ(page.link, "</api/v1/streams?per_page=10&cursor=b%2B%2F%3D>; rel=\"next\"");
    const auto meta = boost::json::parse(page.body.view()).at("meta").as_object();
    EXPECT_EQ(meta.at("next_cursor"), "b+/=");
    EXPECT_FALSE(meta.contains("current_page"));
    EXPECT_EQ(page_of("cursor=a", R"({"records":[],"count":30,"next_cursor":null})").link, "");
}

TEST(Pages, HaveWeakTagsThatFollowTheirContent) {
    const auto one = page_of("", R"({"records":[{"id":1}],"count":1})");
    const auto same = page_of("", R"({"records":[{"id":1}],"count":1})");
    const auto other = page_of("", R"({"records":[{"id":2}],"count":1})");
    EXPECT_TRUE(one.tag.starts_with("W/\""));
    EXPECT_EQ(one.tag, same.tag);
    EXPECT_NE(one.tag, other.tag);
    EXPECT_TRUE(matches_none_match(one.tag, same.tag));
}

TEST(Pages, AreNotMadeOfARubbishReply) {
    for (const std::string_view reply : {"", "{}", R"({"records":5})", "[]"}) {
        EXPECT_EQ(make_page(ListQuery{}, kPath, reply).code(), SW_INTERNAL) << reply;
    }
}

}  // namespace
}  // namespace streamwall::rest_api
