#include "messages_api.hpp"

#include "testing/fake_host.hpp"

#include <gtest/gtest.h>

namespace streamwall::rest_api::testing {
namespace {

class MessagesRoutes : public ::testing::Test {
  protected:
    static constexpr std::string_view kPath = "/api/v1/messages";

    MessagesRoutes() {
        fake.serve([](std::string_view, std::string_view) {
            return Result<Buffer>(Buffer(R"({"results":[]})"));
        });
        EXPECT_TRUE(messages.add(routes, services));
        EXPECT_TRUE(listener.watch([](const Error& error) { ADD_FAILURE() << error.message; }));
        fake.bring_listener();
    }
    const Answer& post(std::string_view body, std::string_view query = {},
                       std::string_view type = "application/json") {
        return fake.request("POST", kPath, {}, query, body, {{"content-type", std::string(type)}});
    }

    FakeHost fake;
    Host host{fake.api()};
    Services services{host};
    http::Listener listener{host};
    Routes routes{host, listener};
    MessagesApi messages;
};

TEST_F(MessagesRoutes, TakeALineAsItIs) {
    const auto& answer = post(R"({"text":"kick.com/a"})", "strict=1");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, R"({"results":[]})");
    EXPECT_EQ(fake.last_call(), R"(post {"strict":true,"body":{"text":"kick.com/a"}})");
}

TEST_F(MessagesRoutes, NeedAnEditorOrTheScopeToWriteStreams) {
    const auto& route = fake.mounted().front();
    EXPECT_EQ(route.access, SW_HTTP_EDITOR);
    EXPECT_EQ(route.scope, "streams:write");
}

TEST_F(MessagesRoutes, RefuseWhatIsNoLine) {
    EXPECT_EQ(post("[]").status, 400);
    EXPECT_EQ(post("").status, 400);
    EXPECT_EQ(post("{}", "", "text/plain").status, 415);
    EXPECT_EQ(post("{}", "page=1").status, 400);
    EXPECT_EQ(fake.last_call(), "");
    fake.serve([](std::string_view, std::string_view) {
        auto error = Error::invalid("text must be given", "text");
        error.details = R"({"errors":[{"field":"text","code":"required","message":"no"}]})";
        return Result<Buffer>(error);
    });
    EXPECT_EQ(post("{}").status, 422);
    fake.serve([](std::string_view, std::string_view) {
        return Result<Buffer>(Error::unavailable("gone"));
    });
    EXPECT_EQ(post("{}").status, 503);
}

}  // namespace
}  // namespace streamwall::rest_api::testing
