// What is agreed with clients and what stands between: compression, other origins, proxies,
// cookies.
#include "address.hpp"
#include "auth.hpp"
#include "compression.hpp"
#include "cors.hpp"
#include "test_support.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include <stdexcept>

namespace streamwall::http_server::testing {
namespace {

std::string unzipped(std::string_view text) {
    z_stream z{};
    EXPECT_EQ(inflateInit2(&z, 15 + 16), Z_OK);
    std::string out(1 << 20, '\0');
    z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    z.avail_in = static_cast<uInt>(text.size());
    z.next_out = reinterpret_cast<Bytef*>(out.data());
    z.avail_out = static_cast<uInt>(out.size());
    EXPECT_EQ(inflate(&z, Z_FINISH), Z_STREAM_END);
    out.resize(z.total_out);
    inflateEnd(&z);
    return out;
}

TEST(Compression, is_taken_by_who_asks_for_it) {
    const std::pair<std::string_view, bool> cases[] = {
        {"gzip", true},
        {"GZIP", true},
        {"x-gzip", true},
        {"gzip;q=0.001", true},
        {"gzip ; q=1", true},
        {"deflate, gzip;q=0.5, br", true},
        {"*", true},
        {"*;q=0.1", true},
        {"", false},
        {"identity", false},
        {"br, deflate", false},
        {"gzip;q=0", false},
        {"gzip;q=0.000", false},
        {"*;q=0", false},
        {"gzip;q=0, *", false},
        {"*;q=0, gzip", true},
        {"gzipped", false},
        {"identity;q=0", false},
        {"gzip;Q=0", false},
        {"gzip;level=0;q=0", false},
        {"gzip;q=", true},
        {";;,,=", false},
    };
    for (const auto& [header, takes] : cases)
        EXPECT_EQ(takes_gzip(header), takes) << header;
}

TEST(Compression, leaves_alone_what_gets_no_smaller_or_must_not_be_touched) {
    const std::pair<std::string_view, bool> cases[] = {
        {"content-type: application/json\r\n", true},
        {"Content-Type: Application/JSON; charset=utf-8\r\n", true},
        {"content-type: application/problem+json\r\n", true},
        {"content-type: text/html; charset=utf-8\r\n", true},
        {"content-type: text/csv\r\n", true},
        {"content-type: image/svg+xml\r\n", true},
        {"content-type: image/png\r\n", false},
        {"content-type: application/octet-stream\r\n", false},
        {"", false},
        {"content-type: application/json\r\ncontent-encoding: br\r\n", false},
        {"content-type: application/json\r\ncontent-range: bytes 0-1/2\r\n", false},
        {"content-type: application/json\r\ncache-control: no-store\r\n", false},
        {"content-type: application/json\r\ncache-control: public, no-transform\r\n", false},
        {"content-type: application/json\r\ncache-control: max-age=5\r\n", true},
    };
    for (const auto& [lines, may] : cases)
        EXPECT_EQ(kind_of_body(lines).may_compress(), may) << lines;
}

class CompressionOverSockets : public ::testing::Test {
  protected:
    static Options options() {
        auto out = TestServer::quick_options();
        out.compress_min = 1000;
        out.compress_max = 100'000;
        return out;
    }
    CompressionOverSockets() {
        server.mount({.path = "/text/{size}"}, [this](const auto& request, auto* exchange) {
            const auto size = std::stoul(copy(request).parameters[0]);
            answer(exchange, status, std::string(size, 'x'),
                   {{"content-type", "application/json"}, {"etag", tag}});
        });
    }
    int status = 200;
    std::string tag = "\"5\"";
    TestServer server{options()};
    Client client{server.port()};
    static constexpr std::string_view kGzip = "Accept-Encoding: gzip\r\n";
};

TEST_F(CompressionOverSockets, makes_answers_smaller_with_a_weak_tag) {
    for (const std::size_t size : {1000, 70'000}) {
        const auto path = "/text/" + std::to_string(size);
        const auto reply = client.get(path, kGzip);
        ASSERT_TRUE(reply);
        EXPECT_EQ(reply->headers.at("content-encoding"), "gzip");
        EXPECT_EQ(reply->headers.at("vary"), "Accept-Encoding");
        EXPECT_EQ(reply->headers.at("etag"), "W/\"5\"");
        EXPECT_EQ(reply->headers.at("content-length"), std::to_string(reply->body.size()));
        EXPECT_EQ(unzipped(reply->body), std::string(size, 'x'));
        const auto plain = client.get(path);
        EXPECT_FALSE(plain->headers.contains("content-encoding"));
        EXPECT_EQ(plain->headers.at("vary"), "Accept-Encoding");
        EXPECT_EQ(plain->headers.at("etag"), "\"5\"");
        EXPECT_EQ(plain->body.size(), size);
    }
}

TEST_F(CompressionOverSockets, is_not_worth_it_for_small_and_too_large_bodies) {
    const auto small = client.get("/text/999", kGzip);
    EXPECT_FALSE(small->headers.contains("content-encoding"));
    EXPECT_FALSE(small->headers.contains("vary"));
    const auto large = client.get("/text/100001", kGzip);
    EXPECT_FALSE(large->headers.contains("content-encoding"));
    EXPECT_EQ(large->body.size(), 100'001u);
}

TEST_F(CompressionOverSockets, shows_the_same_head_to_HEAD_and_keeps_the_connection_in_step) {
    client.send("HEAD /text/5000 HTTP/1.1\r\nHost: t\r\nAccept-Encoding: gzip\r\n\r\n");
    const auto head = client.reply(true);
    ASSERT_TRUE(head);
    EXPECT_EQ(head->headers.at("content-encoding"), "gzip");
    const auto whole = client.get("/text/5000", kGzip);
    EXPECT_EQ(head->headers.at("content-length"), whole->headers.at("content-length"));
}

TEST_F(CompressionOverSockets, compresses_errors_and_says_of_304_what_it_depends_on) {
    status = 404;
    EXPECT_EQ(client.get("/text/5000", kGzip)->headers.at("content-encoding"), "gzip");
    status = 304;
    tag = "W/\"5\"";
    const auto unchanged = client.get("/text/0", kGzip);
    EXPECT_EQ(unchanged->status, 304);
    EXPECT_EQ(unchanged->headers.at("vary"), "Accept-Encoding");
    EXPECT_FALSE(unchanged->headers.contains("content-encoding"));
}

class CorsOverSockets : public ::testing::Test {
  protected:
    static Options options(CorsSettings settings) {
        auto out = TestServer::quick_options();
        out.cors = Cors(std::move(settings));
        out.rate_limits = RateLimits{.address = 2};
        return out;
    }
    static constexpr std::string_view kOrigin = "Origin: https://wall.example.org\r\n";
    static std::string ask(std::string_view path, std::string_view origin) {
        return "OPTIONS " + std::string(path) + " HTTP/1.1\r\nHost: t\r\n" + std::string(origin) +
               "Access-Control-Request-Method: PUT\r\n\r\n";
    }
    explicit CorsOverSockets(CorsSettings settings = {.origins = {"https://wall.example.org",
                                                                  "http://localhost:5173"},
                                                      .methods = {"GET", "PUT"},
                                                      .credentials = true})
        : server(options(std::move(settings))) {
        for (const char* method : {"GET", "PUT", "DELETE"}) {
            server.mount({.method = method, .path = "/thing", .access = SW_HTTP_EDITOR},
                         [](const auto&, auto* exchange) { answer(exchange, 200, "{}"); });
        }
    }
    TestServer server;
    Client client{server.port()};
};

TEST_F(CorsOverSockets, lets_the_pages_of_configured_origins_read_even_refusals) {
    const auto reply = client.get("/thing", kOrigin);
    EXPECT_EQ(reply->status, 401);
    EXPECT_EQ(reply->headers.at("access-control-allow-origin"), "https://wall.example.org");
    EXPECT_EQ(reply->headers.at("access-control-allow-credentials"), "true");
    EXPECT_EQ(reply->headers.at("vary"), "Origin");
    EXPECT_NE(reply->headers.at("access-control-expose-headers").find("ETag"), std::string::npos);
}

TEST_F(CorsOverSockets, tells_others_nothing_but_that_the_answer_varies) {
    const std::string_view origins[] = {"Origin: https://wall.example.org.evil.com\r\n",
                                        "Origin: https://WALL.example.org\r\n",
                                        "Origin: http://wall.example.org\r\n",
                                        "Origin: null\r\n",
                                        "Origin: \r\n",
                                        ""};
    for (const auto origin : origins) {
        Client another(server.port());
        const auto reply = another.get("/thing", origin);
        EXPECT_FALSE(reply->headers.contains("access-control-allow-origin")) << origin;
        EXPECT_EQ(reply->headers.at("vary"), "Origin") << origin;
    }
}

TEST_F(CorsOverSockets, answers_a_preflight_without_credentials_and_uncounted) {
    for (int i = 0; i < 5; ++i) {
        client.send(ask("/thing", kOrigin));
        const auto reply = client.reply();
        ASSERT_TRUE(reply);
        EXPECT_EQ(reply->status, 204);
        EXPECT_EQ(reply->headers.at("access-control-allow-origin"), "https://wall.example.org");
        EXPECT_EQ(reply->headers.at("access-control-allow-methods"), "GET, PUT");
        EXPECT_NE(reply->headers.at("access-control-allow-headers").find("Authorization"),
                  std::string::npos);
        EXPECT_EQ(reply->headers.at("access-control-max-age"), "600");
    }
}

TEST_F(CorsOverSockets, refuses_a_preflight_of_others_by_saying_nothing) {
    client.send(ask("/thing", "Origin: https://evil.example.org\r\n"));
    const auto reply = client.reply();
    EXPECT_FALSE(reply->headers.contains("access-control-allow-origin"));
    EXPECT_FALSE(reply->headers.contains("access-control-allow-methods"));
    client.send(ask("/nothing", kOrigin));
    EXPECT_EQ(client.reply()->status, 404);
}

TEST(CorsSettings, refuse_what_would_open_too_much_or_is_no_origin) {
    const CorsSettings bad[] = {{.origins = {"*"}, .credentials = true},
                                {.origins = {"*", "https://a.example"}},
                                {.origins = {"https://a.example/"}},
                                {.origins = {"https://a.example/path"}},
                                {.origins = {"a.example"}},
                                {.origins = {"https://A.example"}},
                                {.origins = {"ftp://a.example"}},
                                {.origins = {"https://*.example"}},
                                {.origins = {"null"}},
                                {.origins = {""}}};
    for (const auto& settings : bad)
        EXPECT_THROW(Cors{settings}, std::invalid_argument) << settings.origins.front();
    EXPECT_FALSE(Cors(CorsSettings{}).is_on());
    EXPECT_TRUE(Cors({.origins = {"*"}}).is_on());
    EXPECT_TRUE(Cors({.origins = {"http://[::1]:8080"}}).is_on());
}

TEST(Addresses, are_read_with_and_without_a_port) {
    const std::pair<std::string_view, std::string_view> good[] = {
        {"192.0.2.1", "192.0.2.1"},
        {" 192.0.2.1:80 ", "192.0.2.1"},
        {"2001:db8::1", "2001:db8::1"},
        {"[2001:db8::1]", "2001:db8::1"},
        {"[2001:db8::1]:80", "2001:db8::1"}};
    for (const auto& [text, address] : good) {
        const auto parsed = parse_address(text);
        ASSERT_TRUE(parsed) << text;
        EXPECT_EQ(parsed->text, address);
    }
    for (const std::string_view text : {"", "unknown", "_hidden", "192.0.2", "192.0.2.256",
                                        "[2001:db8::1", "[::1]x", "192.0.2.1 2", "::1%lo"})
        EXPECT_FALSE(parse_address(text)) << text;
    EXPECT_FALSE(parse_address(std::string(1000, '1')));
}

TEST(TrustedProxies, are_addresses_and_networks) {
    const TrustedProxies proxies({"10.0.0.0/8", "192.0.2.7", "2001:db8::/33", "::1/128"});
    const std::pair<std::string_view, bool> cases[] = {
        {"10.255.0.1", true}, {"11.0.0.1", false},      {"192.0.2.7", true},
        {"192.0.2.6", false}, {"2001:db8::1", true},    {"2001:db8:8000::1", false},
        {"::1", true},        {"::ffff:10.0.0.1", true}};
    for (const auto& [text, contained] : cases)
        EXPECT_EQ(proxies.contains(parse_address(text)->bytes), contained) << text;
    for (const std::string text : {"", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/-1", "x/8"})
        EXPECT_THROW(TrustedProxies({text}), std::invalid_argument) << text;
    EXPECT_FALSE(TrustedProxies().contains({}));
}

class Proxied : public ::testing::Test {
  protected:
    static Options options(std::vector<std::string> networks) {
        auto out = TestServer::quick_options();
        out.trusted_proxies = TrustedProxies(networks);
        return out;
    }
    static std::string peer_seen(std::vector<std::string> networks, std::string_view headers) {
        TestServer server(options(std::move(networks)));
        server.mount({.path = "/peer"}, [](const auto& request, auto* exchange) {
            answer(exchange, 200, copy(request).peer);
        });
        Client client(server.port());
        return client.get("/peer", headers)->body;
    }
};

TEST_F(Proxied, clients_are_whom_the_nearest_trusted_proxies_saw) {
    const std::pair<std::string_view, std::string_view> cases[] = {
        {"", "127.0.0.1"},
        {"X-Forwarded-For: 198.51.100.1\r\n", "198.51.100.1"},
        {"X-Forwarded-For: 6.6.6.6, 198.51.100.1\r\n", "198.51.100.1"},
        {"X-Forwarded-For: 198.51.100.1, 10.1.1.1\r\n", "198.51.100.1"},
        {"X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 198.51.100.1 ,10.1.1.1\r\n", "198.51.100.1"},
        {"X-Forwarded-For: 6.6.6.6, rubbish, 10.1.1.1\r\n", "10.1.1.1"},
        {"X-Forwarded-For: rubbish\r\n", "127.0.0.1"},
        {"X-Forwarded-For: ,,\r\n", "127.0.0.1"},
        {"X-Forwarded-For: [2001:db8::5]:1234\r\n", "2001:db8::5"},
    };
    for (const auto& [headers, peer] : cases)
        EXPECT_EQ(peer_seen({"127.0.0.0/8", "10.0.0.0/8"}, headers), peer) << headers;
}

TEST_F(Proxied, what_others_say_of_themselves_is_not_believed) {
    EXPECT_EQ(peer_seen({}, "X-Forwarded-For: 198.51.100.1\r\n"), "127.0.0.1");
    EXPECT_EQ(peer_seen({"10.0.0.0/8"}, "X-Forwarded-For: 198.51.100.1\r\n"), "127.0.0.1");
}

TEST_F(Proxied, the_nearest_trusted_proxy_says_whether_its_client_speaks_tls) {
    const auto is_secure = [](std::vector<std::string> networks, std::string_view headers) {
        TestServer server(options(std::move(networks)));
        server.mount({.path = "/"}, [](const auto& request, auto* exchange) {
            answer(exchange, 200, copy(request).is_secure ? "tls" : "plain");
        });
        Client client(server.port());
        return client.get("/", headers)->body;
    };
    const std::pair<std::string_view, std::string_view> cases[] = {
        {"", "plain"},
        {"X-Forwarded-Proto: https\r\n", "tls"},
        {"X-Forwarded-Proto: HTTPS\r\n", "tls"},
        {"X-Forwarded-Proto: http\r\n", "plain"},
        {"X-Forwarded-Proto: http, https\r\n", "tls"},
        {"X-Forwarded-Proto: https\r\nX-Forwarded-Proto: http\r\n", "plain"},
        {"X-Forwarded-Proto: ,\r\n", "plain"},
        {"X-Forwarded-Proto: httpsx\r\n", "plain"},
    };
    for (const auto& [headers, expected] : cases)
        EXPECT_EQ(is_secure({"127.0.0.0/8"}, headers), expected) << headers;
    EXPECT_EQ(is_secure({"10.0.0.0/8"}, "X-Forwarded-Proto: https\r\n"), "plain")
        << "anybody could say that";
}

TEST_F(Proxied, each_client_behind_a_proxy_has_a_limit_of_its_own) {
    auto limited = options({"127.0.0.1"});
    limited.rate_limits = RateLimits{.address = 1};
    TestServer server(limited);
    server.mount({.path = "/"}, [](const auto&, auto* exchange) { answer(exchange, 200, ""); });
    const auto status = [&](std::string address) {
        Client client(server.port());
        return client.get("/", "X-Forwarded-For: " + address + "\r\n")->status;
    };
    EXPECT_EQ(status("198.51.100.1"), 200);
    EXPECT_EQ(status("198.51.100.1"), 429);
    EXPECT_EQ(status("198.51.100.2"), 200);
    EXPECT_EQ(status("2001:db8:1:2::1"), 200);
    EXPECT_EQ(status("2001:db8:1:2:ffff::2"), 429) << "one /64 is one client";
    EXPECT_EQ(status("2001:db8:1:3::1"), 200);
}

TEST_F(Proxied, strangers_are_refused_before_their_credentials_are_looked_at) {
    auto closed = options({"127.0.0.1"});
    closed.allowed_clients = Networks("allowed_clients", {"198.51.100.0/24", "2001:db8::/32"});
    TestServer server(closed);
    server.mount({.path = "/", .access = SW_HTTP_ADMIN},
                 [](const auto&, auto* exchange) { answer(exchange, 200, ""); });
    const auto asked = [&](std::string_view address, std::string_view key) {
        Client client(server.port());
        return client.get("/", "X-Forwarded-For: " + std::string(address) +
                                   "\r\nAuthorization: Bearer " + std::string(key) + "\r\n");
    };
    EXPECT_EQ(asked("198.51.100.7", kKey)->status, 200);
    EXPECT_EQ(asked("2001:db8::7", kKey)->status, 200);
    EXPECT_EQ(asked("198.51.100.7", "wrong")->status, 401);
    const auto right = asked("192.0.2.1", kKey), wrong = asked("192.0.2.1", "wrong");
    EXPECT_EQ(right->status, 403);
    EXPECT_NE(right->body.find("client_not_allowed"), std::string::npos);
    EXPECT_EQ(wrong->status, 403);
    EXPECT_THROW(Networks("allowed_clients", {"here"}), std::invalid_argument);
}

TEST_F(Proxied, bodies_that_come_late_still_have_their_client) {
    TestServer server(options({"127.0.0.1"}));
    server.mount({.method = "POST", .path = "/"}, [](const auto& request, auto* exchange) {
        answer(exchange, 200, copy(request).peer);
    });
    Client client(server.port());
    client.send(
        "POST / HTTP/1.1\r\nHost: t\r\nX-Forwarded-For: 198.51.100.1\r\n"
        "Content-Length: 2\r\nExpect: 100-continue\r\n\r\n");
    client.bytes(25);
    client.send("{}");
    EXPECT_EQ(client.reply()->body, "198.51.100.1");
}

class CookieSession : public ::testing::Test {
  protected:
    CookieSession() {
        for (const char* method : {"GET", "POST", "DELETE"}) {
            server.mount({.method = method, .path = "/thing", .access = SW_HTTP_VIEWER},
                         [](const auto& request, auto* exchange) {
                             answer(exchange, 200, copy(request).principal);
                         });
        }
        server.mount({.method = "POST", .path = "/login"},
                     [](const auto&, auto* exchange) { answer(exchange, 200, ""); });
    }
    int status(std::string_view method, std::string_view path, std::string_view headers) {
        Client client(server.port());
        client.send(std::string(method).append(" ").append(path).append(
            " HTTP/1.1\r\nHost: t\r\nContent-Length: 0\r\n" + std::string(headers) + "\r\n"));
        return client.reply()->status;
    }
    TestServer server;
    const std::string cookie =
        "Cookie: other=1; streamwall_session=" + std::string(kKey) + "; more=2\r\n";
    const std::string token = "X-CSRF-Token: " + csrf_token_of(kKey) + "\r\n";
};

TEST_F(CookieSession, reads_by_its_cookie_alone) {
    EXPECT_EQ(status("GET", "/thing", cookie), 200);
    EXPECT_EQ(status("GET", "/thing", "Cookie: streamwall_session=wrong\r\n"), 401);
    EXPECT_EQ(status("GET", "/thing", "Cookie: xstreamwall_session=" + std::string(kKey) + "\r\n"),
              401);
    EXPECT_EQ(status("GET", "/thing", "Cookie: streamwall_session\r\n"), 401);
    EXPECT_EQ(status("GET", "/thing", ""), 401);
}

TEST_F(CookieSession, changes_nothing_without_the_token_that_only_its_pages_know) {
    for (const auto* method : {"POST", "DELETE"}) {
        EXPECT_EQ(status(method, "/thing", cookie), 403);
        EXPECT_EQ(status(method, "/thing", cookie + "X-CSRF-Token: \r\n"), 403);
        EXPECT_EQ(status(method, "/thing", cookie + "X-CSRF-Token: " + csrf_token_of("x") + "\r\n"),
                  403);
        EXPECT_EQ(status(method, "/thing", cookie + token + token), 403);
        EXPECT_EQ(status(method, "/thing", cookie + token), 200);
    }
}

TEST_F(CookieSession, is_no_matter_where_a_header_authenticates_or_anybody_may) {
    const std::string bearer = "Authorization: Bearer " + std::string(kKey) + "\r\n";
    EXPECT_EQ(status("POST", "/thing", bearer), 200);
    EXPECT_EQ(status("POST", "/thing", bearer + cookie), 200);
    EXPECT_EQ(status("POST", "/thing", "Authorization: Bearer wrong\r\n" + cookie + token), 401);
    EXPECT_EQ(status("POST", "/login", cookie), 200);
}

}  // namespace
}  // namespace streamwall::http_server::testing
