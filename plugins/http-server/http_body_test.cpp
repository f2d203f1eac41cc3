// Bodies in pieces over real sockets: whole, slow, malformed, broken off, and answered too soon.
#include "test_support.hpp"
#include "text.hpp"

#include <gtest/gtest.h>

#include <poll.h>
#include <sys/socket.h>

#include <condition_variable>
#include <thread>

namespace streamwall::http_server::testing {
namespace {

using namespace std::chrono_literals;

// Reads the whole body and answers with its length; or does what the test says.
class Reader {
  public:
    void start(sw_http_exchange* exchange) {
        exchange_ = exchange;
        if (!waits) read();
    }
    void read() { http_table()->read_body(exchange_, &Reader::got, this); }

    bool ends_within(std::chrono::milliseconds limit) {
        std::unique_lock lock(mutex_);
        return ended_.wait_for(lock, limit, [this] { return state_ != SW_HTTP_BODY_MORE; });
    }
    int state() const { return state_; }
    std::string bytes() {
        const std::lock_guard lock(mutex_);
        return bytes_;
    }
    std::size_t largest() const { return largest_; }
    bool waits = false;        // reads nothing by itself
    bool stops_early = false;  // answers after the first piece

  private:
    static void got(void* arg, const char* bytes, std::size_t length, std::int32_t state) {
        auto& self = *static_cast<Reader*>(arg);
        self.largest_ = std::max(self.largest_.load(), length);
        if (self.keeps_bytes_) {
            const std::lock_guard lock(self.mutex_);
            self.bytes_.append(bytes, length);
        }
        self.total_ += length;
        if (state == SW_HTTP_BODY_MORE && !self.stops_early) return self.read();
        {
            const std::lock_guard lock(self.mutex_);
            self.state_ = state == SW_HTTP_BODY_MORE ? SW_HTTP_BODY_LAST : state;
            self.ended_.notify_all();
        }
        answer(self.exchange_, state == SW_HTTP_BODY_LOST ? 400 : 200, std::to_string(self.total_));
    }

    sw_http_exchange* exchange_ = nullptr;
    std::mutex mutex_;
    std::condition_variable ended_;
    std::string bytes_;
    std::atomic<std::size_t> largest_{0};
    std::size_t total_ = 0;
    std::atomic<int> state_{SW_HTTP_BODY_MORE};
    bool keeps_bytes_ = true;
};

class HttpBody : public ::testing::Test {
  protected:
    void mount(TestServer& server, std::size_t limit = std::size_t{1} << 40,
               std::uint32_t timeout_ms = 0) {
        server.mount({.method = "POST",
                      .path = "/in",
                      .flags = SW_HTTP_STREAMED_BODY,
                      .timeout_ms = timeout_ms,
                      .body_limit = limit},
                     [this](const sw_http_request& request, auto* exchange) {
                         EXPECT_EQ(request.body.length, 0u);
                         reader.start(exchange);
                     });
    }
    static std::string head(std::size_t length, std::string_view more = "") {
        return "POST /in HTTP/1.1\r\nHost: test\r\nContent-Length: " + std::to_string(length) +
               "\r\n" + std::string(more) + "\r\n";
    }
    static constexpr std::string_view kChunkedHead =
        "POST /in HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n";
    Reader reader;
};

TEST_F(HttpBody, comes_with_the_head_and_the_connection_goes_on) {
    TestServer server;
    mount(server);
    Client client(server.port());
    client.send(head(5) + "hello" + "GET /nothing HTTP/1.1\r\nHost: test\r\n\r\n");
    EXPECT_EQ(client.reply()->body, "5");
    EXPECT_EQ(reader.bytes(), "hello");
    EXPECT_EQ(client.reply()->status, 404);
}

TEST_F(HttpBody, may_be_empty) {
    TestServer server;
    mount(server);
    Client client(server.port());
    client.send(head(0));
    EXPECT_EQ(client.reply()->body, "0");
    EXPECT_EQ(reader.state(), SW_HTTP_BODY_LAST);
}

TEST_F(HttpBody, comes_in_chunks_and_byte_by_byte) {
    TestServer server;
    mount(server);
    Client client(server.port());
    client.send(kChunkedHead);
    for (const char c : std::string("5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n"))
        client.send(std::string(1, c));
    EXPECT_EQ(client.reply()->body, "6");
    EXPECT_EQ(reader.bytes(), "hello!");
    client.send(kChunkedHead);
    client.send("0\r\n\r\n");
    ASSERT_TRUE(client.reply());
}

TEST_F(HttpBody, takes_no_more_memory_than_a_piece_however_long_it_is) {
    TestServer server;
    mount(server);
    Client client(server.port());
    constexpr std::size_t kPiece = 1 << 16;
    constexpr std::size_t kPieces = 200;
    client.send(head(kPiece * kPieces));
    for (std::size_t n = 0; n < kPieces; ++n)
        client.send(std::string(kPiece, 'x'));
    EXPECT_EQ(client.reply()->body, std::to_string(kPiece * kPieces));
    EXPECT_LE(reader.largest(), std::size_t{1} << 16);
}

TEST_F(HttpBody, is_not_read_before_it_is_asked_for) {
    reader.waits = true;
    TestServer server;
    mount(server);
    Client client(server.port());
    client.send(head(std::size_t{1} << 30));
    // More than all buffers between hold: the client cannot get rid of it.
    std::size_t sent = 0;
    const std::string block(1 << 16, 'x');
    pollfd writable{client.descriptor(), POLLOUT, 0};
    while (sent < (std::size_t{64} << 20) && ::poll(&writable, 1, 500) == 1) {
        const auto count =
            ::send(client.descriptor(), block.data(), block.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        if (count > 0) sent += static_cast<std::size_t>(count);
    }
    EXPECT_LT(sent, std::size_t{64} << 20);
    EXPECT_EQ(reader.bytes(), "");
}

TEST_F(HttpBody, is_asked_for_where_the_client_waits_for_that) {
    TestServer server;
    mount(server);
    Client client(server.port());
    client.send(head(2, "Expect: 100-continue\r\n"));
    EXPECT_EQ(client.reply(true)->status, 100);
    client.send("ok");
    EXPECT_EQ(client.reply()->body, "2");
}

TEST_F(HttpBody, is_lost_where_its_client_goes_away) {
    TestServer server;
    mount(server);
    {
        Client client(server.port());
        client.send(head(100) + "some");
    }
    EXPECT_TRUE(reader.ends_within(5s));
    EXPECT_EQ(reader.state(), SW_HTTP_BODY_LOST);
}

TEST_F(HttpBody, is_lost_where_it_is_malformed) {
    TestServer server;
    mount(server);
    Client client(server.port());
    client.send(kChunkedHead);
    client.send("5\r\nhelloX\r\n");
    const auto reply = client.reply();
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->status, 400);
    EXPECT_EQ(reader.state(), SW_HTTP_BODY_LOST);
    EXPECT_TRUE(client.closed_within(5s));
}

TEST_F(HttpBody, is_lost_where_it_comes_too_slowly) {
    auto options = TestServer::quick_options();
    options.body_grace = 200ms;
    TestServer server(options);
    mount(server);
    Client client(server.port());
    client.send(head(100) + "some");
    EXPECT_TRUE(reader.ends_within(5s));
    EXPECT_EQ(reader.state(), SW_HTTP_BODY_LOST);
    EXPECT_TRUE(client.closed_within(5s));
}

TEST_F(HttpBody, is_lost_where_the_handlers_time_is_over) {
    auto options = TestServer::quick_options();
    options.body_grace = 10s;
    TestServer server(options);
    mount(server, std::size_t{1} << 40, 200);
    Client client(server.port());
    client.send(head(100) + "some");
    const auto reply = client.reply();
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->status, 400) << "the handler's own answer";
    EXPECT_EQ(reader.state(), SW_HTTP_BODY_LOST);
    EXPECT_TRUE(client.closed_within(5s));
}

TEST_F(HttpBody, is_lost_where_its_route_goes) {
    TestServer server;
    mount(server);
    Client client(server.port());
    client.send(head(100) + "some");
    while (reader.bytes().size() < 4)
        std::this_thread::yield();
    server.unmount();
    EXPECT_EQ(reader.state(), SW_HTTP_BODY_LOST);
}

TEST_F(HttpBody, may_be_longer_than_whoever_answers_wants) {
    reader.stops_early = true;
    TestServer server;
    mount(server);
    Client client(server.port());
    client.send(head(std::size_t{1} << 20) + "some");
    const auto reply = client.reply();
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->status, 200);
    EXPECT_EQ(reply->headers.at("connection"), "close");
    EXPECT_TRUE(client.closed_within(5s));
}

TEST_F(HttpBody, is_refused_beyond_the_limit) {
    TestServer server;
    mount(server, 10);
    Client client(server.port());
    client.send(head(11));
    EXPECT_EQ(client.reply()->status, 413);
}

}  // namespace
}  // namespace streamwall::http_server::testing
