#include "cli/reach.hpp"

#include "exec/descriptor.hpp"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace streamwall::cli {

namespace {

// 0 where the connection stands, else what errno would be.
int connect_once(const addrinfo& to, std::chrono::milliseconds limit) {
    const Descriptor socket(
        ::socket(to.ai_family, to.ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, to.ai_protocol));
    if (!socket) return errno;
    if (::connect(socket.get(), to.ai_addr, to.ai_addrlen) == 0) return 0;
    if (errno != EINPROGRESS) return errno;
    pollfd writable{socket.get(), POLLOUT, 0};
    if (::poll(&writable, 1, static_cast<int>(limit.count())) <= 0) return ETIMEDOUT;
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    return error;
}

}  // namespace

std::optional<std::string> why_unreachable(const std::string& host, const std::string& port,
                                           std::chrono::milliseconds limit) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* list = nullptr;
    if (const int failed = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &list); failed != 0) {
        return ::gai_strerror(failed);
    }
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned(list, &::freeaddrinfo);
    int error = 0;
    for (const auto* at = list; at != nullptr; at = at->ai_next) {
        error = connect_once(*at, limit);
        if (error == 0) return std::nullopt;
    }
    return std::strerror(error);
}

}  // namespace streamwall::cli
