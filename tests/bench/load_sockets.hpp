// Blocking and polled client sockets of the load generator: lines, HTTP triggers, WebSocket frames.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace streamwall::load {

using Clock = std::chrono::steady_clock;

class Socket {
  public:
    // `receive_buffer`: how much the kernel takes for a client that does not read; 0: as it likes.
    explicit Socket(unsigned short port, int receive_buffer = 0)
        : descriptor_(::socket(AF_INET, SOCK_STREAM, 0)) {
        if (receive_buffer > 0) {
            ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVBUF, &receive_buffer,
                         sizeof receive_buffer);
        }
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        const int on = 1;
        ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (::connect(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
            ::close(descriptor_);
            throw std::runtime_error("cannot connect to port " + std::to_string(port));
        }
    }
    Socket(Socket&& other) noexcept
        : descriptor_(std::exchange(other.descriptor_, -1)), rest_(std::move(other.rest_)) {}
    Socket& operator=(Socket&&) = delete;
    ~Socket() {
        if (descriptor_ >= 0) ::close(descriptor_);
    }

    int descriptor() const { return descriptor_; }

    void send(std::string_view bytes) const {
        while (!bytes.empty()) {
            const auto sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent < 0) throw std::runtime_error("the server closed a connection");
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
    }

    // Calls `take(bytes)` with what was left over before and what there is now; it returns how many
    // it used. False where nothing came within the time.
    template <class Take>
    bool receive(const Take& take, int timeout_ms) {
        pollfd waiting{.fd = descriptor_, .events = POLLIN, .revents = 0};
        if (timeout_ms != 0 && ::poll(&waiting, 1, timeout_ms) <= 0) return false;
        thread_local std::string buffer(256 * 1024, '\0');
        const auto got = ::recv(descriptor_, buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (got < 0 && errno == EAGAIN) return false;
        if (got <= 0) throw std::runtime_error("the server closed a connection");
        std::string_view bytes(buffer.data(), static_cast<std::size_t>(got));
        if (!rest_.empty()) bytes = rest_.append(bytes);
        std::string left(bytes.substr(take(bytes)));
        rest_.swap(left);
        if (rest_.empty()) rest_.shrink_to_fit();
        return true;
    }

    // Reads until `wanted` was there; everything up to its end is used up.
    void expect(std::string_view wanted) {
        bool found = false;
        const auto look = [&](std::string_view bytes) {
            const auto at = bytes.find(wanted);
            found = at != bytes.npos;
            return found ? at + wanted.size() : 0;
        };
        while (!found) {
            if (!receive(look, 10'000)) {
                throw std::runtime_error("waited in vain for " + std::string(wanted));
            }
        }
    }

  private:
    int descriptor_;
    std::string rest_;
};

// Calls `see(text)` for each whole message; returns how many bytes those took.
template <class See>
std::size_t read_frames(std::string_view bytes, const See& see) {
    std::size_t used = 0;
    for (;;) {
        const auto at = [&](std::size_t i) {
            return static_cast<std::size_t>(static_cast<unsigned char>(bytes[used + i]));
        };
        const std::size_t left = bytes.size() - used;
        if (left < 2) return used;
        std::size_t head = 2, length = at(1);
        if (length == 126) {
            head = 4;
            if (left < head) return used;
            length = at(2) << 8 | at(3);
        } else if (length == 127) {
            throw std::runtime_error("a frame of 64 KiB or more");
        }
        if (left < head + length) return used;
        see(bytes.substr(used + head, length));
        used += head + length;
    }
}

// A text as a client sends it, of at most 64 KiB. A mask of zeros leaves it as it is.
inline std::string client_frame(std::string_view text) {
    const auto length = text.size();
    std::string out{'\x81', static_cast<char>(0x80 | (length < 126 ? length : 126))};
    if (length >= 126) {
        out += static_cast<char>(length >> 8);
        out += static_cast<char>(length & 0xFF);
    }
    return out.append(4, '\0').append(text);
}

// A subscriber at /cable, of StreamsChannel unless `identifier` names another; it is JSON as it
// stands in a JSON text.
inline Socket subscribe(unsigned short port, const std::string& key, int receive_buffer = 0,
                        std::string_view identifier = R"({\"channel\":\"StreamsChannel\"})") {
    Socket socket(port, receive_buffer);
    socket.send(
        "GET /cable HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        "Sec-WebSocket-Protocol: actioncable-v1-json\r\nAuthorization: Bearer " +
        key + "\r\n\r\n");
    socket.expect("\r\n\r\n");
    socket.send(
        client_frame(R"({"command":"subscribe","identifier":")" + std::string(identifier) + "\"}"));
    socket.expect("\"type\":\"confirm_subscription\"}");
    return socket;
}

// Of broadcasts, not of pings and greetings.
inline bool is_delivery(std::string_view message) {
    return message.starts_with(R"({"identifier":)");
}

inline double cpu_seconds(clockid_t clock) {
    timespec time{};
    if (::clock_gettime(clock, &time) != 0) throw std::runtime_error("no clock of that process");
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

inline double quantile(std::vector<double>& values, double q) {
    if (values.empty()) return 0;
    std::ranges::sort(values);
    return values[std::min(values.size() - 1,
                           static_cast<std::size_t>(q * static_cast<double>(values.size())))];
}

inline double microseconds(Clock::duration time) {
    return std::chrono::duration<double, std::micro>(time).count();
}

}  // namespace streamwall::load
