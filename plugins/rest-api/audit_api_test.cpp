#include "audit_api.hpp"

#include "testing/api_fixture.hpp"

namespace streamwall::rest_api::testing {
namespace {

class AuditApi : public ::testing::Test {
  protected:
    AuditApi() {
        fake.serve([](std::string_view, std::string_view) {
            return Result<Buffer>(Buffer(R"({"records":[{"id":2}],"count":30})"));
        });
        add_audit_routes(routes, client);
        EXPECT_TRUE(listener.watch([](const Error& error) { ADD_FAILURE() << error.message; }));
        fake.bring_listener();
    }
    const Answer& get(std::string_view query) {
        return fake.request("GET", "/api/v1/audit", {}, query);
    }

    FakeHost fake;
    Host host{fake.api()};
    Services services{host};
    AuditClient client = AuditClient::resolve(services).value();
    http::Listener listener{host};
    Routes routes{host, listener};
};

TEST_F(AuditApi, IsReadByAdministratorsAndChangedByNobody) {
    ASSERT_EQ(fake.mounted().size(), 1U);
    EXPECT_EQ(fake.mounted()[0].method, "GET");
    EXPECT_EQ(fake.mounted()[0].access, SW_HTTP_ADMIN);
    EXPECT_TRUE(fake.mounted()[0].scope.empty());
}

TEST_F(AuditApi, PagesAndFilters) {
    const auto& page = get("page=2&per_page=20");
    EXPECT_EQ(page.status, 200);
    EXPECT_EQ(page.body, R"({"audit":[{"id":2}],"meta":{"current_page":2,"per_page":20,)"
                         R"("total_pages":2,"total_count":30}})");
    EXPECT_EQ(page.headers.at("cache-control"), "no-store");
    EXPECT_EQ(fake.last_call(), R"(list {"limit":20,"offset":20})");
    EXPECT_EQ(get("actor=ada%20l&resource=stream&per_page=5&resource_id=17"
                  "&since=2026-01-31T12:00:00Z")
                  .status,
              200);
    EXPECT_EQ(fake.last_call(), R"(list {"actor":"ada l","resource":"stream","resource_id":"17",)"
                                R"("since":"2026-01-31T12:00:00Z","limit":5,"offset":0})");
}

TEST_F(AuditApi, RefusesQueriesThatAreNone) {
    const auto longest = "actor=" + std::string(256, 'a');
    for (const auto& query :
         {std::string("page=0"), std::string("page=x"), std::string("per_page=-1"),
          std::string("colour=red"), std::string("actor="), std::string("since=yesterday"),
          std::string("since="), std::string("actor=a&actor=b"), std::string("actor=%zz"),
          std::string("actor=%00"), longest}) {
        const auto& answer = get(query);
        EXPECT_EQ(answer.status, 400) << query;
        EXPECT_EQ(answer.headers.at("content-type"), "application/problem+json");
    }
}

TEST_F(AuditApi, SaysThatTheAuditIsAway) {
    fake.serve([](std::string_view, std::string_view) {
        return Result<Buffer>(Error::unavailable("nobody keeps an audit"));
    });
    EXPECT_EQ(get("").status, 503);
}

}  // namespace
}  // namespace streamwall::rest_api::testing
