#include "events_api.hpp"

#include "testing/fake_host.hpp"

#include <gtest/gtest.h>

namespace streamwall::rest_api::testing {
namespace {

constexpr std::string_view kPath = "/api/v1/events";
constexpr std::string_view kReply =
    R"({"epoch":"e1","first":1,"last":9,"through":7,"events":[)"
    R"({"id":"a","type":"stream.created"},{"id":"b","type":"user.registered"}]})";

class EventsApiTest : public ::testing::Test {
  protected:
    EventsApiTest() {
        answer_with(Buffer(kReply));
        EXPECT_TRUE(events.add(routes, services));
        EXPECT_TRUE(listener.watch([](const Error& error) { ADD_FAILURE() << error.message; }));
        fake.bring_listener();
    }
    void answer_with(Result<Buffer> reply) {
        fake.serve([reply](std::string_view, std::string_view) { return reply; });
    }
    FakeHost fake;
    Host host{fake.api()};
    Services services{host};
    http::Listener listener{host};
    Routes routes{host, listener};
    EventsApi events;
};

TEST_F(EventsApiTest, PagesThroughTheJournalWithoutWhatTellsOfUsers) {
    const auto& answer =
        fake.request("GET", kPath, {}, "after=e1%3A5&types=stream.*,user.%3E&limit=2");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, R"({"events":[{"id":"a","type":"stream.created"}],)"
                           R"("meta":{"epoch":"e1","first":1,"last":9,"next":"e1:7"}})");
    EXPECT_EQ(fake.last_call(), R"(events {"after":5,"limit":2,"types":["stream.*","user.>"]})");
    fake.request("GET", kPath);
    EXPECT_EQ(fake.last_call(), R"(events {"after":0,"limit":100})");
}

TEST_F(EventsApiTest, SaysWhereTheJournalIsAnotherOrShorter) {
    const auto& other = fake.request("GET", kPath, {}, "after=e0:5");
    EXPECT_EQ(other.status, 410);
    answer_with(Error{SW_OUT_OF_RANGE, "behind", {}, R"({"first":3,"last":9})"});
    EXPECT_EQ(fake.request("GET", kPath, {}, "after=e1:1").status, 410);
    answer_with(Error::unavailable("away"));
    EXPECT_EQ(fake.request("GET", kPath).status, 503);
}

TEST_F(EventsApiTest, RefusesWhatItDoesNotKnow) {
    for (const auto* query :
         {"after=5", "after=", "after=:5", "after=e1:", "after=e1:-1", "after=e1:x", "limit=0",
          "limit=1001", "limit=x", "types=", "types=stream.*,", "types=Stream", "types=a%20b",
          "colour=red", "%zz"}) {
        EXPECT_EQ(fake.request("GET", kPath, {}, query).status, 400) << query;
    }
    EXPECT_EQ(fake.last_call(), "");
}

}  // namespace
}  // namespace streamwall::rest_api::testing
