// TLS: whose certificate is accepted, against a server of our own with certificates made on the
// spot.
#include "client_fixture.hpp"
#include "test_server.hpp"
#include "tls_identity.hpp"

#include <streamwall/testing/temporary_folder.hpp>

#include <gtest/gtest.h>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>

#include <atomic>
#include <filesystem>
#include <fstream>

namespace streamwall::twitch {
namespace {

namespace fs = std::filesystem;
namespace ssl = boost::asio::ssl;
using boost::asio::ip::tcp;
using net::testing::Identity;
using Health = ClientObserver::Health;

// One connection at a time, each until its client leaves.
class TlsServer {
  public:
    explicit TlsServer(const Identity& identity)
        : acceptor_(loop_, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0)) {
        tls_.use_certificate(boost::asio::buffer(identity.certificate_pem), ssl::context::pem);
        tls_.use_private_key(boost::asio::buffer(identity.key_pem), ssl::context::pem);
        thread_ = std::thread([this] { serve(); });
    }
    ~TlsServer() {
        stopping_ = true;
        tcp::socket wake(loop_);
        wake.connect(acceptor_.local_endpoint());
        thread_.join();
    }
    std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

  private:
    void serve() {
        for (;;) {
            ssl::stream<tcp::socket> stream(acceptor_.accept(), tls_);
            if (stopping_) return;
            boost::system::error_code refused;
            stream.handshake(ssl::stream_base::server, refused);
            if (!refused) talk(stream);
        }
    }
    static void talk(ssl::stream<tcp::socket>& stream) {
        std::string in;
        for (;;) {
            boost::system::error_code left;
            const auto length =
                boost::asio::read_until(stream, boost::asio::dynamic_buffer(in), "\r\n", left);
            if (left) return;
            const auto line = in.substr(0, length - 2);
            in.erase(0, length);
            behave_like_twitch(1, line, [&](const std::string& bytes) {
                boost::asio::write(stream, boost::asio::buffer(bytes), left);
            });
        }
    }
    boost::asio::io_context loop_;
    ssl::context tls_{ssl::context::tls_server};
    tcp::acceptor acceptor_;
    std::atomic<bool> stopping_{false};
    std::thread thread_;
};

class Tls : public ::testing::Test {
  protected:
    Tls() { std::ofstream(folder / "ca.pem") << identity.certificate_pem; }
    ClientOptions options(std::string host) const {
        auto out = quick_options({std::move(host), server.port(), true}, {"#one"});
        out.session.registration_timeout = std::chrono::seconds(10);
        out.session.ping_timeout = std::chrono::seconds(10);
        return out;
    }
    Identity identity;
    TlsServer server{identity};
    const streamwall::testing::TemporaryFolder folder{"tls"};
};

TEST_F(Tls, IsSpokenWithAServerWhoseNameAndAuthorityAreRight) {
    RunningClient client(options("localhost"), folder / "ca.pem");
    EXPECT_TRUE(client.wait_for_health(Health::kOk, ""));
}

TEST_F(Tls, RefusesACertificateForAnotherName) {
    RunningClient client(options("127.0.0.1"), folder / "ca.pem");
    EXPECT_TRUE(client.wait_for_health(Health::kDegraded, "certificate of 127.0.0.1 was refused"));
}

TEST_F(Tls, RefusesAnUnknownAuthority) {
    RunningClient client(options("localhost"));
    EXPECT_TRUE(client.wait_for_health(Health::kDegraded, "certificate of localhost was refused"));
}

TEST_F(Tls, NeedsAReadableFileOfAuthorities) {
    boost::asio::io_context loop;
    const auto factory = StreamFactory::make(loop, {"localhost", folder / "absent.pem"});
    ASSERT_FALSE(factory);
    EXPECT_EQ(factory.error().where, "tls_ca_file");
}

}  // namespace
}  // namespace streamwall::twitch
