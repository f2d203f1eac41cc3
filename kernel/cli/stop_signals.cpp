#include "cli/stop_signals.hpp"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

namespace streamwall::cli {

namespace {

constexpr std::chrono::milliseconds kSameSignal{300};

sigset_t stop_set() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    return set;
}

}  // namespace

StopSignals::StopSignals() {
    const auto set = stop_set();
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    thread_ = std::thread([this] { listen(); });
}

StopSignals::~StopSignals() {
    {
        std::lock_guard lock(mutex_);
        ending_ = true;
    }
    pthread_kill(thread_.native_handle(), SIGTERM);
    thread_.join();
}

void StopSignals::listen() {
    const auto set = stop_set();
    for (;;) {
        int number = 0;
        if (sigwait(&set, &number) != 0) continue;
        std::lock_guard lock(mutex_);
        if (ending_) return;
        const auto now = std::chrono::steady_clock::now();
        if (signal_ != 0) {
            if (now - first_ < kSameSignal) continue;
            ::_exit(128 + number);
        }
        signal_ = number;
        first_ = now;
        came_.notify_all();
        if (stopping_) stopping_();
    }
}

void StopSignals::on_first(std::function<void()> stopping) {
    std::lock_guard lock(mutex_);
    stopping_ = std::move(stopping);
    if (stopping_ && signal_ != 0) stopping_();
}

int StopSignals::wait() {
    std::unique_lock lock(mutex_);
    came_.wait(lock, [this] { return signal_ != 0; });
    return signal_;
}

}  // namespace streamwall::cli
