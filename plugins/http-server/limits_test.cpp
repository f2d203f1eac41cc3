// How many connections, how fast, and how much one of them may say.
#include "descriptors.hpp"
#include "ws_test_support.hpp"

#include <gtest/gtest.h>

#include <sys/resource.h>

#include <algorithm>

namespace streamwall::http_server::testing {
namespace {

using namespace std::chrono_literals;

constexpr const char* kElsewhere = "127.0.0.2";

TEST(Descriptors, leave_room_for_everything_else) {
    const struct {
        std::size_t wanted, descriptors, connections;
    } cases[] = {{20'000, 1'048'576, 20'000}, {20'000, 20'256, 20'000}, {20'000, 20'255, 19'999},
                 {20'000, 1'024, 768},        {100, 256, 100},          {200, 256, 128}};
    for (const auto& each : cases) {
        EXPECT_EQ(connections_that_fit(each.wanted, each.descriptors), each.connections)
            << each.wanted << " of " << each.descriptors;
    }
}

TEST(Descriptors, are_as_many_as_the_process_may_have) {
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    rlimit low = before;
    low.rlim_cur = std::min<rlim_t>(512, before.rlim_max);
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
    EXPECT_EQ(raise_descriptor_limit(), before.rlim_max);
    rlimit after{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &after), 0);
    EXPECT_EQ(after.rlim_cur, before.rlim_max);
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
}

Options greedy_options() {
    auto options = TestServer::quick_options();
    options.max_connections = 1'000'000'000;
    return options;
}

TEST(Listener, says_where_the_descriptors_are_too_few_and_takes_what_fits) {
    TestServer server(greedy_options());
    const auto log = server.fake().log_lines();
    EXPECT_TRUE(std::ranges::any_of(
        log, [](const auto& line) { return line.starts_with("http.descriptors"); }));
    EXPECT_LT(server.server().options().max_connections, 1'000'000'000U);
}

Options limited_options() {
    auto options = TestServer::quick_options();
    options.rate_limits = RateLimits{.connection = 5};
    return options;
}

TEST(Listener, turns_away_an_address_that_connects_too_often) {
    TestServer server(limited_options());
    server.mount({.path = "/x", .flags = SW_HTTP_UNCOUNTED},
                 [](const auto&, auto* exchange) { answer(exchange, 200, "ok"); });
    std::vector<int> statuses;
    for (int i = 0; i < 8; ++i) {
        const auto reply = Client(server.port(), 0, kElsewhere).get("/x");
        statuses.push_back(reply ? reply->status : 0);
    }
    EXPECT_EQ(statuses, (std::vector{200, 200, 200, 200, 200, 429, 429, 429}));
    EXPECT_EQ(server.fake().metric("streamwall_http_server_refused_connections_total reason=rate"),
              3);
    // Others, and whoever serves others from this machine.
    EXPECT_EQ(Client(server.port(), 0, "127.0.0.3").get("/x")->status, 200);
    for (int i = 0; i < 8; ++i)
        EXPECT_EQ(Client(server.port()).get("/x")->status, 200);
}

Options proxied_options() {
    auto options = limited_options();
    options.trusted_proxies = TrustedProxies({kElsewhere});
    return options;
}

TEST(Listener, lets_proxies_connect_for_others) {
    TestServer server(proxied_options());
    server.mount({.path = "/x", .flags = SW_HTTP_UNCOUNTED},
                 [](const auto&, auto* exchange) { answer(exchange, 200, "ok"); });
    for (int i = 0; i < 8; ++i)
        EXPECT_EQ(Client(server.port(), 0, kElsewhere).get("/x")->status, 200);
}

TEST(Listener, counts_whom_it_turns_away_when_it_is_full) {
    auto options = TestServer::quick_options();
    options.max_connections = 1;
    TestServer server(options);
    Client first(server.port());
    ASSERT_TRUE(eventually([&] { return server.server().connections() == 1; }));
    EXPECT_EQ(Client(server.port()).reply()->status, 503);
    EXPECT_EQ(server.fake().metric("streamwall_http_server_refused_connections_total reason=full"),
              1);
}

Options calm_options() {
    auto options = TestServer::quick_options();
    options.websocket_message_rate = 10;  // 50 at once
    return options;
}

class Flood : public WebSocket {
  protected:
    Flood() : WebSocket(calm_options()) {}
};

TEST_F(Flood, ends_a_connection_that_sends_too_much_of_anything) {
    for (const std::uint8_t kind : {kText, kPing, kPong}) {
        SCOPED_TRACE(static_cast<int>(kind));
        Client client(server.port());
        client.upgrade("/ws");
        for (int i = 0; i < 60; ++i)
            client.try_send(masked_frame(kind, "x"));
        std::optional<Client::Message> last;
        int echoes = 0;
        while ((last = client.message()) && last->first_byte != kClose)
            ++echoes;
        ASSERT_TRUE(last);
        EXPECT_EQ(last->close_code(), 1008);
        EXPECT_EQ(last->payload.substr(2), "too many messages");
        // What it did send within its rate is answered, as far as that had not to make room.
        EXPECT_LE(echoes, 51);
    }
    const auto cut = [&] {
        return server.fake().metric("streamwall_http_server_websocket_cut_total reason=flooded");
    };
    EXPECT_TRUE(eventually([&] { return cut() == 3; })) << cut();
}

TEST_F(Flood, is_not_what_comes_at_its_rate) {
    Client client(server.port());
    client.upgrade("/ws");
    for (int i = 0; i < 45; ++i) {
        client.frame(kText, "x");
        ASSERT_EQ(client.message()->payload, "x");
    }
}

Options shared_options() {
    auto options = TestServer::quick_options();
    options.websocket_credential_limit = 20;
    return options;
}

class SharedFlood : public WebSocket {
  protected:
    SharedFlood() : WebSocket(shared_options()) {}
};

TEST_F(SharedFlood, is_counted_over_all_connections_of_a_credential) {
    const auto key = "Authorization: Bearer " + std::string(kKey) + "\r\n";
    Client first(server.port()), second(server.port()), nobody(server.port());
    first.upgrade("/ws", key);
    second.upgrade("/ws", key);
    nobody.upgrade("/ws");
    for (auto* client : {&first, &second}) {
        for (int i = 0; i < 10; ++i) {
            client->frame(kText, "x");
            ASSERT_EQ(client->message()->payload, "x");
        }
    }
    second.frame(kText, "x");
    const auto last = second.message();
    ASSERT_TRUE(last);
    EXPECT_EQ(last->close_code(), 1008);
    EXPECT_EQ(last->payload.substr(2), "too many messages of these credentials");
    for (int i = 0; i < 30; ++i) {
        nobody.frame(kText, "x");
        ASSERT_EQ(nobody.message()->payload, "x");
    }
}

}  // namespace
}  // namespace streamwall::http_server::testing
