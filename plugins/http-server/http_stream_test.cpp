// Answers in parts over real sockets: whole, slow, broken off, and with whoever made them gone.
#include "test_support.hpp"
#include "text.hpp"

#include <gtest/gtest.h>

#include <condition_variable>

namespace streamwall::http_server::testing {
namespace {

using namespace std::chrono_literals;

// Gives `count` parts of `size` bytes, and notes how far it was asked.
class Source {
  public:
    Source(int count, std::size_t size) : count_(count), bytes_(size, 'x') {}

    void start(sw_http_exchange* exchange) {
        const sw_http_header type{to_sw("Content-Type"), to_sw("text/plain")};
        const sw_http_response head{sizeof head, 200, &type, 1, nullptr};
        http_table()->stream(exchange, &head, &Source::more, this);
    }
    int asked() const { return asked_; }
    bool is_over() const { return is_over_; }
    bool ends_within(std::chrono::milliseconds limit) {
        std::unique_lock lock(mutex_);
        return ended_.wait_for(lock, limit, [this] { return is_over_.load(); });
    }
    bool is_silent = false;  // never gives what it is asked for
    int breaks_at = 0;

  private:
    static void more(void* arg, sw_http_exchange* exchange) {
        auto& self = *static_cast<Source*>(arg);
        if (exchange == nullptr) {
            const std::lock_guard lock(self.mutex_);
            self.is_over_ = true;
            self.ended_.notify_all();
            return;
        }
        const int number = ++self.asked_;
        if (self.is_silent) return;
        if (number == self.breaks_at) return http_table()->part(exchange, nullptr, 1);
        const Body body(self.bytes_);
        http_table()->part(exchange, body.get(), number == self.count_ ? 1 : 0);
    }

    int count_;
    std::string bytes_;
    std::atomic<int> asked_{0};
    std::atomic<bool> is_over_{false};
    std::mutex mutex_;
    std::condition_variable ended_;
};

void mount(TestServer& server, Source& source, std::uint32_t timeout_ms = 0) {
    server.mount({.path = "/long", .timeout_ms = timeout_ms},
                 [&source](const auto&, auto* exchange) { source.start(exchange); });
}

TEST(HttpStream, sends_parts_as_chunks_and_keeps_the_connection) {
    Source source(3, 16);
    TestServer server;
    mount(server, source);
    Client client(server.port());
    const auto reply = client.get("/long");
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->headers.at("transfer-encoding"), "chunked");
    EXPECT_EQ(reply->headers.at("content-type"), "text/plain");
    EXPECT_FALSE(reply->headers.contains("content-length"));
    const auto chunk = "10\r\n" + std::string(16, 'x') + "\r\n";
    EXPECT_EQ(client.bytes(3 * chunk.size() + 5), chunk + chunk + chunk + "0\r\n\r\n");
    EXPECT_TRUE(source.ends_within(5s));
    EXPECT_EQ(client.get("/nothing")->status, 404);
}

TEST(HttpStream, an_old_client_reads_to_the_end_of_the_connection) {
    Source source(2, 8);
    TestServer server;
    mount(server, source);
    Client client(server.port());
    client.send("GET /long HTTP/1.0\r\nHost: test\r\n\r\n");
    const auto reply = client.reply();
    ASSERT_TRUE(reply);
    EXPECT_FALSE(reply->headers.contains("transfer-encoding"));
    EXPECT_EQ(client.rest(), std::string(16, 'x'));
}

TEST(HttpStream, a_head_alone_asks_for_no_part) {
    Source source(2, 8);
    TestServer server;
    mount(server, source);
    Client client(server.port());
    client.send("HEAD /long HTTP/1.1\r\nHost: test\r\n\r\n");
    EXPECT_EQ(client.reply(true)->status, 200);
    EXPECT_TRUE(source.ends_within(5s));
    EXPECT_EQ(source.asked(), 0);
    EXPECT_EQ(client.get("/nothing")->status, 404);
}

TEST(HttpStream, goes_only_as_fast_as_its_client_reads) {
    constexpr std::size_t kPart = 1 << 20;
    Source source(64, kPart);
    TestServer server;
    mount(server, source);
    Client client(server.port(), 64 * 1024);
    ASSERT_EQ(client.get("/long")->status, 200);
    client.bytes(kPart);
    // What is in the sockets' buffers is a few parts, not all of them.
    EXPECT_LT(source.asked(), 32);
    const auto whole = 64 * (kPart + 10) + 5;
    EXPECT_EQ(client.bytes(whole - kPart).size(), whole - kPart);
    EXPECT_TRUE(source.ends_within(5s));
    EXPECT_EQ(source.asked(), 64);
}

TEST(HttpStream, tells_when_the_client_has_gone) {
    Source source(1'000'000, 64 * 1024);
    TestServer server;
    mount(server, source);
    {
        Client client(server.port(), 64 * 1024);
        ASSERT_EQ(client.get("/long")->status, 200);
    }
    EXPECT_TRUE(source.ends_within(5s));
}

TEST(HttpStream, ends_the_connection_where_a_part_takes_too_long) {
    Source source(2, 8);
    source.is_silent = true;
    TestServer server;
    mount(server, source, 50);
    Client client(server.port());
    ASSERT_EQ(client.get("/long")->status, 200);
    EXPECT_TRUE(client.closed_within(5s));
    EXPECT_FALSE(source.is_over()) << "it still owes the part";
}

TEST(HttpStream, breaks_off_so_that_the_client_sees_it) {
    Source source(3, 1);
    source.breaks_at = 2;
    TestServer server;
    mount(server, source);
    Client client(server.port());
    ASSERT_EQ(client.get("/long")->status, 200);
    EXPECT_EQ(client.rest(), "1\r\nx\r\n");
    EXPECT_TRUE(source.ends_within(5s));
}

TEST(HttpStream, ends_with_the_route) {
    Source source(1'000'000, 64 * 1024);
    TestServer server;
    mount(server, source);
    Client client(server.port(), 64 * 1024);
    ASSERT_EQ(client.get("/long")->status, 200);
    server.unmount();
    EXPECT_TRUE(source.ends_within(5s));
}

}  // namespace
}  // namespace streamwall::http_server::testing
