// Source: epoll(7), eventfd(2).
#include "exec/loop.hpp"

#include <pthread.h>
#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <limits>
#include <system_error>
#include <utility>

namespace streamwall::exec {

namespace {

constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint64_t kWakeNumber = 0;

void control(const Descriptor& epoll, int operation, int fd, std::uint64_t number,
             std::uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.u64 = number;
    if (::epoll_ctl(epoll.get(), operation, fd, &event) != 0 && operation == EPOLL_CTL_ADD) {
        throw std::system_error(errno, std::generic_category(), "epoll_ctl");
    }
}

}  // namespace

Loop::Loop(std::string name, std::function<void(std::uint64_t)> on_deadline)
    : on_deadline_(std::move(on_deadline)),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      wake_(make_signal()),
      wake_at_ns_(kNever) {
    control(epoll_, EPOLL_CTL_ADD, wake_.get(), kWakeNumber, EPOLLIN);
    thread_ = std::thread([this, name = std::move(name)] {
        ::pthread_setname_np(::pthread_self(), name.substr(0, 15).c_str());
        thread_id_ = std::this_thread::get_id();
        run();
    });
}

Loop::~Loop() {
    stop();
}

void Loop::stop() {
    stopping_ = true;
    raise_signal(wake_);
    if (thread_.joinable()) thread_.join();
}

std::uint64_t Loop::add(int fd, std::shared_ptr<Polled> polled) {
    std::uint64_t number = 0;
    {
        std::lock_guard lock(mutex_);
        number = next_number_++;
        polled_.emplace(number, std::move(polled));
    }
    control(epoll_, EPOLL_CTL_ADD, fd, number, EPOLLIN);
    return number;
}

void Loop::want_writable(int fd, std::uint64_t number, bool wanted) {
    control(epoll_, EPOLL_CTL_MOD, fd, number, wanted ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

void Loop::remove(int fd, std::uint64_t number) {
    control(epoll_, EPOLL_CTL_DEL, fd, number, 0);
    std::lock_guard lock(mutex_);
    polled_.erase(number);
}

void Loop::post(std::function<void()> work) {
    {
        std::lock_guard lock(mutex_);
        posted_.push_back(std::move(work));
    }
    raise_signal(wake_);
}

void Loop::wake_by(std::uint64_t deadline_ns) {
    auto planned = wake_at_ns_.load();
    while (deadline_ns < planned) {
        if (!wake_at_ns_.compare_exchange_weak(planned, deadline_ns)) continue;
        raise_signal(wake_);
        return;
    }
}

std::uint64_t Loop::now_ns() {
    return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
}

bool Loop::holds_back(const std::shared_ptr<Polled>& polled) {
    if (!holding_) return false;
    held_.push_back(polled);
    return true;
}

void Loop::hold_back(bool more_at_hand) {
    holding_ = more_at_hand;
    if (holding_) return;
    for (const auto& polled : std::exchange(held_, {}))
        polled->writable();
}

// Rounded up: a wake-up before the time would be followed by another one.
int Loop::sleep_ms() const {
    const auto at = wake_at_ns_.load();
    if (at == kNever) return -1;
    const auto now = now_ns();
    constexpr std::uint64_t kHour = 3'600'000;
    return at <= now ? 0 : static_cast<int>(std::min((at - now + 999'999) / 1'000'000, kHour));
}

void Loop::run_posted() {
    std::vector<std::function<void()>> work;
    {
        std::lock_guard lock(mutex_);
        work.swap(posted_);
    }
    for (const auto& one : work)
        one();
}

void Loop::run() {
    std::array<epoll_event, 64> events;
    while (!stopping_) {
        const int count = ::epoll_wait(epoll_.get(), events.data(), events.size(), sleep_ms());
        for (int n = 0; n < count; ++n) {
            const auto event = events[static_cast<std::size_t>(n)];
            const std::uint64_t number = event.data.u64;  // packed: nothing may refer to it
            if (number == kWakeNumber) {
                clear_signal(wake_);
                continue;
            }
            std::shared_ptr<Polled> polled;
            {
                std::lock_guard lock(mutex_);
                // It may have been removed by what was called before it.
                const auto found = polled_.find(number);
                if (found != polled_.end()) polled = found->second;
            }
            if (polled && event.events & EPOLLOUT) polled->writable();
            if (polled && event.events & (EPOLLIN | EPOLLHUP | EPOLLERR)) polled->readable();
        }
        if (wake_at_ns_.load() <= now_ns()) {
            wake_at_ns_ = kNever;
            on_deadline_(now_ns());
        }
        run_posted();
    }
    run_posted();
}

}  // namespace streamwall::exec
