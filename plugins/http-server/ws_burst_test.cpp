// Many messages at once, many readers at once, and readers that do not read.
#include "ws_test_support.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace streamwall::http_server::testing {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kFrames = "streamwall_http_server_websocket_frames_total";
constexpr std::string_view kWrites = "streamwall_http_server_websocket_writes_total";
constexpr std::string_view kDelayed = "streamwall_http_server_websocket_delayed_total";

double count(TestServer& server, std::string_view name) {
    return server.fake().metric(std::string(name));
}
double cut(TestServer& server, std::string_view reason) {
    return count(server,
                 "streamwall_http_server_websocket_cut_total reason=" + std::string(reason));
}

class Burst : public WebSocket {
  protected:
    explicit Burst(Options options = TestServer::quick_options()) : WebSocket(std::move(options)) {}
    void connect(int count) {
        for (int i = 0; i < count; ++i) {
            clients.push_back(std::make_unique<Client>(server.port()));
            clients.back()->upgrade("/ws");
        }
    }
    std::vector<std::unique_ptr<Client>> clients;
};

TEST_F(Burst, writes_what_comes_at_once_together) {
    constexpr int kClients = 300, kMessages = 60;
    connect(kClients);
    for (int i = 0; i < kMessages; ++i)
        publish(server, topic, std::to_string(i));
    for (auto& client : clients) {
        for (int i = 0; i < kMessages; ++i)
            ASSERT_EQ(client->message()->payload, std::to_string(i));
    }
    ASSERT_TRUE(eventually([&] { return count(server, kFrames) >= kClients * kMessages; }));
    EXPECT_LT(count(server, kWrites), kClients * kMessages / 4);
}

TEST_F(Burst, delays_nobody_who_publishes_one_after_the_other) {
    constexpr int kClients = 300;
    connect(kClients);
    for (int i = 0; i < 20; ++i) {
        publish(server, topic, std::to_string(i));
        for (auto& client : clients)
            ASSERT_EQ(client->message()->payload, std::to_string(i));
    }
    EXPECT_EQ(count(server, kDelayed), 0);
}

Options stalling_options() {
    auto options = TestServer::quick_options();
    options.websocket_stall = 300ms;
    return options;
}

class Stall : public Burst {
  protected:
    Stall() : Burst(stalling_options()) {}
};

// The reason of the close frame that comes after however many messages.
std::string reason_after_messages(Client& client) {
    std::optional<Client::Message> last;
    while ((last = client.message()) && last->first_byte != kClose) {
    }
    return last && last->close_code() == 1008 ? last->payload.substr(2) : "no close frame";
}

TEST_F(Stall,
       tells_a_reader_that_took_nothing_for_too_long_why_it_was_cut_even_when_it_wakes_late) {
    Client slow(server.port(), 4096);
    slow.upgrade("/ws");
    // Replaceable, so that there is never too much.
    for (int i = 0; i < 1000; ++i)
        publish(server, topic, std::string(16 * 1024, 'x'), "record/1");
    ASSERT_TRUE(eventually([&] { return server.server().connections() == 0; }));
    EXPECT_EQ(closed_codes(), std::vector<int>{1008});
    EXPECT_EQ(reason_after_messages(slow), "slow reader: nothing was taken for too long");
    EXPECT_TRUE(eventually([&] { return cut(server, "stalled") == 1; }));
    EXPECT_GT(count(server, "streamwall_http_server_websocket_merged_total"), 0);
    EXPECT_TRUE(eventually(
        [&] { return count(server, "streamwall_http_server_websocket_queued_bytes") == 0; }));
}

TEST_F(Stall, spares_a_reader_that_takes_a_little_now_and_then) {
    Client slow(server.port(), 4096);
    slow.upgrade("/ws");
    // As much as the kernel takes, and some that waits here.
    for (int i = 0; i < 68; ++i)
        publish(server, topic, std::string(16 * 1024, 'x'));
    // 64 KiB in each 100 ms are far too few for the kernel to want more each time.
    for (int round = 0; round < 15; ++round) {
        for (int i = 0; i < 4; ++i)
            ASSERT_TRUE(slow.message());
        ASSERT_FALSE(eventually([&] { return closed_count() > 0; }, 100ms));
    }
    EXPECT_EQ(closed_count(), 0U);
}

TEST_F(Burst, tells_a_slow_reader_why_it_was_cut_even_when_it_wakes_late) {
    Client slow(server.port(), 4096);
    slow.upgrade("/ws");
    for (int i = 0; i < 1000; ++i)
        publish(server, topic, std::string(16 * 1024, 'x'));
    ASSERT_TRUE(eventually([&] { return server.server().connections() == 0; }));
    EXPECT_EQ(reason_after_messages(slow), "slow reader: too many messages were waiting");
    EXPECT_TRUE(eventually([&] { return cut(server, "slow") == 1; }));
}

// The smaller form of 5,000 subscribers of which 500 never read.
TEST_F(Burst, holds_at_most_its_bound_for_readers_that_never_read_and_lets_them_go) {
    constexpr int kSlow = 40, kQuick = 40;
    std::vector<std::unique_ptr<Client>> slow;
    for (int i = 0; i < kSlow; ++i) {
        slow.push_back(std::make_unique<Client>(server.port(), 4096));
        slow.back()->upgrade("/ws");
    }
    connect(kQuick);
    double most = 0;
    for (int i = 0; i < 400; ++i) {
        publish(server, topic, std::string(16 * 1024, 'x'));
        for (auto& client : clients)
            ASSERT_EQ(client->message()->payload.size(), 16U * 1024);
        most = std::max(most, count(server, "streamwall_http_server_websocket_queued_bytes"));
    }
    EXPECT_LE(most, kSlow * 1024.0 * 1024);
    ASSERT_TRUE(eventually([&] { return server.server().connections() == kQuick; }));
    EXPECT_TRUE(eventually([&] { return cut(server, "slow") == kSlow; }));
    EXPECT_EQ(count(server, "streamwall_http_server_websockets"), kQuick);
}

TEST_F(Burst, sends_to_many_in_order_with_what_one_of_them_is_sent) {
    connect(40);
    for (int i = 0; i < 100; ++i) {
        send_to_all(server, connections, "all " + std::to_string(i));
        const Body body("one " + std::to_string(i));
        server.table().ws_send(connections[7], body.get());
    }
    send_to_all(server, {}, "nobody");
    for (std::size_t client = 0; client < clients.size(); ++client) {
        for (int i = 0; i < 100; ++i) {
            ASSERT_EQ(clients[client]->message()->payload, "all " + std::to_string(i));
            if (client != 7) continue;
            ASSERT_EQ(clients[client]->message()->payload, "one " + std::to_string(i));
        }
    }
}

TEST_F(Burst, says_what_memory_connections_hold) {
    constexpr std::string_view kBytes = "streamwall_http_server_connection_bytes";
    connect(50);
    const auto bytes = [&] { return count(server, kBytes); };
    ASSERT_TRUE(eventually([&] { return bytes() > 50 * 400; }));
    EXPECT_LT(bytes(), 50 * 2048);
    clients.clear();
    EXPECT_TRUE(eventually([&] { return bytes() == 0; }));
}

}  // namespace
}  // namespace streamwall::http_server::testing
