#include "catalog_api.hpp"

#include "testing/resource_api_fixture.hpp"

#include <set>

namespace streamwall::rest_api::testing {
namespace {

class CatalogApiTest : public ResourceApiTest {
  protected:
    CatalogApiTest() {
        EXPECT_TRUE(api.add(routes, services));
        mount();
    }
    void expect_queries(std::string_view path, std::initializer_list<std::string_view> good,
                        std::initializer_list<std::string_view> bad) {
        answer_with(R"({"records":[],"count":0,"next_cursor":null})");
        for (const auto query : good)
            EXPECT_EQ(fake.request("GET", path, {}, query).status, 200) << path << "?" << query;
        for (const auto query : bad)
            EXPECT_EQ(fake.request("GET", path, {}, query).status, 400) << path << "?" << query;
        answer_with(kRecord);
    }
    CatalogApi api;
};

TEST_F(CatalogApiTest, LetsViewersReadAndEditorsWrite) {
    for (const auto& route : fake.mounted()) {
        if (route.path.starts_with("/api/v1/ignore_lists")) continue;
        const bool is_read = route.method == "GET";
        EXPECT_EQ(route.access, is_read ? SW_HTTP_VIEWER : SW_HTTP_EDITOR) << route.path;
        EXPECT_EQ(route.scope, is_read ? "streams:read" : "streams:write") << route.path;
    }
}

TEST_F(CatalogApiTest, CreatesReadsChangesAndDeletes) {
    expect_record_routes("/api/v1/streamers", "streamer");
    expect_record_routes("/api/v1/locations", "location");
    expect_record_routes("/api/v1/timestamps", "timestamp");
}

TEST_F(CatalogApiTest, TakesTheFiltersOfEachListAndNoOther) {
    expect_queries("/api/v1/streamers", {"name=Ann", "search=an", "sort=-name", "sort=updated_at"},
                   {"sort=name_key", "handle=x", "status=live"});
    expect_queries("/api/v1/locations",
                   {"city=Austin,Paris", "state=TX", "state_province=TX", "country=US",
                    "known_city=true", "is_known_city=0", "sort=name"},
                   {"known_city=maybe", "sort=city_key", "region=x"});
    expect_queries("/api/v1/timestamps",
                   {"status=Pending,resolved", "user_id=1", "stream_id=1,2", "from=2026-01-31",
                    "to=2026-01-31T12:00:00%2B02:00", "sort=event_at&direction=asc"},
                   {"status=done", "stream_id=0", "from=yesterday", "from=2026-13-01",
                    "from=2026-01-31&from=2026-01-31", "sort=title"});
}

TEST_F(CatalogApiTest, TakesWholeDaysForTimes) {
    answer_with(R"({"records":[],"count":0,"next_cursor":null})");
    fake.request("GET", "/api/v1/timestamps", {}, "from=2026-01-30&to=2026-01-31");
    EXPECT_NE(fake.last_call().find(R"("from":["2026-01-30T00:00:00.000Z"],)"
                                    R"("to":["2026-01-31T23:59:59.999Z"])"),
              std::string::npos)
        << fake.last_call();
}

TEST_F(CatalogApiTest, NeverSaysUnchangedOfARecordThatHoldsACount) {
    const FakeHost::Headers known = {{"if-none-match", "\"3\""}};
    EXPECT_EQ(fake.request("GET", "/api/v1/streamers/{id}", {"5"}, "", "", known).status, 200);
    EXPECT_EQ(fake.request("GET", "/api/v1/locations/{id}", {"5"}, "", "", known).status, 304);
    std::set<std::string> described;
    for (const auto& route : fake.mounted()) {
        const auto operation = boost::json::parse(route.openapi);
        if (operation.at("responses").as_object().contains("304")) described.insert(route.path);
    }
    EXPECT_TRUE(described.contains("/api/v1/locations/{id}"));
    EXPECT_TRUE(described.contains("/api/v1/streamers"));
    EXPECT_FALSE(described.contains("/api/v1/streamers/{id}"));
}

TEST_F(CatalogApiTest, ListsAllPlacesAndTheKnownOnes) {
    answer_with(R"({"locations":[]})");
    EXPECT_EQ(fake.request("GET", "/api/v1/locations/all").body, R"({"locations":[]})");
    EXPECT_EQ(fake.last_call(), "all {}");
    EXPECT_EQ(fake.request("GET", "/api/v1/locations/known_cities").status, 200);
    EXPECT_EQ(fake.last_call(), "known_cities {}");
    EXPECT_EQ(fake.request("GET", "/api/v1/locations/all", {}, "page=1").status, 400);
}

TEST_F(CatalogApiTest, ActsOnTimestamps) {
    const FakeHost::Headers guarded = {{"if-match", "\"2\""}};
    const std::string one = "/api/v1/timestamps/{id}";
    EXPECT_EQ(fake.request("POST", one + "/resolve", {"5"}, "", "", guarded).status, 200);
    EXPECT_EQ(fake.last_call(), R"(resolve {"id":5,"versions":[2]})");
    EXPECT_EQ(fake.request("POST", one + "/dismiss", {"5"}).body, kRecord);
    EXPECT_EQ(fake.last_call(), R"(dismiss {"id":5})");
    EXPECT_EQ(send("POST", one + "/streams", R"({"stream_id":1})", {"5"}).status, 200);
    EXPECT_EQ(fake.last_call(),
              R"(add_stream {"id":5,"replace":false,"strict":false,"body":{"stream_id":1}})");
    answer_with(R"({"id":5,"streams":[{"stream_id":1}],"version":3})");
    EXPECT_EQ(fake.request("GET", one + "/streams", {"5"}).body,
              R"({"streams":[{"stream_id":1}]})");
    const auto path = one + "/streams/{stream_id}";
    EXPECT_EQ(fake.request("DELETE", path, {"5", "7"}).status, 200);
    EXPECT_EQ(fake.last_call(), R"(remove_stream {"id":5,"stream_id":7})");
    EXPECT_EQ(fake.request("DELETE", path, {"5", "x"}).status, 404);
}

TEST_F(CatalogApiTest, HasWallsAndLayoutsBelowThem) {
    expect_record_routes("/api/v1/walls", "wall");
    const std::string all = "/api/v1/walls/{wall_id}/layouts";
    const auto one = all + "/{id}";
    EXPECT_EQ(fake.request("GET", one, {"3", "5"}).body, kRecord);
    EXPECT_EQ(fake.last_call(), R"(get {"wall_id":3,"id":5})");
    const auto& created = send("POST", all, R"({"a":1})", {"3"});
    EXPECT_EQ(created.status, 201);
    EXPECT_EQ(fake.last_call(), R"(create {"wall_id":3,"strict":false,"body":{"a":1}})");
    EXPECT_EQ(send("PATCH", one, R"({"a":2})", {"3", "5"}, "", {{"if-match", "\"2\""}}).status,
              200);
    EXPECT_EQ(fake.last_call(), R"(update {"wall_id":3,"id":5,"replace":false,"strict":false,)"
                                R"("versions":[2],"body":{"a":2}})");
    EXPECT_EQ(fake.request("DELETE", one, {"3", "5"}).status, 204);
    EXPECT_EQ(fake.last_call(), R"(remove {"wall_id":3,"id":5})");
    answer_with(R"({"records":[],"count":0})");
    EXPECT_EQ(fake.request("GET", all, {"3"}).status, 200);
    EXPECT_TRUE(fake.last_call().starts_with(R"(list {"wall_id":3,"filters":{"wall_id":[3]})"))
        << fake.last_call();
    for (const auto* id : {"x", "0", "-1", ""}) {
        EXPECT_EQ(fake.request("GET", all, {id}).status, 404) << id;
        EXPECT_EQ(send("POST", all, R"({"a":1})", {id}).status, 404) << id;
        EXPECT_EQ(fake.request("GET", one, {id, "5"}).status, 404) << id;
        EXPECT_EQ(fake.request("GET", one, {"3", id}).status, 404) << id;
    }
    EXPECT_EQ(fake.request("GET", all, {"3"}, "wall_id=4").status, 400);
}

TEST_F(CatalogApiTest, DescribesEveryRouteAndSchema) {
    const auto schemas = openapi::catalog_schemas();
    for (const auto& route : fake.mounted()) {
        ASSERT_FALSE(route.openapi.empty()) << route.path;
        for (std::size_t at = 0; (at = route.openapi.find("schemas/", at)) != std::string::npos;) {
            at += std::string_view("schemas/").size();
            const auto name = route.openapi.substr(at, route.openapi.find('"', at) - at);
            EXPECT_TRUE(name == "Problem" || schemas.contains(name)) << name;
        }
    }
}

}  // namespace
}  // namespace streamwall::rest_api::testing
