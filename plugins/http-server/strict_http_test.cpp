// Odd and hostile requests over a real socket, each followed by a canary: a second request that
// must be answered exactly where the first one ended beyond doubt, and must never be smuggled into
// it.
#include "test_support.hpp"

#include <gtest/gtest.h>

namespace streamwall::http_server::testing {
namespace {

struct Case {
    const char* name;
    std::string bytes;
    int status;    // of the first answer; 0: closed without one
    bool goes_on;  // the canary behind it is answered
};

std::string get(const std::string& line, const std::string& headers = "Host: t\r\n") {
    return line + "\r\n" + headers + "\r\n";
}
std::string post(const std::string& headers, const std::string& body = "") {
    return "POST /echo HTTP/1.1\r\nHost: t\r\n" + headers + "\r\n" + body;
}
std::string chunked(const std::string& body) {
    return post("Transfer-Encoding: chunked\r\n", body);
}
std::string repeat(const std::string& text, std::size_t times) {
    std::string out;
    for (std::size_t i = 0; i < times; ++i)
        out += text;
    return out;
}

const std::vector<Case>& cases() {
    static const std::vector<Case> kCases = {
        // The request line.
        {"plain", get("GET /echo HTTP/1.1"), 200, true},
        {"empty line before it", "\r\n" + get("GET /echo HTTP/1.1"), 200, true},
        {"blank before it", " " + get("GET /echo HTTP/1.1"), 400, false},
        {"two blanks", get("GET  /echo HTTP/1.1"), 400, false},
        {"tab as blank", get("GET\t/echo HTTP/1.1"), 400, false},
        {"blank at the end", get("GET /echo HTTP/1.1 "), 400, false},
        {"no version (0.9)", get("GET /echo"), 400, false},
        {"version 1.0 closes", get("GET /echo HTTP/1.0"), 200, false},
        {"version 1.0 keeps alive where asked",
         get("GET /echo HTTP/1.0", "Host: t\r\nConnection: keep-alive\r\n"), 200, true},
        {"version 1.0 needs no host", get("GET /echo HTTP/1.0", ""), 200, false},
        {"version 2.0", get("GET /echo HTTP/2.0"), 505, false},
        {"preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, false},
        {"version 1.2", get("GET /echo HTTP/1.2"), 400, false},
        {"version in lower case", get("GET /echo http/1.1"), 400, false},
        {"version with two digits", get("GET /echo HTTP/1.10"), 400, false},
        {"odd characters in the method", get("G\"T /echo HTTP/1.1"), 400, false},
        {"method in lower case", get("get /echo HTTP/1.1"), 501, true},
        {"unknown method", get("BREW /echo HTTP/1.1"), 501, true},
        {"method not of this path", get("DELETE /echo HTTP/1.1"), 405, true},
        {"TRACE", get("TRACE /echo HTTP/1.1"), 405, true},
        {"CONNECT", get("CONNECT t:80 HTTP/1.1"), 400, false},
        {"OPTIONS of a path", get("OPTIONS /echo HTTP/1.1"), 204, true},
        {"OPTIONS of all", get("OPTIONS * HTTP/1.1"), 204, true},
        {"star with another method", get("GET * HTTP/1.1"), 400, false},
        // The target.
        {"absolute form", get("GET http://t/echo HTTP/1.1"), 200, true},
        {"absolute form of another scheme", get("GET ftp://t/echo HTTP/1.1"), 400, false},
        {"absolute form with user", get("GET http://u@t/echo HTTP/1.1"), 400, false},
        {"no leading slash", get("GET echo HTTP/1.1"), 400, false},
        {"NUL in the target", get(std::string("GET /e\0cho HTTP/1.1", 19)), 400, false},
        {"raw byte above ASCII", get("GET /\xC3\xA9 HTTP/1.1"), 400, false},
        {"fragment", get("GET /echo#x HTTP/1.1"), 400, false},
        {"broken escape", get("GET /p/%zz HTTP/1.1"), 400, true},
        {"cut escape", get("GET /p/%4 HTTP/1.1"), 400, true},
        {"escaped NUL", get("GET /p/%00 HTTP/1.1"), 400, true},
        {"escape that is no UTF-8", get("GET /p/%ff HTTP/1.1"), 400, true},
        {"escaped slash is part of a segment", get("GET /p/a%2Fb HTTP/1.1"), 200, true},
        {"unknown path", get("GET /nothing HTTP/1.1"), 404, true},
        {"path one level deeper", get("GET /echo/ HTTP/1.1"), 404, true},
        {"target of 8 KiB", get("GET /echo?" + repeat("a", 8186) + " HTTP/1.1"), 200, true},
        {"target over 8 KiB", get("GET /echo?" + repeat("a", 8187) + " HTTP/1.1"), 414, false},
        {"endless target", "GET /" + repeat("a", 20000), 414, false},
        // Lines and fields.
        {"bare LF after the request line", "GET /echo HTTP/1.1\nHost: t\r\n\r\n", 400, false},
        {"bare LF after a field", "GET /echo HTTP/1.1\r\nHost: t\n\r\n", 400, false},
        {"bare LF as the end", "GET /echo HTTP/1.1\r\nHost: t\r\n\n", 400, false},
        {"bare CR in a value", get("GET /echo HTTP/1.1", "Host: t\r\nX: a\rb\r\n"), 400, false},
        {"NUL in a value", get("GET /echo HTTP/1.1", std::string("Host: t\r\nX: a\0b\r\n", 17)),
         400, false},
        {"control character in a value",
         get("GET /echo HTTP/1.1",
             "Host: t\r\nX: a\x01"
             "b\r\n"),
         400, false},
        {"folded line", get("GET /echo HTTP/1.1", "Host: t\r\nX: a\r\n b\r\n"), 400, false},
        {"folded by a tab", get("GET /echo HTTP/1.1", "Host: t\r\nX: a\r\n\tb\r\n"), 400, false},
        {"first field folded", get("GET /echo HTTP/1.1", " X: a\r\nHost: t\r\n"), 400, false},
        {"blank before the colon", get("GET /echo HTTP/1.1", "Host : t\r\n"), 400, false},
        {"no colon", get("GET /echo HTTP/1.1", "Host: t\r\nnonsense\r\n"), 400, false},
        {"empty name", get("GET /echo HTTP/1.1", "Host: t\r\n: x\r\n"), 400, false},
        {"odd character in a name", get("GET /echo HTTP/1.1", "Host: t\r\nX(y): x\r\n"), 400,
         false},
        {"byte above ASCII in a value", get("GET /echo HTTP/1.1", "Host: t\r\nX: \xC3\xA9\r\n"),
         200, true},
        {"empty value", get("GET /echo HTTP/1.1", "Host: t\r\nX:\r\n"), 200, true},
        {"a head of 16 KiB and more",
         get("GET /echo HTTP/1.1", "Host: t\r\nX: " + repeat("a", 16400) + "\r\n"), 431, false},
        {"endless head", "GET /echo HTTP/1.1\r\n" + repeat("X: y\r\n", 5000), 431, false},
        {"101 fields", get("GET /echo HTTP/1.1", "Host: t\r\n" + repeat("X: y\r\n", 100)), 431,
         false},
        // Host.
        {"no host", get("GET /echo HTTP/1.1", ""), 400, false},
        {"two hosts", get("GET /echo HTTP/1.1", "Host: t\r\nHost: t\r\n"), 400, false},
        {"empty host", get("GET /echo HTTP/1.1", "Host:\r\n"), 400, false},
        {"host with a path", get("GET /echo HTTP/1.1", "Host: t/x\r\n"), 400, false},
        {"host with a user", get("GET /echo HTTP/1.1", "Host: u@t\r\n"), 400, false},
        {"two hosts in one", get("GET /echo HTTP/1.1", "Host: a, b\r\n"), 400, false},
        {"host with a bad port", get("GET /echo HTTP/1.1", "Host: t:99999\r\n"), 400, false},
        {"host of IPv6", get("GET /echo HTTP/1.1", "Host: [::1]:80\r\n"), 200, true},
        {"broken host of IPv6", get("GET /echo HTTP/1.1", "Host: [::1\r\n"), 400, false},
        // Lengths.
        {"body of a length", post("Content-Length: 5\r\n", "hello"), 200, true},
        {"no length, no body", post(""), 200, true},
        {"two equal lengths", post("Content-Length: 5\r\nContent-Length: 5\r\n", "hello"), 400,
         false},
        {"two lengths", post("Content-Length: 5\r\nContent-Length: 6\r\n", "hello"), 400, false},
        {"list of lengths", post("Content-Length: 5, 5\r\n", "hello"), 400, false},
        {"negative length", post("Content-Length: -1\r\n"), 400, false},
        {"length with a sign", post("Content-Length: +5\r\n", "hello"), 400, false},
        {"length in hex", post("Content-Length: 0x5\r\n", "hello"), 400, false},
        {"empty length", post("Content-Length:\r\n", "hello"), 400, false},
        {"length past 64 bits", post("Content-Length: 18446744073709551621\r\n", "hello"), 400,
         false},
        {"length over the limit", post("Content-Length: 2000\r\n"), 413, false},
        {"length over the limit, all there", post("Content-Length: 2000\r\n", repeat("x", 2000)),
         413, true},
        {"both lengths", post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
         400, false},
        {"both lengths, turned",
         post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n"), 400, false},
        // Transfer codings.
        {"coding in capitals", post("Transfer-Encoding: CHUNKED\r\n", "0\r\n\r\n"), 200, true},
        {"two codings", post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), 501, false},
        {"chunked and identity", post("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n"), 501,
         false},
        {"coding twice",
         post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400,
         false},
        {"coding with a prefix", post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"), 501, false},
        {"quoted coding", post("Transfer-Encoding: \"chunked\"\r\n", "0\r\n\r\n"), 501, false},
        {"folded coding", post("Transfer-Encoding:\r\n chunked\r\n", "0\r\n\r\n"), 400, false},
        {"coding with a vertical tab", post("Transfer-Encoding: \vchunked\r\n", "0\r\n\r\n"), 400,
         false},
        {"blank before the coding's colon", post("Transfer-Encoding : chunked\r\n", "0\r\n\r\n"),
         400, false},
        {"coding in HTTP/1.0",
         "POST /echo HTTP/1.0\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n"
         "0\r\n\r\n",
         400, false},
        // Chunks.
        {"chunks", chunked("5\r\nhello\r\n0\r\n\r\n"), 200, true},
        {"chunk size in hex with zeros", chunked("000A\r\nhellohello\r\n0\r\n\r\n"), 200, true},
        {"chunk extension", chunked("5;a=b\r\nhello\r\n0;c\r\n\r\n"), 200, true},
        {"trailer", chunked("5\r\nhello\r\n0\r\nX: y\r\n\r\n"), 200, true},
        {"empty chunk size", chunked("\r\nhello\r\n0\r\n\r\n"), 400, false},
        {"negative chunk size", chunked("-5\r\nhello\r\n0\r\n\r\n"), 400, false},
        {"chunk size with 0x", chunked("0x5\r\nhello\r\n0\r\n\r\n"), 400, false},
        {"chunk size with a blank", chunked("5 \r\nhello\r\n0\r\n\r\n"), 400, false},
        {"chunk size with 17 digits", chunked("00000000000000005\r\nhello\r\n0\r\n\r\n"), 400,
         false},
        {"chunk size that overflows", chunked("FFFFFFFFFFFFFFFF\r\nhello"), 413, false},
        {"chunk longer than its size", chunked("3\r\nhello\r\n0\r\n\r\n"), 400, false},
        {"chunk size ended by LF", chunked("5\nhello\r\n0\r\n\r\n"), 400, false},
        {"chunk ended by LF", chunked("5\r\nhello\n0\r\n\r\n"), 400, false},
        {"end ended by LF", chunked("5\r\nhello\r\n0\n\n"), 400, false},
        {"bare CR in an extension", chunked("5;a\rb\r\nhello\r\n0\r\n\r\n"), 400, false},
        {"long extension", chunked("5;" + repeat("a", 300) + "\r\nhello\r\n0\r\n\r\n"), 400, false},
        {"trailer of 64 KiB", chunked("0\r\nX: " + repeat("a", 70000) + "\r\n\r\n"), 413, false},
        {"many trailers", chunked("0\r\n" + repeat("X: y\r\n", 5000) + "\r\n"), 413, false},
        {"trailer without colon", chunked("0\r\nnonsense\r\n\r\n"), 400, false},
        {"folded trailer", chunked("0\r\nX: y\r\n z\r\n\r\n"), 400, false},
        {"chunks over the limit", chunked(repeat("1f4\r\n" + repeat("x", 500) + "\r\n", 3)), 413,
         false},
        // Connection and Expect.
        {"close", get("GET /echo HTTP/1.1", "Host: t\r\nConnection: foo, Close\r\n"), 200, false},
        {"unknown expectation", post("Expect: 200-ok\r\nContent-Length: 5\r\n", "hello"), 417,
         false},
        {"expectation with the body at once",
         post("Expect: 100-continue\r\nContent-Length: 5\r\n", "hello"), 200, true},
        {"upgrade to something else",
         get("GET /echo HTTP/1.1",
             "Host: t\r\nConnection: Upgrade\r\n"
             "Upgrade: h2c\r\n"),
         200, true},
        {"garbage", std::string("\x16\x03\x01\x02\x00\x01\n", 7), 400, false},
    };
    return kCases;
}

class StrictHttp : public ::testing::Test {
  protected:
    StrictHttp() {
        const auto echo = [](const sw_http_request& request, sw_http_exchange* exchange) {
            answer(exchange, 200, copy(request).body);
        };
        server.mount({.path = "/echo"}, echo);
        server.mount({.path = "/p/{x}"}, echo);
        server.mount({.method = "POST", .path = "/echo", .body_limit = 1000}, echo);
        server.mount({.path = "/canary"},
                     [](const auto&, auto* exchange) { answer(exchange, 200, "canary"); });
    }
    TestServer server;
};

TEST_F(StrictHttp, gives_each_request_its_one_meaning_or_none) {
    const std::string canary = get("GET /canary HTTP/1.1");
    for (const auto& each : cases()) {
        SCOPED_TRACE(each.name);
        Client client(server.port());
        client.try_send(each.bytes + canary);
        const auto first = client.reply();
        ASSERT_TRUE(first);
        EXPECT_EQ(first->status, each.status) << first->head << first->body;
        if (first->status >= 400) {
            EXPECT_EQ(first->headers.at("content-type"), "application/problem+json");
            EXPECT_NE(first->body.find("\"request_id\""), std::string::npos);
        }
        if (each.goes_on) {
            const auto second = client.reply();
            ASSERT_TRUE(second);
            EXPECT_EQ(second->body, "canary");
        } else {
            EXPECT_EQ(first->headers.at("connection"), "close");
            EXPECT_EQ(client.rest(), "");
        }
    }
}

TEST_F(StrictHttp, means_the_same_in_single_bytes) {
    for (const auto& each : cases()) {
        if (each.bytes.size() > 200) continue;
        SCOPED_TRACE(each.name);
        Client client(server.port());
        for (const char c : each.bytes) {
            if (!client.try_send(std::string_view(&c, 1))) break;
        }
        auto first = client.reply();
        // A body that is late is asked for.
        if (first && first->status == 100) first = client.reply();
        ASSERT_TRUE(first);
        EXPECT_EQ(first->status, each.status);
    }
}

TEST_F(StrictHttp, still_serves_after_all_of_it) {
    for (const auto& each : cases())
        Client(server.port()).try_send(each.bytes);
    EXPECT_EQ(Client(server.port()).get("/canary")->body, "canary");
}

TEST_F(StrictHttp, answers_HEAD_as_GET_without_the_body) {
    Client client(server.port());
    client.send(get("HEAD /canary HTTP/1.1"));
    const auto reply = client.reply(true);
    EXPECT_EQ(reply->status, 200);
    EXPECT_EQ(reply->headers.at("content-length"), "6");
    EXPECT_EQ(client.get("/canary")->body, "canary");
}

TEST_F(StrictHttp, names_the_methods_of_a_path) {
    Client client(server.port());
    client.send(get("DELETE /echo HTTP/1.1"));
    EXPECT_EQ(client.reply()->headers.at("allow"), "GET, POST, HEAD, OPTIONS");
}

TEST_F(StrictHttp, asks_for_an_expected_body_only_once_the_head_is_accepted) {
    Client client(server.port());
    client.send(post("Expect: 100-continue\r\nContent-Length: 5\r\n"));
    EXPECT_EQ(client.bytes(25), "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("hello");
    EXPECT_EQ(client.reply()->body, "hello");
    client.send(post("Expect: 100-continue\r\nContent-Length: 5000\r\n"));
    EXPECT_EQ(client.reply()->status, 413);
}

}  // namespace
}  // namespace streamwall::http_server::testing
