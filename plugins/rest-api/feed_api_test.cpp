#include "feed_api.hpp"

#include "feed.hpp"
#include "testing/fake_host.hpp"

#include <gtest/gtest.h>

namespace streamwall::rest_api::testing {
namespace {

std::string entry_of(std::string_view stream) {
    FeedJson feed;
    feed.add(feed_entry(json::parse_object(stream).value()));
    return feed.take();
}

TEST(Feed, SaysOnlyWhatIsKnownInTheAppsWords) {
    EXPECT_EQ(entry_of(R"({"id":1,"url":"https://twitch.tv/x","kind":"video","status":"live",
            "title":"Downtown","streamer_name":"x","city":"Seattle","state":"WA",
            "orientation":"vertical","notes":"n","created_at":"2026-01-01T00:00:00.000Z"})"),
              R"([{"link":"https://twitch.tv/x","kind":"video","source":"x","label":"Downtown",)"
              R"("city":"Seattle","state":"WA","status":"Live","orientation":"V","notes":"n",)"
              R"("addedDate":"2026-01-01T00:00:00.000Z"}])");
    EXPECT_EQ(entry_of(R"({"url":"https://a.example:8080/b","kind":"web","status":"checking",
                           "title":null,"city":"","orientation":null})"),
              R"([{"link":"https://a.example:8080/b","kind":"web","source":"a.example:8080",)"
              R"("status":"Unknown"}])");
    EXPECT_EQ(entry_of(R"({"url":"https://a.example/","title":"T","status":"offline"})"),
              R"([{"link":"https://a.example/","source":"T","status":"Offline"}])");
    EXPECT_EQ(FeedJson().take(), "[]");
}

TEST(Feed, EscapesWhatTomlDoesNotTake) {
    FeedToml feed;
    feed.add({{"link", "https://a.example/"}, {"notes", "a \"b\" \\ c\n\x7F"}});
    feed.add({{"link", "https://b.example/"}});
    EXPECT_EQ(feed.take(),
              "[[streams]]\nlink = \"https://a.example/\"\n"
              "notes = \"a \\\"b\\\" \\\\ c\\u000A\\u007F\"\n\n"
              "[[streams]]\nlink = \"https://b.example/\"\n");
}

class FeedApi : public ::testing::Test {
  protected:
    FeedApi() {
        fake.serve([this](std::string_view, std::string_view request) -> Result<Buffer> {
            if (is_down) return Error::unavailable("away");
            const bool is_second = request.find("\"cursor\":\"c\"") != request.npos;
            return Buffer(is_second ? R"({"records":[{"url":"https://b.example/"}],)"
                                      R"("next_cursor":null})"
                                    : R"({"records":[{"url":"https://a.example/"}],)"
                                      R"("next_cursor":"c"})");
        });
        add_feed_routes(routes, client, true);
        EXPECT_TRUE(listener.watch([](const Error& error) { ADD_FAILURE() << error.message; }));
        fake.bring_listener();
    }
    bool is_down = false;
    FakeHost fake;
    Host host{fake.api()};
    Services services{host};
    contracts::streams::Client client = contracts::streams::Client::resolve(services).value();
    http::Listener listener{host};
    Routes routes{host, listener};
};

TEST_F(FeedApi, IsReadToItsEndInTheOrderOfIds) {
    const auto& answer = fake.request("GET", "/feed/streams.json", {}, "status=live");
    EXPECT_EQ(answer.status, 401) << "nobody in particular, from nowhere in particular";
    EXPECT_EQ(answer.body, "[]");
    fake.peer = "127.0.0.1";
    const auto& whole = fake.request("GET", "/feed/streams.json", {}, "status=live");
    EXPECT_EQ(whole.status, 200);
    EXPECT_EQ(whole.body, R"([{"link":"https://a.example/","source":"a.example",)"
                          R"("status":"Unknown"},{"link":"https://b.example/",)"
                          R"("source":"b.example","status":"Unknown"}])");
    EXPECT_NE(fake.last_call().find(R"("sort":"created_at","descending":false)"),
              std::string::npos);
    EXPECT_TRUE(fake.request("GET", "/feed/streams.toml").body.starts_with("[[streams]]\n"));
    EXPECT_EQ(fake.request("GET", "/streamwall/streams.json").headers.at("link"),
              R"(</feed/streams.json>; rel="successor-version")");
}

TEST_F(FeedApi, IsAnArrayEvenWhereItFails) {
    fake.peer = "127.0.0.1";
    const auto& bad = fake.request("GET", "/feed/streams.json", {}, "status=purple");
    EXPECT_EQ(bad.status, 400);
    EXPECT_EQ(bad.body, "[]");
    is_down = true;
    const auto& down = fake.request("GET", "/feed/streams.json");
    EXPECT_EQ(down.status, 503);
    EXPECT_EQ(down.body, "[]");
    EXPECT_EQ(fake.request("GET", "/feed/streams.toml").body, "");
}

}  // namespace
}  // namespace streamwall::rest_api::testing
