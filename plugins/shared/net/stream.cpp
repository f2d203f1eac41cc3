// The only translation unit that knows Asio's SSL.
#include "streamwall/net/stream.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>

namespace streamwall::net {

namespace {

namespace asio = boost::asio;
using Socket = asio::generic::stream_protocol::socket;
using boost::system::error_code;

Error failure(std::string_view what, const error_code& code) {
    return Error::unavailable(std::string(what) + ": " + code.message());
}

void complete(const Stream::OnDone& done, std::string_view what, const error_code& code) {
    if (code) return done(failure(what, code));
    done(ok());
}

template <class From>
void read_from(From& socket, char* into, std::size_t capacity, Stream::OnRead done) {
    socket.async_read_some(asio::buffer(into, capacity),
                           [done = std::move(done)](const error_code& code, std::size_t length) {
                               if (code) return done(failure("the connection ended", code));
                               done(length);
                           });
}

template <class To>
void write_to(To& socket, std::string_view bytes, Stream::OnDone done) {
    asio::async_write(socket, asio::buffer(bytes.data(), bytes.size()),
                      [done = std::move(done)](const error_code& code, std::size_t) {
                          complete(done, "the connection ended", code);
                      });
}

// An error while closing leaves nothing to be done: the descriptor is gone either way.
void close_socket(Socket& socket) {
    error_code ignored;
    socket.close(ignored);
}

// Small writes are requests that somebody waits for. Unix sockets have no such option, nor need it.
void send_at_once(Socket& socket) {
    error_code ignored;
    socket.set_option(asio::ip::tcp::no_delay(true), ignored);
}

class PlainStream final : public Stream {
  public:
    explicit PlainStream(asio::io_context& loop) : socket_(loop) {}
    void connect(const Endpoint& to, OnDone done) override {
        socket_.async_connect(to, [this, done = std::move(done)](const error_code& code) {
            if (!code) send_at_once(socket_);
            complete(done, "cannot connect", code);
        });
    }
    void read_some(char* into, std::size_t capacity, OnRead done) override {
        read_from(socket_, into, capacity, std::move(done));
    }
    void write(std::string_view bytes, OnDone done) override {
        write_to(socket_, bytes, std::move(done));
    }
    void close() override { close_socket(socket_); }

  private:
    Socket socket_;
};

class TlsStream final : public Stream {
  public:
    TlsStream(asio::io_context& loop, asio::ssl::context& tls, const std::string& host)
        : stream_(loop, tls), host_(host) {}

    void connect(const Endpoint& to, OnDone done) override {
        stream_.next_layer().async_connect(
            to, [this, done = std::move(done)](const error_code& code) mutable {
                if (code) return done(failure("cannot connect", code));
                send_at_once(stream_.next_layer());
                shake_hands(std::move(done));
            });
    }
    void read_some(char* into, std::size_t capacity, OnRead done) override {
        read_from(stream_, into, capacity, std::move(done));
    }
    void write(std::string_view bytes, OnDone done) override {
        write_to(stream_, bytes, std::move(done));
    }
    void close() override { close_socket(stream_.next_layer()); }

  private:
    void shake_hands(OnDone done) {
        error_code code;
        stream_.set_verify_callback(asio::ssl::host_name_verification(host_), code);
        if (code) return done(failure("cannot verify names", code));
        error_code not_an_address;
        asio::ip::make_address(host_, not_an_address);
        // RFC 6066 section 3: no addresses in SNI.
        if (not_an_address) SSL_set_tlsext_host_name(stream_.native_handle(), host_.c_str());
        stream_.async_handshake(
            asio::ssl::stream_base::client,
            [this, done = std::move(done)](const error_code& failed) { explain(done, failed); });
    }
    void explain(const OnDone& done, const error_code& code) {
        const auto verdict = SSL_get_verify_result(stream_.native_handle());
        if (code && verdict != X509_V_OK) {
            return done(Error::unavailable("the certificate of " + host_ + " was refused: " +
                                           X509_verify_cert_error_string(verdict)));
        }
        complete(done, "the TLS handshake failed", code);
    }
    asio::ssl::stream<Socket> stream_;
    const std::string& host_;
};

class Factory final : public StreamFactory {
  public:
    Factory(asio::io_context& loop, TlsOptions options)
        : loop_(loop), options_(std::move(options)) {}

    Result<> prepare() {
        if (options_.host.empty()) return ok();
        error_code code;
        tls_.set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_tlsv1 |
                             asio::ssl::context::no_tlsv1_1,
                         code);
        if (!code) tls_.set_verify_mode(asio::ssl::verify_peer, code);
        if (!code && options_.ca_file.empty()) tls_.set_default_verify_paths(code);
        if (!code && !options_.ca_file.empty()) tls_.load_verify_file(options_.ca_file, code);
        if (code) return Error::invalid("cannot set up TLS: " + code.message(), "tls_ca_file");
        return ok();
    }
    std::unique_ptr<Stream> open() override {
        if (options_.host.empty()) return std::make_unique<PlainStream>(loop_);
        return std::make_unique<TlsStream>(loop_, tls_, options_.host);
    }

  private:
    asio::io_context& loop_;
    TlsOptions options_;
    asio::ssl::context tls_{asio::ssl::context::tls_client};
};

}  // namespace

Result<std::unique_ptr<StreamFactory>> StreamFactory::make(boost::asio::io_context& loop,
                                                           TlsOptions options) {
    auto factory = std::make_unique<Factory>(loop, std::move(options));
    if (auto prepared = factory->prepare(); !prepared) return std::move(prepared).error();
    return std::unique_ptr<StreamFactory>(std::move(factory));
}

}  // namespace streamwall::net
