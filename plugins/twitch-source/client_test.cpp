// The client against a scripted server on a real socket.
#include "client.hpp"
#include "client_fixture.hpp"
#include "test_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace streamwall::twitch {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Health = ClientObserver::Health;

class AClient : public testing::Test {
  protected:
    void TearDown() override {
        client.reset();
        if (server) EXPECT_THAT(server->faults(), IsEmpty());
    }
    void serve(TestServer::Script script) {
        server = std::make_unique<TestServer>(std::move(script));
    }
    void run(std::vector<std::string> channels = {"#one"}) {
        auto options = quick_options({"127.0.0.1", server->port(), false}, std::move(channels));
        client = std::make_unique<RunningClient>(std::move(options));
    }
    std::unique_ptr<TestServer> server;
    std::unique_ptr<RunningClient> client;
};

TEST_F(AClient, IsDegradedUntilItIsInAllChannels) {
    serve([](int, const std::string& line, const TestServer::Say& say) {
        if (!line.starts_with("JOIN #two")) behave_like_twitch(0, line, say);
    });
    run({"#one", "#two"});
    EXPECT_TRUE(client->wait_for_health(Health::kDegraded, "not in #two"));
    server->say_all(":me!me@me JOIN #two\r\n");
    EXPECT_TRUE(client->wait_for_health(Health::kOk, ""));
}

TEST_F(AClient, PassesOnPostsHoweverTheyArrive) {
    serve(behave_like_twitch);
    run();
    ASSERT_TRUE(client->wait_for_health(Health::kOk, ""));
    for (const char c : std::string_view(":ann!a@b PRIVMSG #one :first\r\n:ann!a@b PRIV"))
        server->say_all(std::string(1, c));
    server->say_all("MSG #one :second\r\n:x!a@b PRIVMSG #one :" + std::string(100'000, 'x') +
                    "\r\n:ann!a@b PRIVMSG #one :third\r\n");
    EXPECT_TRUE(client->wait_for_posts({"first", "second", "third"}));
}

TEST_F(AClient, ComesBackAndRejoinsAfterEveryLoss) {
    serve(behave_like_twitch);
    run({"#one", "#two"});
    for (int round = 1; round <= 3; ++round) {
        ASSERT_TRUE(server->wait_for_line("JOIN #one", round));
        ASSERT_TRUE(server->wait_for_line("JOIN #two", round));
        ASSERT_TRUE(client->wait_for_health(Health::kOk, ""));
        if (round == 1)
            server->drop_all();
        else
            server->say_all(":tmi.twitch.tv RECONNECT\r\n");
        ASSERT_TRUE(client->wait_for_health(Health::kDegraded, "not connected"));
    }
    EXPECT_TRUE(client->wait_for_health(Health::kOk, ""));
}

TEST_F(AClient, LeavesAServerThatFallsSilent) {
    serve([](int connection, const std::string& line, const TestServer::Say& say) {
        if (connection == 1 && line.starts_with("PING")) return;
        behave_like_twitch(connection, line, say);
    });
    run();
    ASSERT_TRUE(client->wait_for_health(Health::kDegraded, "did not answer a PING"));
    EXPECT_TRUE(client->wait_for_health(Health::kOk, ""));
    EXPECT_GE(server->accepted(), 2);
}

TEST_F(AClient, LeavesAServerThatNeverAnswersTheLogin) {
    serve([](int connection, const std::string& line, const TestServer::Say& say) {
        if (connection > 1) behave_like_twitch(connection, line, say);
    });
    run();
    ASSERT_TRUE(client->wait_for_health(Health::kDegraded, "did not answer the log-in"));
    EXPECT_TRUE(client->wait_for_health(Health::kOk, ""));
}

TEST_F(AClient, StopsTryingWhereTheLoginIsRefused) {
    serve([](int, const std::string& line, const TestServer::Say& say) {
        if (line.starts_with("USER"))
            say(":tmi.twitch.tv NOTICE * :Login authentication failed\r\n");
    });
    run();
    ASSERT_TRUE(client->wait_for_health(Health::kDown, "Login authentication failed"));
    EXPECT_TRUE(client->gave_up());
    EXPECT_EQ(server->accepted(), 1);
}

TEST_F(AClient, KeepsTryingWhereNobodyListens) {
    serve(behave_like_twitch);
    const auto port = server->port();
    server.reset();
    client = std::make_unique<RunningClient>(quick_options({"127.0.0.1", port, false}, {"#one"}));
    EXPECT_TRUE(client->wait_for_losses(5));
    EXPECT_TRUE(client->wait_for_health(Health::kDegraded, "cannot connect"));
}

TEST_F(AClient, SaysWhichNameItCannotLookUp) {
    client = std::make_unique<RunningClient>(
        quick_options({"no-such-host.invalid", 6667, false}, {"#one"}));
    EXPECT_TRUE(client->wait_for_health(Health::kDegraded, "no-such-host.invalid"));
}

TEST_F(AClient, CanBeStoppedAtAnyMoment) {
    serve(behave_like_twitch);
    for (int i = 0; i < 20; ++i) {
        run();
        if (i % 3 == 1) ASSERT_TRUE(server->wait_for_line("NICK"));
        if (i % 3 == 2) ASSERT_TRUE(client->wait_for_health(Health::kOk, ""));
        client.reset();
    }
}

}  // namespace
}  // namespace streamwall::twitch
