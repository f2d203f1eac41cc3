// Loop: one thread that waits for descriptors and runs what they, a deadline or other threads ask
// for.
//
// epoll instead of Asio: with two system calls between a message's arrival and its handler there is
// nothing left to save, and a loop of the kernel's own costs no template.
#pragma once

#include "exec/descriptor.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace streamwall::exec {

// What a loop waits for. Called on its thread.
class Polled {
  public:
    virtual ~Polled() = default;
    virtual void readable() = 0;
    virtual void writable() {}
};

class Loop {
  public:
    // `on_deadline` runs on the thread when the time of wake_by() has come.
    Loop(std::string name, std::function<void(std::uint64_t now_ns)> on_deadline);
    ~Loop();  // stop()
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    // From now on `polled` hears of `fd`. Returns a number, unique in this loop. [any]
    std::uint64_t add(int fd, std::shared_ptr<Polled> polled);
    // Whether writable() is wanted too. [any]
    void want_writable(int fd, std::uint64_t number, bool wanted);
    // It is not called any more. [the loop's thread]
    void remove(int fd, std::uint64_t number);

    void post(std::function<void()> work);    // runs on the thread [any]
    void wake_by(std::uint64_t deadline_ns);  // on now_ns()'s clock [any]
    static std::uint64_t now_ns();
    bool is_current() const { return thread_id_.load() == std::this_thread::get_id(); }
    // While the thread has more messages at hand, what it sends waits to leave together: true where
    // that is so, and writable() of `polled` follows. [the loop's thread]
    bool holds_back(const std::shared_ptr<Polled>& polled);
    void hold_back(bool more_at_hand);
    // Runs what is posted and ends the thread; nothing is called afterwards. Not from the thread.
    void stop();

  private:
    void run();
    void run_posted();
    int sleep_ms() const;

    const std::function<void(std::uint64_t)> on_deadline_;
    Descriptor epoll_;
    Descriptor wake_;
    std::mutex mutex_;
    std::map<std::uint64_t, std::shared_ptr<Polled>> polled_;
    std::vector<std::function<void()>> posted_;
    std::uint64_t next_number_ = 1;
    bool holding_ = false;                       // the thread's own
    std::vector<std::shared_ptr<Polled>> held_;  // the thread's own
    std::atomic<std::uint64_t> wake_at_ns_;
    std::atomic<bool> stopping_{false};
    std::atomic<std::thread::id> thread_id_;
    std::thread thread_;
};

}  // namespace streamwall::exec
