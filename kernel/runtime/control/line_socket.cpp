// Source for the limits and flags: unix(7), poll(2).
#include "runtime/control/line_socket.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

namespace streamwall::control {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

constexpr int kBacklog = 16;

struct Address {
    sockaddr_un raw{};
    Descriptor folder;  // keeps a short name for a long path valid

    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&raw); }
    socklen_t size() const { return sizeof raw; }
};

Failure failure_of(int error, std::string_view what, const fs::path& path) {
    const sw_status code =
        error == EACCES || error == EPERM ? SW_PERMISSION_DENIED : SW_UNAVAILABLE;
    return Failure::of(code, fmt::format("{} {}: {}", what, path.string(), std::strerror(error)));
}

// A path that does not fit is reached through an open descriptor of its folder.
std::expected<Address, Failure> address_of(const fs::path& path) {
    Address address;
    address.raw.sun_family = AF_UNIX;
    std::string name = path.string();
    constexpr std::size_t kLimit = sizeof address.raw.sun_path - 1;
    if (name.size() > kLimit) {
        address.folder =
            Descriptor(::open(path.parent_path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
        if (!address.folder) {
            return std::unexpected(failure_of(errno, "cannot open the folder of", path));
        }
        name = fmt::format("/proc/self/fd/{}/{}", address.folder.get(), path.filename().string());
    }
    if (name.size() > kLimit) {
        return std::unexpected(Failure::of(
            SW_INVALID_ARGUMENT,
            fmt::format("{}: a socket's path has at most {} bytes", path.string(), kLimit)));
    }
    std::memcpy(address.raw.sun_path, name.data(), name.size());
    return address;
}

Descriptor make_socket() {
    return Descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

bool connects(const Descriptor& socket, const Address& address) {
    return ::connect(socket.get(), address.get(), address.size()) == 0;
}

// EADDRINUSE says only that the name exists; who died without removing it must not block us.
std::optional<Failure> remove_stale(const Address& address, const fs::path& path) {
    const auto probe = make_socket();
    if (!probe) return failure_of(errno, "cannot make a socket for", path);
    if (connects(probe, address) || errno == EAGAIN) {
        return Failure::of(SW_ALREADY_EXISTS,
                           fmt::format("another host answers on {}", path.string()));
    }
    if (errno != ECONNREFUSED || ::unlink(path.c_str()) != 0) {
        return failure_of(errno, "cannot replace", path);
    }
    return std::nullopt;
}

}  // namespace

std::expected<Descriptor, Failure> listen_unix(const fs::path& path) {
    auto address = address_of(path);
    if (!address) return std::unexpected(std::move(address.error()));
    auto socket = make_socket();
    if (!socket) return std::unexpected(failure_of(errno, "cannot make a socket for", path));
    // The mode of the file comes from the socket's, minus the umask, so there is no moment at which
    // others could connect.
    if (::fchmod(socket.get(), 0600) != 0) {
        return std::unexpected(failure_of(errno, "cannot protect", path));
    }
    if (::bind(socket.get(), address->get(), address->size()) != 0) {
        if (errno != EADDRINUSE) return std::unexpected(failure_of(errno, "cannot bind", path));
        if (auto refused = remove_stale(*address, path)) return std::unexpected(*refused);
        if (::bind(socket.get(), address->get(), address->size()) != 0) {
            return std::unexpected(failure_of(errno, "cannot bind", path));
        }
    }
    if (::listen(socket.get(), kBacklog) != 0) {
        return std::unexpected(failure_of(errno, "cannot listen on", path));
    }
    return socket;
}

std::expected<Descriptor, Failure> connect_unix(const fs::path& path) {
    auto address = address_of(path);
    if (!address) return std::unexpected(std::move(address.error()));
    auto socket = make_socket();
    if (!socket) return std::unexpected(failure_of(errno, "cannot make a socket for", path));
    if (!connects(socket, *address)) {
        return std::unexpected(failure_of(errno, "cannot connect to", path));
    }
    return socket;
}

LineSocket::LineSocket(Descriptor socket, std::size_t max_line, int stop)
    : socket_(std::move(socket)), max_line_(max_line), stop_(stop) {}

LineSocket::Ready LineSocket::wait(short events, steady_clock::time_point deadline) const {
    for (;;) {
        const auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now()).count();
        std::array<pollfd, 2> polled{{{socket_.get(), events, 0}, {stop_, POLLIN, 0}}};
        const int ready = ::poll(polled.data(), polled.size(),
                                 static_cast<int>(std::clamp<long>(left, 0, 3'600'000)));
        if (ready < 0 && errno == EINTR) continue;
        if (polled[1].revents != 0) return Ready::stopped;
        if (polled[0].revents != 0) return Ready::yes;
        if (left <= 0) return Ready::timed_out;
    }
}

Transfer LineSocket::read_line(std::string& line, milliseconds timeout) {
    const auto deadline = steady_clock::now() + timeout;
    std::size_t searched = 0;
    for (;;) {
        const auto end = buffer_.find('\n', searched);
        if (end != std::string::npos && end <= max_line_) {
            line.assign(buffer_, 0, end);
            buffer_.erase(0, end + 1);
            return Transfer::done;
        }
        if (buffer_.size() > max_line_) return Transfer::too_long;
        searched = buffer_.size();
        std::array<char, 16 * 1024> chunk;
        const auto count = ::recv(socket_.get(), chunk.data(), chunk.size(), 0);
        if (count > 0) {
            buffer_.append(chunk.data(), static_cast<std::size_t>(count));
            continue;
        }
        if (count == 0) return Transfer::closed;
        if (errno == EINTR) continue;
        if (errno != EAGAIN) return Transfer::closed;
        const auto ready = wait(POLLIN, deadline);
        if (ready == Ready::timed_out) return Transfer::timed_out;
        if (ready == Ready::stopped) return Transfer::stopped;
    }
}

Transfer LineSocket::write_line(std::string line, milliseconds timeout) {
    const auto deadline = steady_clock::now() + timeout;
    line += '\n';
    for (std::string_view rest = line; !rest.empty();) {
        const auto count = ::send(socket_.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
        if (count >= 0) {
            rest.remove_prefix(static_cast<std::size_t>(count));
            continue;
        }
        if (errno == EINTR) continue;
        if (errno != EAGAIN) return Transfer::closed;
        const auto ready = wait(POLLOUT, deadline);
        if (ready == Ready::timed_out) return Transfer::timed_out;
        if (ready == Ready::stopped) return Transfer::stopped;
    }
    return Transfer::done;
}

LineSocket::Wake LineSocket::wait_for(const Descriptor& signal) {
    for (;;) {
        std::array<pollfd, 3> polled{{{signal.get(), POLLIN, 0},
                                      {socket_.get(), POLLIN | POLLRDHUP, 0},
                                      {stop_, POLLIN, 0}}};
        if (::poll(polled.data(), polled.size(), -1) < 0) continue;  // EINTR is the only reason
        if (polled[2].revents != 0) return Wake::stopped;
        if ((polled[1].revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0) return Wake::closed;
        if (polled[1].revents != 0) {
            std::array<char, 4096> dropped;
            if (::recv(socket_.get(), dropped.data(), dropped.size(), 0) == 0) return Wake::closed;
        }
        if (polled[0].revents != 0) {
            clear_signal(signal);
            return Wake::signal;
        }
    }
}

}  // namespace streamwall::control
