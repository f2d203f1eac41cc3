// Clients that are gone without a word, and those that are only slow.
#include "ws_test_support.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>

namespace streamwall::http_server::testing {
namespace {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

constexpr auto kSilence = 1'500ms;
constexpr auto kLoaded = 1'500ms;  // that a busy machine may take longer

Options patient_options() {
    auto options = TestServer::quick_options();
    options.close_timeout = 60s;
    return options;
}

class AWatchedClient : public WebSocket {
  protected:
    AWatchedClient() : WebSocket(patient_options()) {
        server.mount({.path = "/watched",
                      .on_open =
                          [this](auto* connection, const auto&, std::string_view) {
                              server.table().topic_join(topic, connection);
                              server.table().ws_watch(connection, kSilence.count());
                          },
                      .on_message =
                          [this](auto* connection, std::string_view text, bool) {
                              if (text == "unwatch") server.table().ws_watch(connection, 0);
                              if (text == "close") server.table().ws_close(connection, 1000, {});
                              const Body body(text);
                              server.table().ws_send(connection, body.get());
                          },
                      .on_close =
                          [this](auto*, int code) {
                              const std::lock_guard lock(mutex);
                              closed.push_back(code);
                          }});
    }
    double cut() {
        return server.fake().metric("streamwall_http_server_websocket_cut_total reason=silent");
    }
    // How long until its connection has been closed.
    std::chrono::milliseconds time_to_close(const std::function<void()>& meanwhile = {}) {
        const auto began = SteadyClock::now();
        EXPECT_TRUE(eventually([&] {
            if (meanwhile) meanwhile();
            return closed_count() == 1;
        }));
        return std::chrono::duration_cast<std::chrono::milliseconds>(SteadyClock::now() - began);
    }
    // Answers so many pings in its way; false where something else came.
    static bool answer_pings(Client& client, int count, const std::function<void()>& answer) {
        for (; count > 0; --count) {
            const auto message = client.message();
            if (!message || message->first_byte != kPing) return false;
            answer();
        }
        return true;
    }
};

TEST_F(AWatchedClient, ThatSaysNothingIsAskedAndThenGoneWithinTheTime) {
    Client client(server.port());
    client.upgrade("/watched");
    const auto took = time_to_close();
    EXPECT_GT(took, kSilence / 2);
    EXPECT_LT(took, kSilence + kLoaded);
    EXPECT_EQ(client.message()->first_byte, kPing);
    const auto last = client.message();
    ASSERT_TRUE(last) << "the reason is there for whoever wakes up late";
    EXPECT_EQ(last->close_code(), 1008);
    EXPECT_EQ(last->payload.substr(2), "client is gone: no ping was answered");
    EXPECT_TRUE(eventually([&] { return cut() == 1; }));
}

TEST_F(AWatchedClient, IsGoneWithinTheTimeAlsoWhileMuchIsSentToIt) {
    Client client(server.port());
    client.upgrade("/watched");
    const auto took = time_to_close([&] { publish(server, topic, std::string(2'000, 'x')); });
    EXPECT_LT(took, kSilence + kLoaded) << "that the kernel takes it is no life";
}

TEST_F(AWatchedClient, IsGoneWithinTheTimeAlsoWhereNothingCanBeSentAnyMore) {
    Client client(server.port(), 4096);
    client.upgrade("/watched");
    for (int i = 0; i < 60; ++i)
        publish(server, topic, std::string(16 * 1024, 'x'));
    EXPECT_LT(time_to_close(), kSilence + kLoaded);
}

TEST_F(AWatchedClient, IsGoneWithinTheTimeAlsoWhileItsCloseIsAwaited) {
    Client client(server.port());
    client.upgrade("/watched");
    client.frame(kText, "close");
    EXPECT_LT(time_to_close(), kSilence + kLoaded);
}

TEST_F(AWatchedClient, ThatAnswersStays) {
    Client client(server.port());
    client.upgrade("/watched");
    EXPECT_TRUE(answer_pings(client, 6, [&] { client.frame(kPong, {}); }));
    EXPECT_EQ(closed_count(), 0U);
    EXPECT_EQ(cut(), 0);
}

TEST_F(AWatchedClient, ThatSaysAnythingAtAllStaysAndIsNotAsked) {
    Client client(server.port());
    client.upgrade("/watched");
    const auto until = SteadyClock::now() + 2 * kSilence;
    for (int said = 0; SteadyClock::now() < until; ++said) {
        client.frame(kText, std::to_string(said));
        const auto message = client.message();
        ASSERT_TRUE(message);
        ASSERT_EQ(message->payload, std::to_string(said));
    }
    EXPECT_EQ(closed_count(), 0U);
}

TEST_F(AWatchedClient, ThatTakesALittleOfWhatWaitsForItStaysUntilItTakesNothing) {
    Client slow(server.port(), 4096);
    slow.upgrade("/watched");
    for (int i = 0; i < 64; ++i)
        publish(server, topic, std::string(16 * 1024, 'x'));
    const auto until = SteadyClock::now() + 2 * kSilence;
    int taken = 0;
    for (; SteadyClock::now() < until; ++taken) {
        ASSERT_LT(taken, 60) << "there was too little to take";
        ASSERT_TRUE(slow.message());
        ASSERT_FALSE(eventually([&] { return closed_count() > 0; }, 100ms));
    }
    EXPECT_LT(time_to_close(), kSilence + kLoaded);
}

TEST_F(AWatchedClient, IsLeftAloneOnceNobodyWantsToKnow) {
    Client other(server.port());
    other.upgrade("/ws");
    Client client(server.port());
    client.upgrade("/watched");
    client.frame(kText, "unwatch");
    ASSERT_EQ(client.message()->payload, "unwatch");
    Client watched(server.port());
    watched.upgrade("/watched");
    EXPECT_LT(time_to_close(), kSilence + kLoaded);
    for (auto* each : {&other, &client}) {
        each->frame(kText, "still here");
        EXPECT_EQ(each->message()->payload, "still here") << "and no ping before";
    }
}

}  // namespace
}  // namespace streamwall::http_server::testing
