#include "acceptor.hpp"

#include "text.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <system_error>

namespace streamwall::http_server {
namespace {

constexpr int kBacklog = 4096;
constexpr int kAcceptBatch = 64;
constexpr std::chrono::milliseconds kPause{250};

constexpr std::string_view kFull =
    "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nConnection: close\r\n"
    "X-Content-Type-Options: nosniff\r\nContent-Length: 0\r\n\r\n";
constexpr std::string_view kTooMany =
    "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 5\r\nConnection: close\r\n"
    "X-Content-Type-Options: nosniff\r\nContent-Length: 0\r\n\r\n";

union AnyAddress {
    sockaddr base;
    sockaddr_in v4;
    sockaddr_in6 v6;
    sockaddr_storage storage;
};

PeerAddress to_peer(const AnyAddress& address) {
    PeerAddress peer;
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (address.base.sa_family == AF_INET) {
        peer.bytes[10] = peer.bytes[11] = 0xFF;
        std::memcpy(peer.bytes.data() + 12, &address.v4.sin_addr, 4);
        ::inet_ntop(AF_INET, &address.v4.sin_addr, text.data(), text.size());
    } else if (address.base.sa_family == AF_INET6) {
        std::memcpy(peer.bytes.data(), &address.v6.sin6_addr, 16);
        ::inet_ntop(AF_INET6, &address.v6.sin6_addr, text.data(), text.size());
    }
    peer.text = text.data();
    return peer;
}

// 127.0.0.1 and ::1: whoever serves others from this machine speaks from there.
bool is_own_machine(const PeerAddress& peer) {
    static const auto kOwn = [] {
        AnyAddress v4{}, v6{};
        v4.v4.sin_family = AF_INET;
        v4.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        v6.v6.sin6_family = AF_INET6;
        v6.v6.sin6_addr = IN6ADDR_LOOPBACK_INIT;
        return std::array{to_peer(v4).bytes, to_peer(v6).bytes};
    }();
    return peer.bytes == kOwn[0] || peer.bytes == kOwn[1];
}

// Only numbers and "localhost": a name that resolves elsewhere tomorrow is no address to bind.
AnyAddress parse_listen(std::string_view listen, socklen_t& length) {
    const auto fail = [&](const char* why) {
        return std::invalid_argument("listen \"" + std::string(listen) + "\": " + why);
    };
    const auto colon = listen.rfind(':');
    if (colon == std::string_view::npos) throw fail("expected host:port");
    const auto port = parse_decimal(listen.substr(colon + 1));
    if (!port || *port > 65535) throw fail("the port is no number from 0 to 65535");
    std::string host(listen.substr(0, colon));
    AnyAddress address{};
    if (host == "localhost") host = "127.0.0.1";
    if (host.empty() || host == "*") host = "0.0.0.0";
    if (host.front() == '[' && host.back() == ']') {
        address.v6.sin6_family = AF_INET6;
        address.v6.sin6_port = htons(static_cast<std::uint16_t>(*port));
        length = sizeof address.v6;
        if (::inet_pton(AF_INET6, host.substr(1, host.size() - 2).c_str(), &address.v6.sin6_addr) !=
            1) {
            throw fail("not an IPv6 address");
        }
        return address;
    }
    address.v4.sin_family = AF_INET;
    address.v4.sin_port = htons(static_cast<std::uint16_t>(*port));
    length = sizeof address.v4;
    if (::inet_pton(AF_INET, host.c_str(), &address.v4.sin_addr) != 1) {
        throw fail("the host must be an address, localhost or *");
    }
    return address;
}

int open_listener(std::string_view listen) {
    socklen_t length = 0;
    const AnyAddress address = parse_listen(listen, length);
    const auto fail = [&](const char* what) {
        return std::system_error(errno, std::generic_category(),
                                 what + (" " + std::string(listen)));
    };
    const int descriptor =
        ::socket(address.base.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor < 0) throw fail("no socket for");
    const int on = 1;
    ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (::bind(descriptor, &address.base, length) != 0 || ::listen(descriptor, kBacklog) != 0) {
        const auto error = fail("can't listen on");
        ::close(descriptor);
        throw error;
    }
    return descriptor;
}

}  // namespace

Acceptor::Acceptor(Services& services, Loop& loop, std::string_view listen, Handler handler)
    : services_(services),
      loop_(loop),
      socket_(loop, open_listener(listen)),
      handler_(std::move(handler)) {}

std::string Acceptor::address() const {
    AnyAddress address{};
    socklen_t length = sizeof address;
    ::getsockname(socket_.descriptor(), &address.base, &length);
    const auto host = to_peer(address).text;
    return address.base.sa_family == AF_INET6
               ? "[" + host + "]:" + std::to_string(ntohs(address.v6.sin6_port))
               : host + ":" + std::to_string(ntohs(address.v4.sin_port));
}

void Acceptor::on_readable() {
    if (!socket_.is_open()) return;
    if (accept_some() != Round::kPause) return socket_.wait_readable(this);
    loop_.arm(*this, Clock::now() + kPause);
}

void Acceptor::on_deadline() {
    on_readable();
}

void Acceptor::finish() {
    if (!socket_.is_open()) return;
    // Clients in the backlog are connected as far as they know.
    while (accept_some() == Round::kMore) {
    }
    Loop::disarm(*this);
    socket_.close();
}

Acceptor::Round Acceptor::accept_some() {
    for (int i = 0; i < kAcceptBatch; ++i) {
        AnyAddress address{};
        socklen_t length = sizeof address;
        const int descriptor =
            ::accept4(socket_.descriptor(), &address.base, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (descriptor < 0) {
            if (errno == EAGAIN || errno == EWOULDBLOCK) return Round::kEmpty;
            if (errno == ECONNABORTED || errno == EINTR || errno == EPROTO) continue;
            services_.host.write(SW_LOG_WARN, "http.accept_paused", std::strerror(errno));
            return Round::kPause;
        }
        auto peer = to_peer(address);
        if (const auto refusal = refuse(peer); !refusal.empty()) {
            (void)!::send(descriptor, refusal.data(), refusal.size(), MSG_NOSIGNAL);
            ::close(descriptor);
            continue;
        }
        const int on = 1;
        ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        handler_(descriptor, std::move(peer));
    }
    return Round::kMore;
}

// The answer to whoever is turned away at once; empty where nobody is.
std::string_view Acceptor::refuse(const PeerAddress& peer) {
    const auto& options = services_.options;
    if (services_.connections.load(std::memory_order_relaxed) >= options.max_connections) {
        services_.host.record(services_.traffic.refused_full, 1);
        return kFull;
    }
    const auto limit = options.rate_limits ? options.rate_limits->connection : 0;
    if (limit == 0 || is_own_machine(peer) || options.trusted_proxies.contains(peer.bytes)) {
        return {};
    }
    const auto now =
        std::chrono::duration_cast<std::chrono::seconds>(Clock::now().time_since_epoch());
    if (services_.local_limiter.count(address_key(peer.bytes), limit, now.count()).allowed) {
        return {};
    }
    services_.host.record(services_.traffic.refused_rate, 1);
    return kTooMany;
}

}  // namespace streamwall::http_server
