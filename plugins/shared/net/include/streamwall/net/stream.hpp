// Stream: a byte stream to a server, by TCP or a Unix socket, plain or TLS, behind one interface so
// that Asio's SSL templates are instantiated in a single translation unit.
#pragma once

#include <streamwall/sdk/result.hpp>

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace streamwall::net {

using Endpoint = boost::asio::generic::stream_protocol::endpoint;

// All calls and handlers on the loop's thread. Handlers run exactly once, never inside the call,
// unless the loop ends first. The caller keeps the stream and what it passes in alive until then.
class Stream {
  public:
    using OnDone = std::function<void(Result<>)>;
    using OnRead = std::function<void(Result<std::size_t>)>;

    virtual ~Stream() = default;
    // Connects and, for TLS, shakes hands and verifies the host's name. What is written is sent at
    // once (TCP_NODELAY). A TCP endpoint converts to `Endpoint`, one of a Unix socket too.
    virtual void connect(const Endpoint& to, OnDone done) = 0;
    // At least one byte; an error at the end.
    virtual void read_some(char* into, std::size_t capacity, OnRead done) = 0;
    // All of `bytes`.
    virtual void write(std::string_view bytes, OnDone done) = 0;
    // What is pending fails soon. Idempotent.
    virtual void close() = 0;
};

class StreamFactory {
  public:
    struct TlsOptions {
        std::string host;     // name that the certificate must bear; empty: no TLS
        std::string ca_file;  // PEM; empty: the system's authorities
    };
    // Loads the authorities, once for all streams.
    static Result<std::unique_ptr<StreamFactory>> make(boost::asio::io_context& loop,
                                                       TlsOptions options);
    virtual ~StreamFactory() = default;
    virtual std::unique_ptr<Stream> open() = 0;
};

}  // namespace streamwall::net
