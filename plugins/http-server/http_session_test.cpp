// The server over real sockets: requests, answers, order, limits, times, authentication, the end.
#include "test_support.hpp"

#include <gtest/gtest.h>

#include <future>
#include <thread>

namespace streamwall::http_server::testing {
namespace {

using namespace std::chrono_literals;

void mount_echo(TestServer& server, const std::string& path = "/echo") {
    const Handler echo = [](const sw_http_request& request, sw_http_exchange* exchange) {
        const auto seen = copy(request);
        answer(exchange, 200, seen.method + " " + seen.target + " " + seen.body);
    };
    for (const char* method : {"GET", "POST"})
        server.mount({.method = method, .path = path}, echo);
}

TEST(HttpSession, answers_a_request_with_the_headers_every_answer_carries) {
    TestServer server;
    mount_echo(server);
    Client client(server.port());
    const auto reply = client.get("/echo?a=1");
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->status, 200);
    EXPECT_EQ(reply->body, "GET /echo?a=1 ");
    EXPECT_EQ(reply->headers.at("x-content-type-options"), "nosniff");
    EXPECT_EQ(reply->headers.at("x-request-id").size(), 32u);
    EXPECT_TRUE(reply->headers.at("date").ends_with(" GMT"));
    EXPECT_FALSE(reply->headers.contains("connection"));
}

TEST(HttpSession, gives_handlers_the_whole_request_and_its_context) {
    TestServer server;
    Seen seen;
    server.mount({.path = "/a/{x}/b/{y}"}, [&](const auto& request, auto* exchange) {
        seen = copy(request);
        answer(exchange, 204, "");
    });
    Client client(server.port());
    const auto reply =
        client.get("/a/%C3%A9%2F1/b/two?q=1",
                   "X-Request-Id: mine.1\r\nX-Odd-Name: V  \r\n"
                   "Traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n");
    EXPECT_EQ(reply->status, 204);
    EXPECT_FALSE(reply->headers.contains("content-length"));
    EXPECT_EQ(reply->headers.at("x-request-id"), "mine.1");
    EXPECT_EQ(seen.parameters, (std::vector<std::string>{"\xC3\xA9/1", "two"}));
    EXPECT_EQ(seen.path, "/a/\xC3\xA9/1/b/two");
    EXPECT_EQ(seen.query, "q=1");
    EXPECT_EQ(seen.headers.at("x-odd-name"), "V");
    EXPECT_EQ(seen.request_id, "mine.1");
    EXPECT_EQ(seen.traceparent, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    EXPECT_EQ(seen.principal, "anonymous:");
    EXPECT_EQ(seen.peer, "127.0.0.1");
    EXPECT_TRUE(seen.home_is_current);
    EXPECT_GT(seen.deadline_ns, 0u);
}

TEST(HttpSession, answers_pipelined_requests_in_order_though_handlers_finish_later_elsewhere) {
    TestServer server;
    std::vector<std::thread> threads;
    server.mount({.path = "/late/{n}"}, [&](const auto& request, auto* exchange) {
        threads.emplace_back(
            [exchange, n = copy(request).parameters[0]] { answer(exchange, 200, n); });
    });
    mount_echo(server);
    Client client(server.port());
    std::string requests;
    for (int i = 0; i < 20; ++i) {
        requests += "GET /" + (i % 2 == 0 ? "late/" + std::to_string(i) : std::string("echo")) +
                    " HTTP/1.1\r\nHost: t\r\n\r\n";
    }
    client.send(requests);
    for (int i = 0; i < 20; ++i) {
        const auto reply = client.reply();
        ASSERT_TRUE(reply) << i;
        EXPECT_EQ(reply->body, i % 2 == 0 ? std::to_string(i) : "GET /echo ");
    }
    server.stop();
    for (auto& thread : threads)
        thread.join();
}

TEST(HttpSession, reads_bodies_in_any_pieces) {
    TestServer server;
    mount_echo(server);
    Client client(server.port());
    const std::string length = "POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\n\r\nhello";
    const std::string chunks =
        "POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n"
        "3;x=y\r\nhel\r\n2\r\nlo\r\n0\r\nTrailer: x\r\n\r\n";
    for (const auto& request : {length, chunks}) {
        client.send(request);
        EXPECT_EQ(client.reply()->body, "POST /echo hello");
        for (const char c : request)
            client.send(std::string_view(&c, 1));
        EXPECT_EQ(client.reply()->body, "POST /echo hello");
    }
}

}  // namespace
}  // namespace streamwall::http_server::testing
