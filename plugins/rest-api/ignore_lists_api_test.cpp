#include "ignore_lists_api.hpp"

#include "testing/resource_api_fixture.hpp"

namespace streamwall::rest_api::testing {
namespace {

class IgnoreListsApi : public ResourceApiTest {
  protected:
    IgnoreListsApi() {
        add_ignore_list_routes(routes, client);
        mount();
    }
    ResourceClient client = resolve_ignore_lists(services).value();
};

TEST_F(IgnoreListsApi, IsReadByViewersAndKeysForListsAndWrittenByAdministrators) {
    for (const auto& route : fake.mounted()) {
        const bool is_read = route.method == "GET";
        EXPECT_EQ(route.access, is_read ? SW_HTTP_VIEWER : SW_HTTP_ADMIN) << route.path;
        EXPECT_EQ(route.scope, is_read ? "lists:read" : "") << route.path;
    }
}

TEST_F(IgnoreListsApi, PassesAListOnWithItsFilters) {
    answer_with(R"({"records":[{"id":1,"version":1}],"count":3,"next_cursor":"abc"})");
    const auto& page = fake.request("GET", "/api/v1/ignore_lists", {},
                                    "list_type=Domain,url&per_page=1&sort=value&direction=desc");
    EXPECT_EQ(page.status, 200);
    EXPECT_EQ(page.body,
              R"({"ignore_lists":[{"id":1,"version":1}],"meta":{"current_page":1,"per_page":1,)"
              R"("total_pages":3,"total_count":3,"next_cursor":"abc"}})");
    EXPECT_EQ(fake.last_call(), R"(list {"filters":{"list_type":["domain","url"]},"sort":"value",)"
                                R"("descending":true,"limit":1,"offset":0,"count":true})");
    EXPECT_EQ(fake.request("GET", "/api/v1/ignore_lists", {}, "", "",
                           {{"if-none-match",
                             fake.request("GET", "/api/v1/ignore_lists").headers.at("etag")}})
                  .status,
              304);
    for (const auto* query : {"page=0", "page=-1", "page=abc", "per_page=0", "status=live",
                              "list_type=ip", "sort=notes", "direction=asc", "page=1&page=2"}) {
        EXPECT_EQ(fake.request("GET", "/api/v1/ignore_lists", {}, query).status, 400) << query;
    }
}

TEST_F(IgnoreListsApi, CreatesReadsChangesAndDeletes) {
    expect_record_routes("/api/v1/ignore_lists", "ignore entry");
}

TEST_F(IgnoreListsApi, ListsValuesByType) {
    answer_with(R"({"twitch_users":["bob"]})");
    const auto& answer = fake.request("GET", "/api/v1/ignore_lists/by_type");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, R"({"twitch_users":["bob"]})");
    EXPECT_EQ(fake.last_call(), "by_type {}");
    EXPECT_EQ(fake.request("GET", "/api/v1/ignore_lists/by_type", {}, "page=1").status, 400);
}

TEST_F(IgnoreListsApi, TakesManyAtOnce) {
    answer_with(R"({"created":[{"id":1}],"errors":[]})");
    EXPECT_EQ(send("POST", "/api/v1/ignore_lists/bulk_create", R"({"entries":[]})").status, 201);
    EXPECT_EQ(fake.last_call(), R"(bulk_create {"strict":false,"body":{"entries":[]}})");
    answer_with(R"({"created":[],"errors":[{"index":0}]})");
    EXPECT_EQ(send("POST", "/api/v1/ignore_lists/bulk_create", R"({"entries":[]})").status, 200);
    answer_with(R"({"deleted_count":2})");
    for (const auto* method : {"DELETE", "POST"}) {
        const auto& answer = send(method, "/api/v1/ignore_lists/bulk_delete", R"({"ids":[1,2]})");
        EXPECT_EQ(answer.status, 200);
        EXPECT_EQ(answer.body, R"({"deleted_count":2})");
    }
}

}  // namespace
}  // namespace streamwall::rest_api::testing
