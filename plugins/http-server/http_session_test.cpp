// The server over real sockets: requests, answers, order, limits, times, authentication, the end.
#include "test_support.hpp"
#include "text.hpp"

#include <gtest/gtest.h>

#include <future>
#include <latch>
#include <thread>

namespace streamwall::http_server::testing {
namespace {

using namespace std::chrono_literals;

// The last line of that event which holds `part`, or nothing.
std::string logged(TestServer& server, std::string_view event, std::string_view part = "") {
    std::string found;
    for (const auto& line : server.fake().log_lines()) {
        if (line.starts_with(event) && line.find(part) != line.npos) found = line;
    }
    return found;
}

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

TEST(HttpSession, shares_a_large_body_and_gives_it_back) {
    const std::string large(3 * 1024 * 1024, 'x');
    TestServer server;
    server.mount({.path = "/large"},
                 [&](const auto&, auto* exchange) { answer(exchange, 200, large); });
    const auto before = server.fake().live_buffers();
    Client client(server.port());
    client.send("GET /large HTTP/1.1\r\nHost: t\r\n\r\nGET /large HTTP/1.1\r\nHost: t\r\n\r\n");
    EXPECT_EQ(client.reply()->body, large);
    EXPECT_EQ(client.reply()->body, large);
    EXPECT_TRUE(eventually([&] { return server.fake().live_buffers() == before; }));
}

TEST(HttpSession, begins_no_more_requests_while_answers_pile_up) {
    std::atomic<int> handled{0};
    const std::string body(64 * 1024, 'x');
    TestServer server;
    server.mount({.path = "/"}, [&](const auto&, auto* exchange) {
        ++handled;
        answer(exchange, 200, body);
    });
    Client client(server.port(), 4096);
    constexpr int kRequests = 400;
    std::string requests;
    for (int i = 0; i < kRequests; ++i)
        requests += "GET / HTTP/1.1\r\nHost: t\r\n\r\n";
    client.send(requests);
    ASSERT_EQ(client.reply()->status, 200);
    EXPECT_LT(handled, kRequests);
    for (int i = 1; i < kRequests; ++i)
        ASSERT_EQ(client.reply()->body.size(), body.size()) << i;
    EXPECT_EQ(handled, kRequests);
}

TEST(HttpSession, leaves_out_headers_that_would_split_the_answer) {
    TestServer server;
    server.mount({.path = "/"}, [](const auto&, auto* exchange) {
        answer(exchange, 200, "x",
               {{"X-Good", "1"}, {"X-Bad", "a\r\nSet-Cookie: x"}, {"X Bad", "2"}});
    });
    const auto reply = Client(server.port()).get("/");
    EXPECT_EQ(reply->headers.at("x-good"), "1");
    EXPECT_EQ(reply->head.find("Set-Cookie"), std::string::npos);
    EXPECT_EQ(reply->head.find("X Bad"), std::string::npos);
}

TEST(HttpSession, survives_handlers_that_throw) {
    TestServer server;
    server.mount({.path = "/throw"}, [](const auto&, auto*) { throw std::length_error("no"); });
    mount_echo(server);
    Client client(server.port());
    const auto reply = client.get("/throw", "X-Request-Id: unlucky.1\r\n");
    EXPECT_EQ(reply->status, 500);
    EXPECT_EQ(reply->body.find("length_error"), std::string::npos);
    EXPECT_EQ(client.get("/echo")->status, 200);
    EXPECT_EQ(logged(server, "http.handler_threw"),
              R"(http.handler_threw a handler threw )"
              R"({"method":"GET","path":"/throw","request_id":"unlucky.1"})");
}

TEST(HttpSession, tells_of_each_answer_where_such_lines_are_asked_for) {
    TestServer server;
    mount_echo(server);
    Client client(server.port());
    client.get("/echo", "X-Request-Id: mine.1\r\n");
    client.get("/nowhere", "X-Request-Id: mine.2\r\n");
    const std::pair<std::string_view, std::string_view> expected[] = {
        {"mine.1", R"("status":200,)"},
        {"mine.1", R"("method":"GET","path":"/echo","request_id":"mine.1"})"},
        {"mine.2", R"("status":404,)"}};
    for (const auto& [id, part] : expected) {
        const auto line = logged(server, "http.answered", id);
        EXPECT_NE(line.find(part), std::string::npos) << line;
    }
}

TEST(HttpSession, begins_a_trace_where_none_came) {
    TestServer server;
    std::vector<std::string> traces;
    server.mount({.path = "/"}, [&](const auto& request, auto* exchange) {
        traces.push_back(copy(request).traceparent);
        answer(exchange, 204, "");
    });
    Client client(server.port());
    for (const auto* headers :
         {"", "", "Traceparent: 00-0-0-00\r\n",
          "Traceparent: 00-00000000000000000000000000000000-b7ad6b7169203331-01\r\n"})
        client.get("/", headers);
    ASSERT_EQ(traces.size(), 4U);
    for (const auto& trace : traces) {
        EXPECT_TRUE(is_valid_traceparent(trace)) << trace;
        EXPECT_TRUE(trace.ends_with("-00")) << trace;
    }
    std::ranges::sort(traces);
    EXPECT_EQ(std::ranges::adjacent_find(traces), traces.end()) << "each is one of its own";
}

TEST(HttpSession, answers_for_a_handler_that_takes_too_long_and_ignores_it_later) {
    TestServer server;
    sw_http_exchange* late = nullptr;
    server.mount({.path = "/late", .timeout_ms = 50},
                 [&](const auto&, auto* exchange) { late = exchange; });
    mount_echo(server);
    Client client(server.port());
    const auto reply = client.get("/late");
    EXPECT_EQ(reply->status, 503);
    EXPECT_EQ(reply->headers.at("retry-after"), "1");
    EXPECT_NE(reply->body.find("handler_timeout"), std::string::npos);
    answer(late, 200, "too late");
    EXPECT_EQ(client.get("/echo")->body, "GET /echo ");
}

TEST(HttpSession, ignores_an_answer_for_a_client_that_has_gone) {
    TestServer server;
    std::promise<sw_http_exchange*> asked;
    server.mount({.path = "/late", .timeout_ms = 60},
                 [&](const auto&, auto* exchange) { asked.set_value(exchange); });
    auto client = std::make_unique<Client>(server.port());
    client->send("GET /late HTTP/1.1\r\nHost: t\r\n\r\n");
    auto* exchange = asked.get_future().get();
    client.reset();
    ASSERT_TRUE(eventually([&] { return server.server().connections() == 0; }));
    answer(exchange, 200, "nobody");
}

struct SlowCase {
    const char* name;
    std::string bytes;
    int status;  // 0: closed without an answer
};

TEST(HttpSession, sheds_clients_that_do_not_get_on) {
    TestServer server;
    mount_echo(server);
    const SlowCase kCases[] = {
        {"nothing at all", "", 0},
        {"part of a head", "GET /echo HT", 408},
        {"part of a body", "POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 9\r\n\r\nx", 408},
        {"part of a chunk",
         "POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n", 408},
    };
    for (const auto& each : kCases) {
        SCOPED_TRACE(each.name);
        Client client(server.port());
        client.send(each.bytes);
        const auto reply = client.reply();
        EXPECT_EQ(reply ? reply->status : 0, each.status);
        EXPECT_TRUE(client.closed_within(2s));
    }
    EXPECT_TRUE(eventually([&] { return server.server().connections() == 0; }));
}

TEST(HttpSession, does_not_let_single_bytes_stretch_the_time_for_a_head) {
    TestServer server;
    Client client(server.port());
    const auto begin = Clock::now();
    while (client.try_send("X") && !client.closed_within(20ms)) {
        ASSERT_LT(Clock::now() - begin, 5s);
    }
    EXPECT_LT(Clock::now() - begin, 2s);
}

TEST(HttpSession, closes_a_client_that_takes_no_answer) {
    auto options = TestServer::quick_options();
    options.write_stall = 100ms;
    const std::string large(8 * 1024 * 1024, 'x');  // before the server, whose loops read it
    TestServer server(options);
    server.mount({.path = "/"}, [&](const auto&, auto* exchange) { answer(exchange, 200, large); });
    Client client(server.port(), 4096);
    client.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n");
    ASSERT_TRUE(eventually([&] { return server.server().connections() == 1; }));
    EXPECT_TRUE(eventually([&] { return server.server().connections() == 0; }));
}

TEST(HttpSession, closes_an_idle_connection_and_keeps_one_that_is_used) {
    auto options = TestServer::quick_options();
    options.idle_timeout = 200ms;
    TestServer server(options);
    mount_echo(server);
    Client client(server.port());
    for (int i = 0; i < 8; ++i) {
        ASSERT_EQ(client.get("/echo")->status, 200);
        ASSERT_FALSE(client.closed_within(50ms));
    }
    EXPECT_TRUE(client.closed_within(2s));
}

TEST(HttpSession, answers_503_at_once_where_it_is_full) {
    auto options = TestServer::quick_options();
    options.max_connections = 2;
    options.header_timeout = 10s;
    TestServer server(options);
    mount_echo(server);
    Client first(server.port()), second(server.port());
    ASSERT_EQ(first.get("/echo")->status, 200);
    ASSERT_EQ(second.get("/echo")->status, 200);
    EXPECT_EQ(Client(server.port()).reply()->status, 503);
    EXPECT_EQ(first.get("/echo")->status, 200);
}

TEST(HttpSession, counts_connections_that_a_busy_loop_has_not_seen_yet) {
    auto options = TestServer::quick_options();
    options.loops = 2;
    options.max_connections = 6;
    TestServer server(options);
    mount_echo(server);
    std::latch held(1), free(1);
    server.mount({.path = "/hold"}, [&](const auto&, auto* exchange) {
        held.count_down();
        free.wait();
        answer(exchange, 204, "");
    });
    // The first loop accepts, the second is busy.
    Client on_first(server.port()), on_second(server.port());
    ASSERT_EQ(on_first.get("/echo")->status, 200);
    on_second.send("GET /hold HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + std::string(kKey) +
                   "\r\n\r\n");
    held.wait();
    std::vector<std::unique_ptr<Client>> more;
    for (int i = 0; i < 14; ++i)
        more.push_back(std::make_unique<Client>(server.port()));
    const auto refused = [&] {
        return server.fake().metric("streamwall_http_server_refused_connections_total reason=full");
    };
    EXPECT_TRUE(eventually([&] { return refused() == 10; })) << refused();
    free.count_down();
    EXPECT_EQ(on_second.reply()->status, 204);
    more.clear();
    EXPECT_TRUE(eventually([&] { return server.server().connections() == 2; }));
}

TEST(HttpSession, spreads_connections_evenly_over_the_loops) {
    TestServer server;
    std::mutex mutex;
    std::map<std::thread::id, int> handled;
    server.mount({.path = "/"}, [&](const auto&, auto* exchange) {
        {
            const std::lock_guard lock(mutex);
            ++handled[std::this_thread::get_id()];
        }
        answer(exchange, 204, "");
    });
    std::vector<std::unique_ptr<Client>> clients;
    for (int i = 0; i < 6; ++i) {
        clients.push_back(std::make_unique<Client>(server.port()));
        ASSERT_EQ(clients.back()->get("/")->status, 204);
    }
    ASSERT_EQ(handled.size(), 2u);
    for (const auto& [thread, count] : handled)
        EXPECT_EQ(count, 3);
}

TEST(HttpSession, finishes_what_was_begun_and_closes_the_rest_when_it_stops) {
    TestServer server;
    std::promise<sw_http_exchange*> asked;
    server.mount({.path = "/late"},
                 [&](const auto&, auto* exchange) { asked.set_value(exchange); });
    mount_echo(server);
    Client idle(server.port()), busy(server.port());
    ASSERT_EQ(idle.get("/echo")->status, 200);
    busy.send("GET /late HTTP/1.1\r\nHost: t\r\n\r\n");
    auto* exchange = asked.get_future().get();
    std::thread drain([&] { server.drain(5s); });
    EXPECT_TRUE(idle.closed_within(2s));
    answer(exchange, 200, "done");
    const auto reply = busy.reply();
    EXPECT_EQ(reply->body, "done");
    EXPECT_EQ(reply->headers.at("connection"), "close");
    EXPECT_TRUE(busy.closed_within(2s));
    drain.join();
    EXPECT_EQ(server.server().connections(), 0u);
    EXPECT_THROW(Client(server.port()), std::runtime_error);
}

TEST(HttpSession, ends_a_stop_in_time_though_a_handler_never_answers) {
    TestServer server;
    std::promise<sw_http_exchange*> asked;
    server.mount({.path = "/late"},
                 [&](const auto&, auto* exchange) { asked.set_value(exchange); });
    Client client(server.port());
    client.send("GET /late HTTP/1.1\r\nHost: t\r\n\r\n");
    asked.get_future().wait();
    server.drain(100ms);
    EXPECT_EQ(server.server().connections(), 0u);
}

TEST(HttpSession, refuses_a_request_whose_handler_went_while_its_body_came) {
    TestServer server;
    mount_echo(server);
    Client client(server.port());
    client.send(
        "POST /echo HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
    ASSERT_EQ(client.bytes(25), "HTTP/1.1 100 Continue\r\n\r\n");
    server.unmount();
    EXPECT_EQ(client.reply()->status, 503);
    EXPECT_EQ(Client(server.port()).get("/echo")->status, 404);
}

TEST(HttpSession, counts_and_times_what_it_answers) {
    TestServer server;
    mount_echo(server);
    Client client(server.port());
    client.get("/echo");
    client.get("/echo");
    client.get("/nothing");
    const std::string name = "streamwall_http_server_requests_total ";
    EXPECT_EQ(server.fake().metric(name + "method=GET endpoint=/echo status=200"), 2);
    EXPECT_EQ(server.fake().metric(name + "method=other endpoint=unmatched status=404"), 1);
    EXPECT_EQ(server.fake().metric("streamwall_http_server_active_connections"), 1);
}

// ---- Who may.

constexpr std::string_view kBearer = "Authorization: Bearer sw_test-key-0123456789\r\n";

struct AccessCase {
    const char* name;
    std::string headers;
    int open, admin;
};

TEST(HttpAccess, denies_by_default_and_lets_the_key_through) {
    TestServer server;
    Seen seen;
    const Handler record = [&](const auto& request, auto* exchange) {
        seen = copy(request);
        answer(exchange, 200, "");
    };
    server.mount({.path = "/open"}, record);
    server.mount({.path = "/admin", .access = SW_HTTP_ADMIN}, record);
    server.mount({.path = "/feed", .access = SW_HTTP_VIEWER, .flags = SW_HTTP_QUERY_TOKEN}, record);
    const AccessCase kCases[] = {
        {"none", "", 200, 401},
        {"the key", std::string(kBearer), 200, 200},
        {"scheme in capitals", "Authorization: BEARER sw_test-key-0123456789\r\n", 200, 200},
        {"another key", "Authorization: Bearer sw_test-key-0123456788\r\n", 200, 401},
        {"empty key", "Authorization: Bearer \r\n", 200, 401},
        {"another scheme", "Authorization: Basic sw_test-key-0123456789\r\n", 200, 401},
        {"two headers", std::string(kBearer) + std::string(kBearer), 200, 401},
    };
    for (const auto& each : kCases) {
        SCOPED_TRACE(each.name);
        Client client(server.port());
        EXPECT_EQ(client.get("/open", each.headers)->status, each.open);
        const auto reply = client.get("/admin", each.headers);
        EXPECT_EQ(reply->status, each.admin);
        EXPECT_EQ(reply->headers.contains("www-authenticate"), each.admin == 401);
    }
    Client client(server.port());
    ASSERT_EQ(client.get("/admin", kBearer)->status, 200);
    EXPECT_EQ(seen.principal, "key:bootstrap");
    EXPECT_EQ(seen.role, "admin");
    // A token in the query counts where the route says so, and no handler sees it.
    EXPECT_EQ(client.get("/admin?token=sw_test-key-0123456789")->status, 401);
    EXPECT_EQ(client.get("/feed?token=wrong")->status, 401);
    EXPECT_EQ(client.get("/feed?a=1&token=sw_test-key-0123456789&b=2")->status, 200);
    EXPECT_EQ(seen.query, "a=1&b=2");
    EXPECT_EQ(seen.target, "/feed?a=1&b=2");
}

TEST(HttpAccess, never_logs_or_measures_the_key) {
    TestServer server;
    server.mount({.path = "/feed", .flags = SW_HTTP_QUERY_TOKEN},
                 [](const auto&, auto*) { throw std::runtime_error("x"); });
    Client client(server.port());
    client.get("/feed?token=sw_test-key-0123456789", kBearer);
    client.get("/nothing?token=sw_test-key-0123456789");
    ASSERT_FALSE(server.fake().log_lines().empty());
    for (const auto& line : server.fake().log_lines()) {
        EXPECT_EQ(line.find("sw_test"), std::string::npos) << line;
    }
}

TEST(HttpAccess, limits_strangers_by_address_and_says_when_to_come_back) {
    auto options = TestServer::quick_options();
    options.rate_limits = RateLimits{.address = 3, .user = 5, .key = 7};
    TestServer server(options);
    mount_echo(server);
    server.mount({.path = "/health", .flags = SW_HTTP_UNCOUNTED},
                 [](const auto&, auto* exchange) { answer(exchange, 200, ""); });
    Client client(server.port());
    for (int left = 2; left >= 0; --left) {
        const auto reply = client.get("/echo", left == 1 ? "Authorization: Bearer bad\r\n" : "");
        EXPECT_EQ(reply->status, 200);
        EXPECT_EQ(reply->headers.at("x-ratelimit-limit"), "3");
        EXPECT_EQ(reply->headers.at("x-ratelimit-remaining"), std::to_string(left));
    }
    const auto refused = client.get("/echo");
    EXPECT_EQ(refused->status, 429);
    EXPECT_GT(std::stoi(refused->headers.at("retry-after")), 50);
    EXPECT_GT(std::stoll(refused->headers.at("x-ratelimit-reset")), std::time(nullptr) + 50);
    EXPECT_EQ(client.get("/nothing")->status, 429);
    const auto health = client.get("/health");
    EXPECT_EQ(health->status, 200);
    EXPECT_FALSE(health->headers.contains("x-ratelimit-limit"));
    // The key has a budget of its own.
    for (int i = 0; i < 7; ++i)
        EXPECT_EQ(client.get("/echo", kBearer)->status, 200);
    EXPECT_EQ(client.get("/echo", kBearer)->status, 429);
}

}  // namespace
}  // namespace streamwall::http_server::testing
