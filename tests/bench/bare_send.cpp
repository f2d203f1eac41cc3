// The floor of a broadcast: one thread, one frame made beforehand, one send() for each subscriber.
//
//   bare_send PORT BYTES      BYTES: size of the frame's text
//
// It takes whatever looks like a handshake, a subscription or a PATCH for one, and reads no
// further.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace {

// A text frame as a server sends it.
std::string frame_of(const std::string& text) {
    std::string frame(1, '\x81');
    if (text.size() < 126) {
        frame += static_cast<char>(text.size());
    } else {
        frame += '\x7e';
        frame += static_cast<char>(text.size() >> 8);
        frame += static_cast<char>(text.size() & 255);
    }
    return frame + text;
}

int listen_on(unsigned short port) {
    const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
    const int on = 1;
    ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(listener, 1024) != 0) {
        std::perror("bare_send");
        std::exit(1);
    }
    return listener;
}

class Server {
  public:
    Server(unsigned short port, std::size_t bytes)
        : message_(frame_of(R"({"identifier":")" + std::string(bytes, 'x'))),
          epoll_(::epoll_create1(0)),
          listener_(listen_on(port)) {
        watch(listener_);
    }
    void run() {
        std::vector<epoll_event> events(256);
        for (;;) {
            const int count = ::epoll_wait(epoll_, events.data(), 256, -1);
            for (int i = 0; i < count; ++i) {
                const int descriptor = events[static_cast<std::size_t>(i)].data.fd;
                descriptor == listener_ ? accept() : read(descriptor);
            }
        }
    }

  private:
    void watch(int descriptor) const {
        epoll_event event{.events = EPOLLIN, .data = {.fd = descriptor}};
        ::epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event);
    }
    void accept() const {
        const int descriptor = ::accept(listener_, nullptr, nullptr);
        if (descriptor < 0) return;
        const int on = 1;
        ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        watch(descriptor);
    }
    static void send(int descriptor, std::string_view bytes) {
        ::send(descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    }
    void read(int descriptor) {
        char buffer[4096];
        const auto got = ::recv(descriptor, buffer, sizeof buffer, MSG_DONTWAIT);
        if (got <= 0) {
            std::erase(subscribers_, descriptor);
            ::close(descriptor);
            return;
        }
        const std::string_view request(buffer, static_cast<std::size_t>(got));
        if (request.starts_with("GET")) {
            send(descriptor, "HTTP/1.1 101 Switching Protocols\r\n\r\n");
        } else if (request.starts_with("PATCH")) {
            for (const int subscriber : subscribers_)
                send(subscriber, message_);
            send(descriptor, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        } else {
            subscribers_.push_back(descriptor);
            send(descriptor, frame_of(R"({"type":"confirm_subscription"})"));
        }
    }

    const std::string message_;
    int epoll_;
    int listener_;
    std::vector<int> subscribers_;
};

}  // namespace

int main(int argc, char** argv) {
    if (argc < 3) {
        std::fprintf(stderr, "usage: bare_send PORT BYTES\n");
        return 2;
    }
    const rlimit limit{65536, 65536};
    ::setrlimit(RLIMIT_NOFILE, &limit);
    const auto bytes = std::strtoul(argv[2], nullptr, 10);
    constexpr std::size_t kPrefix = 15;  // what every message begins with
    Server(static_cast<unsigned short>(std::atoi(argv[1])), bytes > kPrefix ? bytes - kPrefix : 0)
        .run();
}
