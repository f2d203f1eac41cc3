// epoll and an eventfd.
#include "poller.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <system_error>

namespace streamwall::transport_nats {
namespace {

int check(int result, const char* what) {
    if (result < 0) throw std::system_error(errno, std::generic_category(), what);
    return result;
}

}  // namespace

Poller::Poller()
    : epoll_(check(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
      wakeup_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = wakeup_;
    if (wakeup_ < 0 || ::epoll_ctl(epoll_, EPOLL_CTL_ADD, wakeup_, &event) < 0) {
        const int problem = errno;
        ::close(epoll_);
        if (wakeup_ >= 0) ::close(wakeup_);
        throw std::system_error(problem, std::generic_category(), "eventfd");
    }
}

Poller::~Poller() {
    ::close(wakeup_);
    ::close(epoll_);
}

bool Poller::watch(int socket, bool for_output) {
    epoll_event event{};
    event.events = EPOLLIN | (for_output ? EPOLLOUT : 0U);
    event.data.fd = socket;
    if (::epoll_ctl(epoll_, EPOLL_CTL_MOD, socket, &event) == 0) {
        return true;
    }
    return ::epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event) == 0;
}

void Poller::forget(int socket) {
    ::epoll_ctl(epoll_, EPOLL_CTL_DEL, socket, nullptr);
}

void Poller::wake() {
    const std::uint64_t one = 1;
    // Full means that a wake-up is pending already.
    [[maybe_unused]] const auto written = ::write(wakeup_, &one, sizeof one);
}

Poller::Ready Poller::wait(std::optional<Clock::time_point> until) {
    int timeout = -1;
    if (until) {
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(*until - Clock::now()).count();
        timeout = static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
    }
    std::array<epoll_event, 2> events{};
    const int count = ::epoll_wait(epoll_, events.data(), events.size(), timeout);
    Ready out;
    for (int n = 0; n < count; ++n) {
        const auto& event = events[static_cast<std::size_t>(n)];
        if (event.data.fd == wakeup_) {
            std::uint64_t wakeups = 0;
            [[maybe_unused]] const auto got = ::read(wakeup_, &wakeups, sizeof wakeups);
            continue;
        }
        out.input |= (event.events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0;
        out.output |= (event.events & EPOLLOUT) != 0;
    }
    return out;
}

}  // namespace streamwall::transport_nats
