// CallbackGate: lets callbacks through until it is shut, and shuts only behind the last one.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

namespace streamwall::transport_nats {

// Callbacks pass one at a time; libnats delivers on one thread.
class CallbackGate {
  public:
    // Runs `callback()` unless shut.
    template <class F>
    void pass(F&& callback) {
        {
            const std::lock_guard lock(mutex_);
            if (shut_) return;
            inside_ = std::this_thread::get_id();
        }
        std::forward<F>(callback)();
        {
            const std::lock_guard lock(mutex_);
            inside_ = {};
        }
        left_.notify_all();
    }

    // On return no callback runs and none will, except the one that called.
    void shut() {
        std::unique_lock lock(mutex_);
        shut_ = true;
        left_.wait(lock, [this] {
            return inside_ == std::thread::id() || inside_ == std::this_thread::get_id();
        });
    }

  private:
    std::mutex mutex_;
    std::condition_variable left_;
    std::thread::id inside_;
    bool shut_ = false;
};

}  // namespace streamwall::transport_nats
