#include "list_query.hpp"

#include <heap_buffers.hpp>

#include <gtest/gtest.h>
#include <boost/json.hpp>

#include <string>

namespace streamwall::rest_api {
namespace {

// What the service is asked, without the members that paging tests look at.
std::string asked(const ListQuery& query) {
    std::string out;
    for (const auto& filter : query.list.filters) {
        out += filter.name + "=";
        for (std::size_t i = 0; i < filter.values_json.size(); ++i)
            out += (i > 0 ? "," : "") + filter.values_json[i];
        out += ";";
    }
    if (!query.list.sort.empty()) {
        out += "sort=" + query.list.sort + (query.list.descending ? " desc" : " asc");
    }
    return out;
}

struct Accepted {
    std::string_view query;
    std::string_view asked;
};

TEST(ListQuery, ReadsEveryFilterAndSort) {
    const Accepted cases[] = {
        {"", ""},
        {"&&", ""},
        {"status=live", R"(status="live";)"},
        {"status=LIVE,Checking", R"(status="live","checking";)"},
        {"status=live%2Cerror", R"(status="live","error";)"},
        {"status=live,+error", R"(status="live","error";)"},
        {"status=live&status=error", R"(status="live","error";)"},
        {"notStatus=offline", R"(not_status="offline";)"},
        {"status=live&notStatus=error", R"(status="live";not_status="error";)"},
        {"platform=Twitch,kick", R"(platform="twitch","kick";)"},
        {"kind=audio", R"(kind="audio";)"},
        {"orientation=Vertical", R"(orientation="vertical";)"},
        {"city=St.+Louis", R"(city="St. Louis";)"},
        {"city=Z%C3%BCrich", R"(city="Zürich";)"},
        {"state=WA,OR", R"(state="WA","OR";)"},
        {"source=discord", R"(source="discord";)"},
        {"posted_by=%22ann%22", R"(posted_by="\"ann\"";)"},
        {"external_id=x-1", R"(external_id="x-1";)"},
        {"user_id=7", "user_id=7;"},
        {"streamer_id=1,2", "streamer_id=1,2;"},
        {"location_id=9007199254740991", "location_id=9007199254740991;"},
        {"pinned=true", "pinned=true;"},
        {"is_pinned=0", "pinned=false;"},
        {"pinned=1&is_pinned=false", "pinned=true,false;"},
        {"archived=true,false", "archived=true,false;"},
        {"is_archived=TRUE", "archived=true;"},
        {"url=https%3A%2F%2Fwww.twitch.tv%2FExample", R"(url="https://twitch.tv/example";)"},
        {"url=twitch.tv/example", R"(url="https://twitch.tv/example";)"},
        {"link=twitch.tv/example", R"(url="https://twitch.tv/example";)"},
        {"url=twitch.tv/a1234,kick.com/b",
         R"(url="https://twitch.tv/a1234","https://kick.com/b";)"},
        {"url=https%3A%2F%2Fa.example%2Fx%2Cy", R"(url="https://a.example/x,y";)"},
        {"since=2026-01-31T12:00:00Z", R"(since="2026-01-31T12:00:00.000Z";)"},
        {"since=2026-01-31T12:00:00%2B01:00", R"(since="2026-01-31T11:00:00.000Z";)"},
        {"updated_since=2026-01-31T12:00:00.5Z", R"(updated_since="2026-01-31T12:00:00.500Z";)"},
        {"search=live+in%20seattle", R"(search="live in seattle";)"},
        {"search=100%25,_", R"(search="100%,_";)"},
        {"search=", ""},
        {"search=+", ""},
        {"sort=created_at", "sort=created_at asc"},
        {"sort=created_at&direction=desc", "sort=created_at desc"},
        {"direction=DESC&sort=title", "sort=title desc"},
        {"sort=last_checked_at", "sort=last_checked_at asc"},
        {"sort=last_live_at", "sort=last_live_at asc"},
        {"sort=updated_at", "sort=updated_at asc"},
        {"sort=status", "sort=status asc"},
        {"sort=platform", "sort=platform asc"},
        {"sort=city", "sort=city asc"},
        {"sort=state", "sort=state asc"},
        {"sort=name", "sort=title asc"},
        {"sort=-name", "sort=title desc"},
        {"sort=created", "sort=created_at asc"},
        {"sort=-created", "sort=created_at desc"},
        {"sort=-created&direction=desc", "sort=created_at desc"},
        {"st%61tus=live", R"(status="live";)"},
    };
    for (const auto& [query, expected] : cases) {
        const auto read = parse_list_query(query);
        ASSERT_TRUE(read.has_value()) << query << ": " << read.error().detail;
        EXPECT_EQ(asked(*read), expected) << query;
    }
}

struct Refused {
    std::string_view query;
    std::string_view field;
};

TEST(ListQuery, RefusesWhatItDoesNotUnderstand) {
    const Refused cases[] = {
        {"colour=red", "colour"},
        {"Status=live", "Status"},
        {"status[]=live", "status[]"},
        {"=x", ""},
        {"status=sleeping", "status"},
        {"status=", "status"},
        {"status", "status"},
        {"status=live,", "status"},
        {"status=live,,error", "status"},
        {"status=archived", "status"},
        {"notStatus=nothing", "notStatus"},
        {"platform=myspace", "platform"},
        {"kind=hologram", "kind"},
        {"orientation=null", "orientation"},
        {"city=", "city"},
        {"user_id=0", "user_id"},
        {"user_id=-1", "user_id"},
        {"user_id=x", "user_id"},
        {"streamer_id=1.5", "streamer_id"},
        {"pinned=yes", "pinned"},
        {"pinned=", "pinned"},
        {"archived=all", "archived"},
        {"url=", "url"},
        {"url=ftp%3A%2F%2Fx.example", "url"},
        {"url=https%3A%2F%2Fuser%3Apw%40x.example", "url"},
        {"link=http%3A%2F%2F", "link"},
        {"since=yesterday", "since"},
        {"since=2026-01-31", "since"},
        {"since=2026-13-31T00:00:00Z", "since"},
        {"since=2026-01-31T00:00:00Z&since=2026-01-31T00:00:00Z", "since"},
        {"updated_since=", "updated_since"},
        {"search=a&search=b", "search"},
        {"sort=colour", "sort"},
        {"sort=", "sort"},
        {"sort=-title", "sort"},
        {"sort=title;drop", "sort"},
        {"sort=title&sort=city", "sort"},
        {"sort=title&direction=up", "direction"},
        {"direction=asc", "direction"},
        {"sort=-name&direction=asc", "direction"},
        {"page=0", "page"},
        {"page=-1", "page"},
        {"page=x", "page"},
        {"page=", "page"},
        {"page=1.0", "page"},
        {"page=+1", "page"},
        {"page=1&page=2", "page"},
        {"per_page=0", "per_page"},
        {"per_page=-5", "per_page"},
        {"per_page=ten", "per_page"},
        {"per_page=1&per_page=1", "per_page"},
        {"cursor=abc&page=2", "cursor"},
    };
    for (const auto& [query, field] : cases) {
        const auto read = parse_list_query(query);
        ASSERT_FALSE(read.has_value()) << query;
        EXPECT_EQ(read.error().status, 400) << query;
        const auto errors = boost::json::parse(read.error().errors_json);
        ASSERT_EQ(errors.as_array().size(), 1U) << query << " " << read.error().errors_json;
        EXPECT_EQ(std::string_view(errors.at(0).at("field").as_string()), field) << query;
        EXPECT_FALSE(errors.at(0).at("message").as_string().empty()) << query;
    }
}

TEST(ListQuery, RefusesBrokenText) {
    for (const std::string_view query : {"city=%", "city=%2", "city=%zz", "city=%00", "city=%0a",
                                         "city=%ff", "city=%C3", "%=x", "city=%7f"}) {
        const auto read = parse_list_query(query);
        ASSERT_FALSE(read.has_value()) << query;
        EXPECT_EQ(read.error().status, 400) << query;
    }
}

TEST(ListQuery, ReportsAllMistakesAtOnce) {
    const auto read = parse_list_query("page=0&colour=red&status=sleeping");
    ASSERT_FALSE(read.has_value());
    EXPECT_EQ(boost::json::parse(read.error().errors_json).as_array().size(), 3U);
}

TEST(ListQuery, BoundsListsAndTexts) {
    std::string ids = "user_id=1";
    for (int i = 2; i <= 200; ++i)
        ids += "," + std::to_string(i);
    EXPECT_TRUE(parse_list_query(ids).has_value());
    EXPECT_FALSE(parse_list_query(ids + ",201").has_value());
    EXPECT_TRUE(parse_list_query("search=" + std::string(200, 'a')).has_value());
    EXPECT_FALSE(parse_list_query("search=" + std::string(201, 'a')).has_value());
    EXPECT_FALSE(parse_list_query("cursor=" + std::string(2049, 'a')).has_value());
}

struct Paged {
    std::string_view query;
    std::int64_t page, per_page, limit, offset;
};

TEST(ListQuery, PagesAndClamps) {
    const Paged cases[] = {
        {"", 1, 25, 25, 0},
        {"page=3", 3, 25, 25, 50},
        {"page=2&per_page=10", 2, 10, 10, 10},
        {"per_page=100", 1, 100, 100, 0},
        {"per_page=101", 1, 100, 100, 0},
        {"per_page=99999999999999999999999", 1, 100, 100, 0},
        {"page=0003", 3, 25, 25, 50},
        {"page=9007199254740991&per_page=100", 9007199254740991, 100, 100, 900719925474099000},
        {"page=99999999999999999999999&per_page=1", 9007199254740991, 1, 1, 9007199254740990},
    };
    for (const auto& [query, page, per_page, limit, offset] : cases) {
        const auto read = parse_list_query(query);
        ASSERT_TRUE(read.has_value()) << query;
        EXPECT_EQ(read->page, page) << query;
        EXPECT_EQ(read->per_page, per_page) << query;
        EXPECT_EQ(read->list.limit, limit) << query;
        EXPECT_EQ(read->list.offset, offset) << query;
    }
}

TEST(ListQuery, PassesACursorOn) {
    const auto read = parse_list_query("cursor=ab%2Bc&per_page=10");
    ASSERT_TRUE(read.has_value());
    EXPECT_TRUE(read->by_cursor);
    EXPECT_EQ(read->list.cursor, "ab+c");
    EXPECT_EQ(read->list.offset, 0);
    EXPECT_TRUE(parse_list_query("cursor=")->by_cursor);
}

TEST(ListQuery, KeepsAllButThePagingForLinks) {
    const auto read = parse_list_query("page=2&status=live%2Cerror&per_page=5&sort=title");
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->kept, "status=live%2Cerror&sort=title");
}

}  // namespace
}  // namespace streamwall::rest_api
