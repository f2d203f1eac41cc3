// WebSockets over real sockets: the upgrade, messages, topics over loops, slow readers, the end.
#include "ws_test_support.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <future>
#include <thread>

namespace streamwall::http_server::testing {
namespace {

using namespace std::chrono_literals;

Options patient_options() {
    auto options = TestServer::quick_options();
    options.close_timeout = 5s;
    return options;
}

class PatientWebSocket : public WebSocket {
  protected:
    PatientWebSocket() : WebSocket(patient_options()) {}
};

TEST_F(WebSocket, opens_with_the_accept_key_of_the_RFC) {
    Client client(server.port());
    const auto reply = client.upgrade("/ws");
    EXPECT_EQ(reply.status, 101);
    EXPECT_EQ(reply.headers.at("sec-websocket-accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    EXPECT_EQ(reply.headers.at("upgrade"), "websocket");
    EXPECT_FALSE(reply.headers.contains("sec-websocket-protocol"));
    EXPECT_EQ(last_protocol, "v2");
}

struct HandshakeCase {
    const char* name;
    std::string headers;
    int status;
};

TEST_F(WebSocket, takes_only_handshakes_as_the_RFC_has_them) {
    const std::string key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    const std::string version = "Sec-WebSocket-Version: 13\r\n";
    const std::string upgrade = "Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n";
    const std::string all = upgrade + version + key;
    const HandshakeCase kCases[] = {
        {"as it should be", all, 101},
        {"no Upgrade", "Connection: Upgrade\r\n" + version + key, 426},
        {"no Connection", "Upgrade: websocket\r\n" + version + key, 426},
        {"no version", upgrade + key, 426},
        {"version 8", upgrade + key + "Sec-WebSocket-Version: 8\r\n", 426},
        {"two versions", all + version, 426},
        {"no key", upgrade + version, 400},
        {"two keys", all + key, 400},
        {"short key", upgrade + version + "Sec-WebSocket-Key: dGhlIHNhbXBsZQ==\r\n", 400},
        {"key not base64", upgrade + version + "Sec-WebSocket-Key: dGhl!HNhbXBsZSBub25jZQ==\r\n",
         400},
        {"key of 17 bytes", upgrade + version + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQX=\r\n",
         400},
        {"own origin", all + "Origin: http://test\r\n", 101},
        {"own origin over TLS", all + "Origin: https://TEST\r\n", 101},
        {"other origin", all + "Origin: http://evil\r\n", 403},
        {"other port", all + "Origin: http://test:81\r\n", 403},
        {"origin null", all + "Origin: null\r\n", 403},
        {"two origins", all + "Origin: http://test\r\nOrigin: http://test\r\n", 403},
        {"known protocol", all + "Sec-WebSocket-Protocol: v0, v1\r\n", 101},
        {"unknown protocols", all + "Sec-WebSocket-Protocol: v0, v9\r\n", 400},
        {"protocol that is no token", all + "Sec-WebSocket-Protocol: v1, \xC3\xA9\r\n", 400},
        {"a body", all + "Content-Length: 2\r\n\r\nhi", 400},
    };
    for (const auto& each : kCases) {
        SCOPED_TRACE(each.name);
        const auto reply = Client(server.port()).get("/ws", each.headers);
        ASSERT_TRUE(reply);
        EXPECT_EQ(reply->status, each.status) << reply->body;
        if (reply->status == 426) {
            EXPECT_EQ(reply->headers.at("sec-websocket-version"), "13");
        }
    }
}

TEST_F(WebSocket, takes_pages_of_the_origins_that_are_configured) {
    auto options = TestServer::quick_options();
    options.allowed_origins = {"https://wall.example.org", "http://other:81"};
    TestServer open(options);
    open.mount(EndpointSpec{});
    const std::pair<const char*, int> cases[] = {{"https://wall.example.org", 101},
                                                 {"HTTPS://WALL.example.org", 101},
                                                 {"http://other:81", 101},
                                                 {"http://test", 101},
                                                 {"http://wall.example.org", 403},
                                                 {"https://wall.example.org:8443", 403},
                                                 {"https://wall.example.org.evil", 403},
                                                 {"http://other", 403},
                                                 {"null", 403}};
    for (const auto& [origin, status] : cases) {
        Client client(open.port());
        const auto reply = client.upgrade("/ws", "Origin: " + std::string(origin) + "\r\n");
        EXPECT_EQ(reply.status, status) << origin;
    }
}

TEST_F(WebSocket, picks_the_sub_protocol_that_the_endpoint_likes_best) {
    Client client(server.port());
    const auto reply =
        client.upgrade("/ws", "Sec-WebSocket-Protocol: v1\r\nSec-WebSocket-Protocol: v2\r\n");
    EXPECT_EQ(reply.headers.at("sec-websocket-protocol"), "v2");
}

TEST_F(WebSocket, tells_the_endpoint_who_is_there_and_hides_the_token) {
    for (const auto& [target, headers, principal, query] :
         {std::tuple{"/ws?token=sw_test-key-0123456789&a=b", "", "key:bootstrap", "a=b"},
          {"/ws?a=b", "Authorization: Bearer sw_test-key-0123456789\r\n", "key:bootstrap", "a=b"},
          {"/ws", "Sec-WebSocket-Protocol: v1, anycable-token.sw_test-key-0123456789\r\n",
           "key:bootstrap", ""},
          {"/ws", "Sec-WebSocket-Protocol: v1, anycable-token.wrong\r\n", "anonymous:", ""},
          {"/ws?token=wrong", "", "anonymous:", ""},
          {"/ws", "", "anonymous:", ""}}) {
        SCOPED_TRACE(target);
        Client client(server.port());
        ASSERT_EQ(client.upgrade(target, headers).status, 101);
        EXPECT_EQ(last_request.principal, principal);
        EXPECT_EQ(last_request.query, query);
        EXPECT_EQ(last_request.target.find("token"), std::string::npos);
    }
}

TEST_F(WebSocket, refuses_strangers_where_the_endpoint_wants_credentials) {
    server.mount({.path = "/closed", .flags = 0});
    EXPECT_EQ(Client(server.port()).upgrade("/closed").status, 401);
    EXPECT_EQ(Client(server.port()).upgrade("/closed?token=wrong").status, 401);
    EXPECT_EQ(Client(server.port()).upgrade("/closed?token=sw_test-key-0123456789").status, 101);
}

TEST_F(WebSocket, echoes_messages_that_follow_the_handshake_at_once) {
    Client client(server.port());
    client.send(
        "GET /ws HTTP/1.1\r\nHost: t\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n" +
        masked_frame(kText, "early") + masked_frame(kText, "bird"));
    EXPECT_EQ(client.reply()->status, 101);
    EXPECT_EQ(client.message()->payload, "early");
    EXPECT_EQ(client.message()->payload, "bird");
}

TEST_F(WebSocket, echoes_a_message_as_large_as_allowed_and_closes_on_a_larger_one) {
    Client client(server.port());
    client.upgrade("/ws");
    const std::string most(65'536, 'x');
    client.frame(kText, most);
    EXPECT_EQ(client.message()->payload, most);
    client.frame(kText, most + "x");
    EXPECT_EQ(client.message()->close_code(), 1009);
    EXPECT_EQ(client.rest(), "");
    EXPECT_TRUE(eventually([&] { return closed_count() == 1; }));
    EXPECT_EQ(closed_codes().front(), 1009);
}

TEST_F(WebSocket, answers_pings_in_order_and_a_flood_of_them_with_the_latest) {
    Client client(server.port());
    client.upgrade("/ws");
    for (int i = 0; i < 10; ++i)
        client.frame(kPing, std::to_string(i));
    for (int i = 0; i < 10; ++i) {
        const auto pong = client.message();
        EXPECT_EQ(pong->first_byte, kPong);
        EXPECT_EQ(pong->payload, std::to_string(i));
    }
    std::string flood;
    for (int i = 0; i < 5000; ++i)
        flood += masked_frame(kPing, std::to_string(i));
    client.send(flood);
    int pongs = 0;
    std::string last;
    while (last != "4999") {
        const auto pong = client.message();
        ASSERT_TRUE(pong);
        last = pong->payload;
        ++pongs;
    }
    EXPECT_LT(pongs, 1000);
}

TEST_F(WebSocket, shakes_hands_at_the_end_from_either_side) {
    Client client(server.port());
    client.upgrade("/ws");
    client.frame(kClose,
                 "\x0F\xA0"
                 "bye");
    const auto answer = client.message();
    EXPECT_EQ(answer->first_byte, kClose);
    EXPECT_EQ(answer->close_code(), 4000);
    EXPECT_EQ(client.rest(), "");
    ASSERT_TRUE(eventually([&] { return closed_count() == 1; }));
    EXPECT_EQ(closed_codes().back(), 4000);
    // Gone without a word.
    {
        Client(server.port()).upgrade("/ws");
    }
    ASSERT_TRUE(eventually([&] { return closed_count() == 2; }));
    EXPECT_EQ(closed_codes().back(), 1006);
}

TEST_F(WebSocket, gives_up_on_a_peer_that_does_not_answer_a_close) {
    server.mount({.path = "/bye", .on_open = [&](auto* connection, const auto&, auto) {
                      const std::string reason(200, 'r');
                      server.table().ws_close(connection, 4001, {reason.data(), reason.size()});
                      const Body late("late");
                      server.table().ws_send(connection, late.get());
                  }});
    Client client(server.port());
    client.upgrade("/bye");
    const auto close = client.message();
    EXPECT_EQ(close->close_code(), 4001);
    EXPECT_EQ(close->payload.size(), 125u);
    EXPECT_TRUE(client.closed_within(2s));
    EXPECT_EQ(client.rest(), "");
}

TEST_F(WebSocket, keeps_the_order_of_a_topic_the_same_for_every_connection_on_every_loop) {
    constexpr int kClients = 8, kPublishers = 3, kEach = 300;
    std::vector<std::unique_ptr<Client>> clients;
    for (int i = 0; i < kClients; ++i) {
        clients.push_back(std::make_unique<Client>(server.port()));
        clients.back()->upgrade("/ws");
    }
    std::vector<std::thread> publishers;
    for (int p = 0; p < kPublishers; ++p) {
        publishers.emplace_back([&, p] {
            for (int i = 0; i < kEach; ++i) {
                publish(server, topic, std::to_string(p) + ":" + std::to_string(i));
            }
        });
    }
    for (auto& publisher : publishers)
        publisher.join();
    std::vector<std::string> first;
    for (int i = 0; i < kPublishers * kEach; ++i)
        first.push_back(clients[0]->message()->payload);
    int next[kPublishers] = {};
    for (const auto& text : first) {
        const auto publisher = static_cast<std::size_t>(text[0] - '0');
        EXPECT_EQ(std::stoi(text.substr(2)), next[publisher]++);
    }
    for (int c = 1; c < kClients; ++c) {
        for (const auto& text : first)
            ASSERT_EQ(clients[c]->message()->payload, text);
    }
}

TEST_F(WebSocket, delivers_only_what_was_published_after_joining_and_before_leaving) {
    sw_ws_topic* other = server.table().topic_open(&server.server(), server.lease());
    server.mount(
        {.path = "/join", .on_message = [&](auto* connection, std::string_view text, bool) {
             if (text == "join") server.table().topic_join(other, connection);
             if (text == "leave") server.table().topic_leave(other, connection);
             publish(server, other, "after " + std::string(text));
             const Body body("done");
             server.table().ws_send(connection, body.get());
         }});
    publish(server, other, "before");
    Client client(server.port());
    client.upgrade("/join");
    client.frame(kText, "join");
    EXPECT_EQ(client.message()->payload, "after join");
    EXPECT_EQ(client.message()->payload, "done");
    client.frame(kText, "leave");
    EXPECT_EQ(client.message()->payload, "done");
    server.table().topic_close(other);
}

TEST_F(WebSocket, cuts_a_reader_that_does_not_read_and_spares_the_others) {
    Client slow(server.port(), 4096);
    slow.upgrade("/ws");
    Client quick(server.port());
    quick.upgrade("/ws");
    const std::string payload(16 * 1024, 'x');
    // What the kernel takes and 1 MiB of ours.
    for (int i = 0; i < 1000; ++i) {
        publish(server, topic, payload);
        ASSERT_EQ(quick.message()->payload.size(), payload.size());
    }
    ASSERT_TRUE(eventually([&] { return closed_count() == 1; }));
    EXPECT_EQ(closed_codes().front(), 1008);
    publish(server, topic, "still here");
    EXPECT_EQ(quick.message()->payload, "still here");
}

TEST_F(PatientWebSocket, tells_a_slow_reader_that_wakes_up_in_time_why_it_is_closed) {
    Client slow(server.port(), 4096);
    slow.upgrade("/ws");
    const std::string payload(64 * 1024, 'x');
    for (int i = 0; i < 120; ++i)
        publish(server, topic, payload);
    std::optional<Client::Message> last;
    int received = 0;
    while ((last = slow.message()) && last->first_byte != kClose)
        ++received;
    ASSERT_TRUE(last);
    EXPECT_EQ(last->close_code(), 1008);
    EXPECT_NE(last->payload.find("slow reader"), std::string::npos);
    EXPECT_LT(received, 120);
}

TEST_F(WebSocket, merges_what_is_replaceable_for_a_reader_that_is_behind) {
    Client slow(server.port(), 4096);
    slow.upgrade("/ws");
    const std::string padding(8 * 1024, ' ');
    for (int i = 0; i < 3000; ++i) {
        publish(server, topic, std::to_string(i) + padding, "record/" + std::to_string(i % 10));
    }
    publish(server, topic, "end");
    std::vector<int> numbers;
    for (;;) {
        const auto message = slow.message();
        ASSERT_TRUE(message);
        ASSERT_EQ(message->first_byte, kText) << message->close_code();
        if (message->payload == "end") break;
        numbers.push_back(std::stoi(message->payload));
    }
    EXPECT_TRUE(std::is_sorted(numbers.begin(), numbers.end()));
    EXPECT_LT(numbers.size(), 3000u);
    // The newest of each record is there.
    ASSERT_GE(numbers.size(), 10u);
    EXPECT_EQ(std::vector<int>(numbers.end() - 10, numbers.end()),
              (std::vector<int>{2990, 2991, 2992, 2993, 2994, 2995, 2996, 2997, 2998, 2999}));
    EXPECT_EQ(closed_count(), 0u);
}

TEST_F(WebSocket, tells_when_everything_is_written_so_that_much_can_be_sent_to_a_slow_reader) {
    std::atomic<int> pieces{0};
    server.mount({.path = "/long",
                  .on_message = [this](auto* connection, auto,
                                       bool) { server.table().ws_when_written(connection); },
                  .on_written =
                      [&, this](auto* connection) {
                          if (pieces == 100) return;
                          const Body body(std::to_string(pieces++) + std::string(64 * 1024, ' '));
                          server.table().ws_send(connection, body.get());
                          server.table().ws_when_written(connection);
                      }});
    Client slow(server.port(), 4096);
    slow.upgrade("/long");
    slow.frame(kText, "go");
    ASSERT_TRUE(eventually([&] { return pieces > 0; }));
    for (int i = 0; i < 100; ++i) {
        const auto message = slow.message();
        ASSERT_TRUE(message);
        ASSERT_EQ(message->first_byte, kText) << message->close_code();
        EXPECT_EQ(std::stoi(message->payload), i);
    }
}

class CrampedWebSocket : public WebSocket {
  protected:
    CrampedWebSocket() : WebSocket(options()) {}
    static Options options() {
        auto out = TestServer::quick_options();
        out.websocket_total_limit = 2 * 1024 * 1024;
        return out;
    }
};

TEST_F(CrampedWebSocket, cuts_slow_readers_who_hold_too_much_together) {
    std::vector<std::unique_ptr<Client>> slow;
    for (int i = 0; i < 40; ++i) {
        slow.push_back(std::make_unique<Client>(server.port(), 4096));
        slow.back()->upgrade("/ws");
    }
    Client quick(server.port());
    quick.upgrade("/ws");
    const std::string payload(16 * 1024, 'x');
    // Less than one reader may have waiting.
    for (int i = 0; i < 60; ++i) {
        publish(server, topic, payload);
        ASSERT_EQ(quick.message()->payload.size(), payload.size());
    }
    ASSERT_TRUE(eventually([&] { return closed_count() > 0; }));
}

TEST_F(WebSocket, closes_only_the_connection_whose_callback_throws) {
    server.mount(
        {.path = "/throw", .on_message = [](auto*, auto, bool) { throw std::bad_alloc(); }});
    Client unlucky(server.port()), other(server.port());
    unlucky.upgrade("/throw");
    other.upgrade("/ws");
    unlucky.frame(kText, "x");
    EXPECT_TRUE(unlucky.closed_within(2s));
    other.frame(kText, "alive");
    EXPECT_EQ(other.message()->payload, "alive");
    const auto log = server.fake().log_lines();
    EXPECT_TRUE(std::ranges::any_of(
        log, [](const auto& line) { return line.starts_with("http.session_failed"); }));
}

TEST_F(WebSocket, joins_no_topic_once_it_is_closing) {
    server.mount({.path = "/late", .on_close = [this](auto* connection, int) {
                      server.table().topic_join(topic, connection);
                  }});
    {
        Client(server.port()).upgrade("/late");
    }
    ASSERT_TRUE(eventually([&] { return server.server().connections() == 0; }));
    Client other(server.port());
    other.upgrade("/ws");
    publish(server, topic, "fine");
    EXPECT_EQ(other.message()->payload, "fine");
}

TEST_F(WebSocket, lets_handles_outlive_their_connection) {
    std::promise<sw_ws_connection*> kept;
    server.mount({.path = "/keep", .on_open = [&](auto* connection, const auto&, auto) {
                      server.table().ws_retain(connection);
                      kept.set_value(connection);
                  }});
    auto client = std::make_unique<Client>(server.port());
    client->upgrade("/keep");
    auto* connection = kept.get_future().get();
    client.reset();
    ASSERT_TRUE(eventually([&] { return server.server().connections() == 0; }));
    const Body body("nobody");
    server.table().ws_send(connection, body.get());
    server.table().ws_close(connection, 1000, {});
    server.drain(1s);
    server.table().ws_release(connection);
}

TEST_F(WebSocket, ends_everything_of_a_lease_before_unmount_is_done) {
    Client client(server.port());
    client.upgrade("/ws");
    server.unmount();
    EXPECT_EQ(closed_codes(), std::vector<int>{1001});
    EXPECT_EQ(client.message()->close_code(), 1001);
    EXPECT_EQ(Client(server.port()).upgrade("/ws").status, 404);
}

TEST_F(WebSocket, closes_with_1001_when_the_server_stops) {
    Client client(server.port());
    client.upgrade("/ws");
    std::thread drain([&] { server.drain(5s); });
    EXPECT_EQ(client.message()->close_code(), 1001);
    client.frame(kClose, "\x03\xE9");
    EXPECT_EQ(client.rest(), "");
    drain.join();
    EXPECT_EQ(closed_codes(), std::vector<int>{1001});
}

TEST_F(WebSocket, serves_a_thousand_connections) {
    std::vector<std::unique_ptr<Client>> clients;
    for (int i = 0; i < 1000; ++i) {
        clients.push_back(std::make_unique<Client>(server.port()));
        ASSERT_EQ(clients.back()->upgrade("/ws").status, 101);
    }
    for (int i = 0; i < 5; ++i)
        publish(server, topic, std::to_string(i));
    for (auto& client : clients) {
        for (int i = 0; i < 5; ++i)
            ASSERT_EQ(client->message()->payload, std::to_string(i));
    }
    clients.clear();
    EXPECT_TRUE(eventually([&] { return server.server().connections() == 0; }));
    EXPECT_EQ(closed_count(), 1000u);
}

}  // namespace
}  // namespace streamwall::http_server::testing
