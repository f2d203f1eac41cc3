// TLS: whose certificate is accepted, and that traffic flows, against a real server with
// certificates made on the spot.
#include "nats_server.hpp"
#include "test_transport.hpp"

#include <streamwall/testing/temporary_folder.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

namespace streamwall::transport_nats::testing {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using streamwall::testing::NatsServer;

// A certificate signed by itself, for the host name `localhost` alone.
class Identity {
  public:
    Identity() {
        const auto command =
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
            " -days 1 -subj /CN=test -addext subjectAltName=DNS:localhost"
            " -keyout " +
            key() + " -out " + certificate() + " 2>/dev/null";
        if (std::system(command.c_str()) != 0) throw std::runtime_error("openssl failed");
    }
    Identity(const Identity&) = delete;
    Identity& operator=(const Identity&) = delete;
    std::string certificate() const { return folder_ / "certificate.pem"; }
    std::string key() const { return folder_ / "key.pem"; }
    std::string server_config(const std::string& more = {}) const {
        return "tls { cert_file: \"" + certificate() + "\", key_file: \"" + key() + "\"" + more +
               " }";
    }

  private:
    const streamwall::testing::TemporaryFolder folder_{"tls"};
};

class Tls : public ::testing::Test {
  protected:
    std::string url(const std::string& scheme, const std::string& host) const {
        return scheme + "://" + host + ":" + std::to_string(server.port());
    }
    Options trusting(const std::string& url) const {
        auto out = options_for(url);
        out.tls_ca_file = identity.certificate();
        return out;
    }
    Identity identity;
    NatsServer server{identity.server_config()};
};

TEST_F(Tls, CarriesWhatPlainConnectionsDo) {
    TestTransport a(trusting(url("tls", "localhost")));
    TestTransport b(trusting(url("nats", "localhost")));
    ASSERT_TRUE(a.wait_until_connected());
    ASSERT_TRUE(b.wait_until_connected());
    b.serve("echo", "");
    auto& inbound = b.subscribe("count");
    b.settle();
    const std::string longest(SW_TRANSPORT_MAX_MESSAGE, 'x');
    EXPECT_EQ(a.request("echo", longest).body, longest);
    constexpr std::size_t kCount = 20'000;
    for (std::size_t n = 0; n < kCount; ++n)
        ASSERT_EQ(a.publish("count", std::to_string(n)), SW_OK);
    ASSERT_TRUE(inbound.wait_for_count(kCount));
    EXPECT_EQ(inbound.all().back().body, std::to_string(kCount - 1));
    EXPECT_EQ(a.request("echo", "still here").body, "still here");
}

TEST_F(Tls, RefusesACertificateForAnotherName) {
    TestTransport a(trusting(url("tls", "127.0.0.1")));
    EXPECT_TRUE(a.wait_for_loss("mismatch"));
    EXPECT_FALSE(a.is_connected());
}

TEST_F(Tls, RefusesAnUnknownAuthorityAlsoWhereOnlyTheServerAsksForTls) {
    TestTransport a(url("nats", "localhost"));
    EXPECT_TRUE(a.wait_for_loss("certificate"));
    EXPECT_FALSE(a.is_connected());
}

TEST_F(Tls, TakesAnyCertificateWhereItIsToldNotToVerify) {
    auto options = options_for(url("tls", "127.0.0.1"));
    options.tls_verify = false;
    TestTransport a(options);
    EXPECT_TRUE(a.wait_until_connected());
}

TEST_F(Tls, IsNotDoneWithoutWhenItWasAskedFor) {
    NatsServer plain;
    TestTransport a("tls://localhost:" + std::to_string(plain.port()));
    EXPECT_TRUE(a.wait_for_loss("Secure Connection not available"));
    EXPECT_FALSE(a.is_connected());
}

TEST_F(Tls, ShowsTheClientsCertificateToAServerThatWantsOne) {
    NatsServer strict(
        identity.server_config(", verify: true, ca_file: \"" + identity.certificate() + "\""));
    auto options = trusting("tls://localhost:" + std::to_string(strict.port()));
    TestTransport without(options);
    options.tls_certificate_file = identity.certificate();
    options.tls_key_file = identity.key();
    TestTransport with(options);
    EXPECT_TRUE(with.wait_until_connected());
    EXPECT_TRUE(without.wait_for_loss(""));
    EXPECT_FALSE(without.is_connected());
}

TEST_F(Tls, NoticesASilentServerToo) {
    TestTransport a(trusting(url("tls", "localhost")));
    ASSERT_TRUE(a.wait_until_connected());
    server.freeze();
    const std::string body(100'000, 'x');
    while (a.publish("flood", body) == SW_OK)
        continue;
    EXPECT_TRUE(a.wait_for_loss("does not answer", 10s));
    server.thaw();
    EXPECT_TRUE(a.wait_until_connected());
}

}  // namespace
}  // namespace streamwall::transport_nats::testing
