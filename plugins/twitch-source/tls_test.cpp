// TLS: whose certificate is accepted, against a server of our own with certificates made on the
// spot.
#include "client_fixture.hpp"
#include "test_server.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
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
using Health = ClientObserver::Health;

template <auto free>
struct Free {
    template <class T>
    void operator()(T* p) const {
        free(p);
    }
};
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Free<X509_free>>;
using Bio = std::unique_ptr<BIO, Free<BIO_free_all>>;

std::string contents(BIO* bio) {
    char* data = nullptr;
    const auto length = BIO_get_mem_data(bio, &data);
    return {data, static_cast<std::size_t>(length)};
}

// A certificate signed by itself, for the host name `localhost` alone.
struct Identity {
    Identity() {
        const Key key(EVP_EC_gen("P-256"));
        const Certificate certificate(X509_new());
        X509_set_version(certificate.get(), X509_VERSION_3);
        ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
        X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
        X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
        X509_set_pubkey(certificate.get(), key.get());
        auto* name = X509_get_subject_name(certificate.get());
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                   reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
        X509_set_issuer_name(certificate.get(), name);
        auto* names = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "DNS:localhost");
        X509_add_ext(certificate.get(), names, -1);
        X509_EXTENSION_free(names);
        X509_sign(certificate.get(), key.get(), EVP_sha256());
        const Bio key_out(BIO_new(BIO_s_mem()));
        const Bio certificate_out(BIO_new(BIO_s_mem()));
        PEM_write_bio_PrivateKey(key_out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
        PEM_write_bio_X509(certificate_out.get(), certificate.get());
        key_pem = contents(key_out.get());
        certificate_pem = contents(certificate_out.get());
    }
    std::string key_pem;
    std::string certificate_pem;
};

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

class Tls : public testing::Test {
  protected:
    Tls() {
        std::string pattern = (fs::temp_directory_path() / "tls-XXXXXX").string();
        folder = mkdtemp(pattern.data());
        std::ofstream(folder / "ca.pem") << identity.certificate_pem;
    }
    ~Tls() override { fs::remove_all(folder); }
    ClientOptions options(std::string host) const {
        auto out = quick_options({std::move(host), server.port(), true}, {"#one"});
        out.session.registration_timeout = std::chrono::seconds(10);
        out.session.ping_timeout = std::chrono::seconds(10);
        return out;
    }
    Identity identity;
    TlsServer server{identity};
    fs::path folder;
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
