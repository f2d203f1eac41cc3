#include "dead_letters_api.hpp"

#include "testing/api_fixture.hpp"
#include "testing/orders.hpp"

#include <gmock/gmock.h>

namespace streamwall::rest_api::testing {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kAll = "/api/v1/dead_letters";
constexpr std::string_view kOne = "/api/v1/dead_letters/{id}";
constexpr std::string_view kRetry = "/api/v1/dead_letters/{id}/retry";
constexpr std::string_view kLetter =
    R"({"id":17,"name":"catalog@main/discovered","event":{"id":"evt-1","type":"a.done"},)"
    R"("error":{"code":3,"message":"no"},"attempts":5,)"
    R"("created_at":"2026-01-31T12:34:56.789Z","node":"main"})";
constexpr std::string_view kShown =
    R"({"id":"main:17","node":"main","subscription":"catalog@main/discovered",)"
    R"("event":{"id":"evt-1","type":"a.done"},"error":{"code":3,"message":"no"},"attempts":5,)"
    R"("created_at":"2026-01-31T12:34:56.789Z"})";

class DeadLettersApi : public ::testing::Test {
  protected:
    DeadLettersApi() {
        answer_with("{}");
        EXPECT_TRUE(deeds.open(services));
        add_dead_letter_routes(routes, client, deeds);
        EXPECT_TRUE(listener.watch([](const Error& error) { ADD_FAILURE() << error.message; }));
        fake.bring_listener();
    }
    void answer_with(std::string_view text) { fake.serve(orders.answering(Buffer(text))); }
    void fail_with(const Error& error) { fake.serve(orders.answering(error)); }

    Orders orders;
    FakeHost fake;
    Host host{fake.api()};
    Services services{host};
    NodesClient client = NodesClient::resolve(services).value();
    Deeds deeds{host};
    http::Listener listener{host};
    Routes routes{host, listener};
};

TEST_F(DeadLettersApi, AreForAdminsOnly) {
    for (const auto& route : fake.mounted()) {
        EXPECT_EQ(route.access, SW_HTTP_ADMIN) << route.path;
        EXPECT_FALSE(route.openapi.empty()) << route.path;
    }
}

TEST_F(DeadLettersApi, AreListedPageByPageWithTheNodesThatWereNotAsked) {
    answer_with(R"({"dead_letters":[)" + std::string(kLetter) +
                R"(],"count":51,"unreachable":["ingest"]})");
    const auto& answer = fake.request("GET", kAll, {}, "page=3&per_page=25");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(fake.last_call(), R"(dead_letters {"offset":50,"limit":25})");
    EXPECT_EQ(answer.body, R"({"dead_letters":[)" + std::string(kShown) +
                               R"(],"meta":{"current_page":3,"per_page":25,"total_pages":3,)"
                               R"("total_count":51},"unreachable":["ingest"]})");
    EXPECT_EQ(fake.request("GET", kAll, {}, "page=0").status, 400);
    EXPECT_EQ(fake.request("GET", kAll, {}, "node=main").status, 400);
}

TEST_F(DeadLettersApi, AreReadTriedAgainAndDroppedByNodeAndNumber) {
    answer_with(std::string(kLetter));
    EXPECT_EQ(fake.request("GET", kOne, {"main:17"}).body, kShown);
    EXPECT_EQ(fake.last_call(), R"(dead_letter {"node":"main","id":17})");
    EXPECT_EQ(fake.request("POST", kRetry, {"main:17"}).status, 204);
    EXPECT_EQ(orders.given.back(), R"(dead_letter_retry {"node":"main","id":17})");
    EXPECT_EQ(orders.noted.back(), R"({"action":"dead_letter.retried","resource_id":"main:17",)"
                                   R"("outcome":"done"})");
    EXPECT_EQ(fake.request("DELETE", kOne, {"main:17"}).status, 204);
    EXPECT_EQ(orders.given.back(), R"(dead_letter_drop {"node":"main","id":17})");
    EXPECT_EQ(orders.noted.back(), R"({"action":"dead_letter.dropped","resource_id":"main:17",)"
                                   R"("outcome":"done"})");
    EXPECT_EQ(orders.noted.size(), 2U) << "reading one leaves nothing";
}

TEST_F(DeadLettersApi, AreNotFoundByAnIdThatCanBeNone) {
    for (const auto* id : {"17", ":17", "main:", "main:0", "main:-1", "main:017", "main:x",
                           "main:1e3", "main:99999999999999999999", ""}) {
        EXPECT_EQ(fake.request("GET", kOne, {id}).status, 404) << id;
        EXPECT_EQ(fake.request("POST", kRetry, {id}).status, 404) << id;
        EXPECT_EQ(fake.request("DELETE", kOne, {id}).status, 404) << id;
    }
    EXPECT_EQ(fake.last_call(), "");
    EXPECT_EQ(fake.request("GET", kOne, {"main:1"}, "page=1").status, 400);
}

TEST_F(DeadLettersApi, SayThatTheSubscriptionFailedAgain) {
    auto failed = Error::internal("the subscription failed again; the dead letter is kept");
    failed.code = SW_ABORTED;
    failed.details = R"({"code":"order_failed"})";
    fail_with(failed);
    const auto& answer = fake.request("POST", kRetry, {"main:17"});
    EXPECT_EQ(answer.status, 409);
    EXPECT_THAT(answer.body, HasSubstr(R"("code":"retry_failed")"));
    EXPECT_THAT(answer.body, HasSubstr("failed again"));
    fail_with(Error::not_found("there is no dead letter 17"));
    EXPECT_EQ(fake.request("POST", kRetry, {"main:17"}).status, 404);
    fail_with(Error::unavailable("gone"));
    EXPECT_EQ(fake.request("GET", kAll).status, 503);
}

}  // namespace
}  // namespace streamwall::rest_api::testing
