// The listener behind TLS, seen by a client of OpenSSL's.
#include "ws_test_support.hpp"

#include <streamwall/testing/temporary_folder.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <tls_identity.hpp>

#include <fstream>
#include <thread>

namespace streamwall::http_server::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::StartsWith;

struct ClientTls {
    int least = TLS1_3_VERSION, most = TLS1_3_VERSION;
    std::string protocols = "\x08http/1.1";
};

// Between a plain client and the server: speaks TLS to the server, on a thread of its own. It takes
// from the server only what the client has taken from it.
class Tunnel {
  public:
    Tunnel(std::uint16_t port, const std::string& certificate, ClientTls tls = {})
        : context_(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free),
          ssl_(nullptr, &SSL_free),
          server_(port, 4096) {
        SSL_CTX_clear_mode(context_.get(), SSL_MODE_AUTO_RETRY);  // a ticket is no data
        SSL_CTX_set_min_proto_version(context_.get(), tls.least);
        SSL_CTX_set_max_proto_version(context_.get(), tls.most);
        SSL_CTX_set_alpn_protos(context_.get(),
                                reinterpret_cast<const unsigned char*>(tls.protocols.data()),
                                static_cast<unsigned>(tls.protocols.size()));
        SSL_CTX_load_verify_locations(context_.get(), certificate.c_str(), nullptr);
        SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
        ssl_.reset(SSL_new(context_.get()));
        SSL_set1_host(ssl_.get(), "localhost");
        SSL_set_fd(ssl_.get(), server_.descriptor());
        is_up_ = SSL_connect(ssl_.get()) == 1;
        std::array<int, 2> pair{};
        if (::socketpair(AF_UNIX, SOCK_STREAM, 0, pair.data()) != 0) std::abort();
        near_ = pair[0];
        far_ = pair[1];
        if (is_up_) thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
    }
    ~Tunnel() {
        if (thread_.joinable()) {
            thread_.request_stop();
            ::shutdown(far_, SHUT_RDWR);
            thread_.join();
        }
        ::close(far_);
    }
    bool is_up() const { return is_up_; }
    std::string version() const { return SSL_get_version(ssl_.get()); }
    // For a Client, which closes it.
    int near() const { return near_; }
    // The server said that nothing more comes.
    bool ended_well() const { return SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN; }

  private:
    void run(const std::stop_token& stop) {
        std::array<char, 16 * 1024> buffer;
        while (!stop.stop_requested()) {
            std::array<pollfd, 2> ready{pollfd{server_.descriptor(), POLLIN, 0},
                                        pollfd{far_, POLLIN, 0}};
            if (SSL_pending(ssl_.get()) == 0 && ::poll(ready.data(), 2, 5000) <= 0) return;
            if (SSL_pending(ssl_.get()) > 0 || ready[0].revents != 0) {
                const auto count = SSL_read(ssl_.get(), buffer.data(), buffer.size());
                if (count <= 0 && SSL_get_error(ssl_.get(), count) == SSL_ERROR_WANT_READ) continue;
                if (count <= 0) {
                    ::shutdown(far_, SHUT_WR);
                    return;
                }
                if (!write_all(buffer.data(), static_cast<std::size_t>(count))) return;
            }
            if (ready[1].revents != 0) {
                const auto count = ::recv(far_, buffer.data(), buffer.size(), 0);
                if (count <= 0 ||
                    SSL_write(ssl_.get(), buffer.data(), static_cast<int>(count)) <= 0)
                    return;
            }
        }
    }
    bool write_all(const char* data, std::size_t size) const {
        while (size > 0) {
            const auto count = ::send(far_, data, size, MSG_NOSIGNAL);
            if (count <= 0) return false;
            data += count;
            size -= static_cast<std::size_t>(count);
        }
        return true;
    }

    std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context_;
    std::unique_ptr<SSL, void (*)(SSL*)> ssl_;
    Client server_;
    bool is_up_ = false;
    int near_ = -1, far_ = -1;
    std::jthread thread_;
};

class Folder {
  public:
    Folder() { renew(); }
    void renew() const {
        const net::testing::Identity identity;
        std::ofstream(certificate()) << identity.certificate_pem;
        std::ofstream(key()) << identity.key_pem;
    }
    std::string certificate() const { return folder_ / "certificate.pem"; }
    std::string key() const { return folder_ / "key.pem"; }
    std::shared_ptr<TlsIdentity> identity(TlsVersion least = TlsVersion::k13) const {
        return std::make_shared<TlsIdentity>(TlsIdentity::Files{certificate(), key()}, least);
    }

  private:
    streamwall::testing::TemporaryFolder folder_{"tls"};
};

Options with(std::shared_ptr<const TlsIdentity> identity) {
    auto options = TestServer::quick_options();
    options.tls = std::move(identity);
    return options;
}

class Tls : public ::testing::Test {
  protected:
    Tls() {
        server.mount({.method = "POST", .path = "/echo", .body_limit = 4 << 20},
                     [](const sw_http_request& request, sw_http_exchange* exchange) {
                         answer(exchange, 200, copy(request).body);
                     });
    }
    Tunnel tunnel(ClientTls tls = {}) const {
        return {server.port(), folder.certificate(), std::move(tls)};
    }
    static std::string post(std::string_view body) {
        return "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: " +
               std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
    }

    Folder folder;
    std::shared_ptr<TlsIdentity> identity = folder.identity();
    TestServer server{with(identity)};
};

TEST_F(Tls, carries_requests_one_after_the_other_and_several_at_once) {
    auto way = tunnel();
    ASSERT_TRUE(way.is_up());
    EXPECT_EQ(way.version(), "TLSv1.3");
    Client client(Client::Connected{way.near()});
    client.send(post("one"));
    EXPECT_EQ(client.reply()->body, "one");
    client.send(post("two") + post("three"));
    EXPECT_EQ(client.reply()->body, "two");
    EXPECT_EQ(client.reply()->body, "three");
}

TEST_F(Tls, is_told_to_handlers_whatever_the_client_says_of_itself) {
    server.mount({.path = "/secure"}, [](const auto& request, auto* exchange) {
        answer(exchange, 200, copy(request).is_secure ? "tls" : "plain");
    });
    auto way = tunnel();
    Client client(Client::Connected{way.near()});
    EXPECT_EQ(client.get("/secure")->body, "tls");
    EXPECT_EQ(client.get("/secure", "X-Forwarded-Proto: http\r\n")->body, "tls");
}

TEST_F(Tls, carries_what_is_larger_than_a_record_and_than_the_socket_takes) {
    auto way = tunnel();
    Client client(Client::Connected{way.near()});
    std::string body;
    for (int i = 0; body.size() < (3U << 20); ++i)
        body += std::to_string(i) + ",";
    std::jthread sender([&] { client.send(post(body)); });
    const auto reply = client.reply();
    sender.join();
    ASSERT_TRUE(reply);
    EXPECT_TRUE(reply->body == body) << reply->body.size();
}

TEST_F(Tls, says_that_nothing_more_comes_when_it_closes) {
    auto way = tunnel();
    Client client(Client::Connected{way.near()});
    client.send("GET /echo HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    EXPECT_EQ(client.reply()->status, 405);
    EXPECT_EQ(client.rest(), "");
    EXPECT_TRUE(way.ended_well());
}

TEST_F(Tls, older_than_allowed_is_refused) {
    EXPECT_FALSE(tunnel({.least = TLS1_2_VERSION, .most = TLS1_2_VERSION}).is_up());
    TestServer both(with(folder.identity(TlsVersion::k12)));
    EXPECT_EQ(Tunnel(both.port(), folder.certificate(), {TLS1_2_VERSION, TLS1_2_VERSION}).version(),
              "TLSv1.2");
    EXPECT_EQ(Tunnel(both.port(), folder.certificate()).version(), "TLSv1.3");
    EXPECT_FALSE(
        Tunnel(both.port(), folder.certificate(), {TLS1_1_VERSION, TLS1_1_VERSION}).is_up());
}

TEST_F(Tls, refuses_who_speaks_only_other_protocols) {
    EXPECT_FALSE(tunnel({.protocols = "\x02h2"}).is_up());
    EXPECT_TRUE(tunnel({.protocols = "\x02h2\x08http/1.1"}).is_up());
}

TEST_F(Tls, tells_who_speaks_plain_HTTP_what_it_speaks) {
    Client client(server.port());
    client.send("GET /echo HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const auto reply = client.reply();
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->status, 400);
    EXPECT_THAT(reply->body, HasSubstr("HTTPS only"));
    EXPECT_EQ(client.rest(), "");
}

TEST_F(Tls, has_no_patience_with_a_handshake_that_does_not_end) {
    Client silent(server.port()), half(server.port());
    half.send(std::string_view("\x16\x03\x01\x02\x00\x01", 6));
    EXPECT_TRUE(silent.closed_within(5s));
    EXPECT_TRUE(half.closed_within(5s));
}

TEST_F(Tls, ends_with_nonsense) {
    Client client(server.port());
    client.send(std::string(64, '\x16'));
    client.rest();
    EXPECT_TRUE(eventually([&] { return server.server().connections() == 0; }));
}

TEST_F(Tls, takes_a_new_certificate_and_keeps_the_old_one_where_that_is_broken) {
    EXPECT_FALSE(identity->refresh());
    folder.renew();
    EXPECT_FALSE(tunnel().is_up()) << "the client knows the new one alone";
    EXPECT_TRUE(identity->refresh());
    EXPECT_TRUE(tunnel().is_up());
    EXPECT_GT(identity->expires(), std::chrono::system_clock::now());
    std::ofstream(folder.key()) << "no key";
    EXPECT_THROW(identity->refresh(), std::invalid_argument);
    EXPECT_TRUE(tunnel().is_up());
}

TEST(ATlsIdentity, that_is_none_is_told_by_the_setting_that_is_wrong) {
    const Folder folder, other;
    const auto refusal = [](const TlsIdentity::Files& files) -> std::string {
        try {
            TlsIdentity(files, TlsVersion::k13);
        } catch (const std::invalid_argument& problem) {
            return problem.what();
        }
        return "taken";
    };
    EXPECT_EQ(refusal({folder.certificate(), folder.key()}), "taken");
    EXPECT_THAT(refusal({"/absent.pem", folder.key()}), StartsWith("tls_certificate: \"/absent"));
    EXPECT_THAT(refusal({folder.key(), folder.key()}), StartsWith("tls_certificate: "));
    EXPECT_THAT(refusal({folder.certificate(), "/absent.pem"}), StartsWith("tls_key: \"/absent"));
    EXPECT_THAT(refusal({folder.certificate(), folder.certificate()}), StartsWith("tls_key: "));
    EXPECT_THAT(refusal({folder.certificate(), other.key()}), StartsWith("tls_key: "));
}

// Read through a tunnel whose buffers are small, so that the server's socket soon takes no more.
class ASecureWebSocket : public WebSocket {
  protected:
    ASecureWebSocket() : ASecureWebSocket(Folder()) {}
    void publish_numbered(int count, std::size_t size, std::string_view key = {}) {
        for (int i = 0; i < count; ++i)
            publish(server, topic, std::to_string(i) + std::string(size, '.'), key);
    }
    static int number_of(const Client::Message& message) { return std::stoi(message.payload); }

    std::unique_ptr<Tunnel> way;
    std::unique_ptr<Client> client;

  private:
    explicit ASecureWebSocket(const Folder& folder)
        : WebSocket(with(folder.identity())),
          way(std::make_unique<Tunnel>(server.port(), folder.certificate())),
          client(std::make_unique<Client>(Client::Connected{way->near()})) {
        client->upgrade("/ws");
    }
};

TEST_F(ASecureWebSocket, echoes) {
    client->frame(kText, "hello");
    EXPECT_EQ(client->message()->payload, "hello");
}

TEST_F(ASecureWebSocket, gives_a_slow_reader_every_frame_whole_and_in_order) {
    publish_numbered(400, 2000);
    for (int i = 0; i < 400; ++i) {
        const auto message = client->message();
        ASSERT_TRUE(message) << i;
        ASSERT_EQ(number_of(*message), i);
        ASSERT_GE(message->payload.size(), 2000U);
    }
}

TEST_F(ASecureWebSocket, replaces_only_frames_of_which_nothing_was_encrypted) {
    constexpr int kLast = 2000;
    publish_numbered(kLast + 1, 16'000, "record/1");
    int read = 0, newest = -1;
    for (; newest < kLast; ++read) {
        const auto message = client->message();
        ASSERT_TRUE(message) << newest;
        ASSERT_GT(number_of(*message), newest);
        newest = number_of(*message);
    }
    EXPECT_LT(read, kLast) << "none was replaced";
}

}  // namespace
}  // namespace streamwall::http_server::testing
