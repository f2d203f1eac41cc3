// StopSignals: SIGTERM and SIGINT as something to wait for.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace streamwall::cli {

// Make it before any other thread exists, so that all threads inherit the blocked signals. The
// first signal ends wait(); a second one ends the process at once with 128 + its number, for
// whoever does not want to wait for a graceful stop.
class StopSignals {
  public:
    StopSignals();
    ~StopSignals();
    StopSignals(const StopSignals&) = delete;
    StopSignals& operator=(const StopSignals&) = delete;

    int wait();
    // Runs `stopping` when the first signal comes, or now where it has come; on any thread. One.
    void on_first(std::function<void()> stopping);

  private:
    void listen();

    std::mutex mutex_;
    std::condition_variable came_;
    int signal_ = 0;
    std::chrono::steady_clock::time_point first_;
    bool ending_ = false;
    std::function<void()> stopping_;
    std::thread thread_;
};

}  // namespace streamwall::cli
