#include "collaboration_api.hpp"

#include "testing/fake_host.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace streamwall::rest_api::testing {
namespace {

using ::testing::HasSubstr;

class CollaborationRoutes : public ::testing::Test {
  protected:
    CollaborationRoutes() {
        answer_with("{}");
        EXPECT_TRUE(collaboration.add(routes, services));
        EXPECT_TRUE(listener.watch([](const Error& error) { ADD_FAILURE() << error.message; }));
        fake.bring_listener();
    }
    void answer_with(std::string_view text) {
        fake.serve([text = std::string(text)](std::string_view, std::string_view) {
            return Result<Buffer>(Buffer(text));
        });
    }
    void fail_with(Error error) {
        fake.serve([error](std::string_view, std::string_view) { return Result<Buffer>(error); });
    }
    const Answer& post(std::string_view path, std::string_view body, std::string_view query = {},
                       FakeHost::Headers more = {{"content-type", "application/json"}}) {
        more.emplace_back("host", "wall.example.org");
        return fake.request("POST", std::string("/api/v1/collaboration/").append(path), {}, query,
                            body, more);
    }

    FakeHost fake;
    Host host{fake.api()};
    Services services{host};
    http::Listener listener{host};
    Routes routes{host, listener};
    CollaborationApi collaboration;
};

TEST_F(CollaborationRoutes, AreForEditorsAndKeysThatWrite) {
    EXPECT_EQ(fake.mounted().size(), 4U);
    for (const auto& route : fake.mounted()) {
        EXPECT_EQ(route.access, SW_HTTP_EDITOR) << route.path;
        EXPECT_EQ(route.scope, "streams:write") << route.path;
    }
}

TEST_F(CollaborationRoutes, SayWhereASessionIsJoined) {
    answer_with(R"({"id":"abc","resource":"stream","resource_id":"5","title":""})");
    const auto& made = post("sessions", R"({"resource":"stream","resource_id":5})", "strict=1");
    EXPECT_EQ(made.status, 201);
    EXPECT_EQ(fake.last_call(),
              R"(create {"strict":true,"body":{"resource":"stream","resource_id":5}})");
    EXPECT_EQ(made.body, R"({"id":"abc","resource":"stream","resource_id":"5","title":"",)"
                         R"("websocket_url":"ws://wall.example.org/cable","identifier":)"
                         R"("{\"channel\":\"CollaborationChannel\",\"session\":\"abc\"}"})");
    const auto& claimed =
        post("sessions", "{}", "",
             {{"content-type", "application/json"}, {"x-forwarded-proto", "https"}});
    EXPECT_THAT(claimed.body, HasSubstr(R"("ws://wall.example.org/cable")"))
        << "anybody can send that header; whom to believe is the listener's business";
    fake.is_secure = true;
    EXPECT_THAT(post("sessions", "{}").body, HasSubstr(R"("wss://wall.example.org/cable")"));
}

TEST_F(CollaborationRoutes, LockAndUnlockCells) {
    answer_with(R"({"cell_id":"stream_5_title"})");
    const auto& locked = post("lock", R"({"cell_id":"stream_5_title"})");
    EXPECT_EQ(locked.status, 200);
    EXPECT_EQ(locked.body, R"({"cell_id":"stream_5_title"})");
    EXPECT_EQ(fake.last_call(), R"(lock {"strict":false,"body":{"cell_id":"stream_5_title"}})");
    EXPECT_EQ(post("unlock", R"({"cell_id":"stream_5_title"})").status, 204);
}

TEST_F(CollaborationRoutes, TellEverybodyAndHowManyTheyWere) {
    answer_with(R"({"connections":3})");
    constexpr auto kBody = R"({"resource":"stream","message":{"text":"soon"},"except":"user:5"})";
    const auto& told = post("announce", kBody);
    EXPECT_EQ(told.status, 200);
    EXPECT_EQ(told.body, R"({"connections":3})");
    EXPECT_EQ(fake.last_call(), R"(announce {"strict":false,"body":)" + std::string(kBody) + "}");
    fail_with({SW_PERMISSION_DENIED, "Owners alone may announce something.", {}, {}});
    EXPECT_EQ(post("announce", kBody).status, 403);
}

TEST_F(CollaborationRoutes, NameTheHolderOfWhatIsLocked) {
    fail_with({SW_ABORTED,
               "Somebody else edits this.",
               {},
               R"({"code":"locked","holder":{"user_id":7,"user_name":"ada"}})"});
    for (const auto* path : {"lock", "unlock"}) {
        const auto& refused = post(path, R"({"cell_id":"stream_5_title"})");
        EXPECT_EQ(refused.status, 409);
        EXPECT_THAT(refused.body, HasSubstr(R"("code":"locked")"));
        EXPECT_THAT(refused.body, HasSubstr(R"("holder":{"user_id":7,"user_name":"ada"})"));
    }
}

TEST_F(CollaborationRoutes, RefuseWhatIsNoRequest) {
    for (const auto* path : {"sessions", "lock", "unlock", "announce"}) {
        EXPECT_EQ(post(path, "[]").status, 400) << path;
        EXPECT_EQ(post(path, "").status, 400) << path;
        EXPECT_EQ(post(path, "{}", "page=1").status, 400) << path;
        EXPECT_EQ(post(path, "{}", "", {{"content-type", "text/plain"}}).status, 415) << path;
    }
    EXPECT_EQ(fake.last_call(), "");
    auto wrong = Error::invalid("The cell is none.", "field");
    wrong.details = R"({"errors":[{"field":"field","code":"invalid","message":"no"}]})";
    fail_with(wrong);
    EXPECT_EQ(post("lock", "{}").status, 422);
    fail_with(Error::unavailable("gone"));
    EXPECT_EQ(post("lock", "{}").status, 503);
}

}  // namespace
}  // namespace streamwall::rest_api::testing
