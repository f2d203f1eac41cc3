// IoLoop: a private Asio io_context with one thread, for plugins that own sockets.
//
// With `threading: {mode: serial, loop: own}` in the manifest, the plugin's strand and its sockets
// share this thread: callbacks of the host may touch sockets, and handlers of sockets may call the
// host, without a lock.
//
//   class Source final : public streamwall::Plugin<Settings> {
//     public:
//       Source(const sw_host_api* api, Settings settings)
//           : Plugin(api, std::move(settings)), loop_("my-source") {
//           host().bind_loop(loop_.executor());
//       }
//       ~Source() override { loop_.join(); }
//
//     private:
//       streamwall::IoLoop loop_;   // first: outlives everything that uses its context
//       …sockets…
//   };
//
// Rules
//   - Bind it in the constructor; the host then runs start(), stop() and all callbacks on it. The
//     thread itself begins with the first piece of work, so that an instance which is created but
//     never started has none.
//   - stop() ends what runs: it closes the sockets and completes once their handlers have run.
//   - destroy runs on another thread, after the host has let go of the loop. join() ends the
//   thread;
//     from then on the loop's objects belong to whoever called it. What is still pending is
//     destroyed unrun with the io_context, so handlers must not touch the plugin in their
//     destructors.
//   - One io_context stays inside one library: two modules that share one break Asio's strands
//     without a word. Only executor(), a C struct, crosses the boundary.
//   - A handler that throws ends the process, unless `on_exception` was given, which is told
//   instead.
#pragma once

#include <streamwall/base.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <pthread.h>
#include <signal.h>

#include <exception>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace streamwall {

class IoLoop {
  public:
    using OnException = std::function<void(std::string_view what)>;

    // `name` is the thread's in debuggers and `top`; the kernel keeps its first 15 bytes.
    explicit IoLoop(std::string name, OnException on_exception = {})
        : name_(std::move(name.erase(std::min<std::size_t>(name.size(), 15)))),
          on_exception_(std::move(on_exception)),
          context_(1),
          work_(context_.get_executor()) {
        executor_ = {sizeof executor_, 0, this, &IoLoop::post_to, &IoLoop::is_current_in};
    }
    IoLoop(const IoLoop&) = delete;
    IoLoop& operator=(const IoLoop&) = delete;
    ~IoLoop() { join(); }

    // For sockets and timers. [any]
    boost::asio::io_context& context() { return context_; }
    // For Host::bind_loop(); lives as long as the loop. [any]
    const sw_executor* executor() const { return &executor_; }
    // True on the loop's thread. [any]
    bool is_current() { return context_.get_executor().running_in_this_thread(); }

    // Ends the thread and waits for it; a second call does nothing. Never on the loop itself.
    void join() {
        work_.reset();
        context_.stop();
        std::call_once(started_, [] {});  // no thread may begin any more
        if (thread_.joinable()) thread_.join();
    }

  private:
    static void post_to(void* self, void (*run)(void* arg), void* arg) {
        auto& loop = *static_cast<IoLoop*>(self);
        boost::asio::post(loop.context_, [run, arg] { run(arg); });
        std::call_once(loop.started_, [&loop] { loop.start_thread(); });
    }
    static std::int32_t is_current_in(void* self) {
        return static_cast<IoLoop*>(self)->is_current() ? 1 : 0;
    }

    // Signals are the host's business: the thread is born with all of them blocked.
    void start_thread() {
        sigset_t all;
        sigset_t before;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        thread_ = std::thread([this]() noexcept { run(); });
        pthread_sigmask(SIG_SETMASK, &before, nullptr);
        pthread_setname_np(thread_.native_handle(), name_.c_str());
    }

    void run() {
        while (!context_.stopped()) {
            if (!on_exception_) {
                context_.run();
                continue;
            }
            try {
                context_.run();
            } catch (const std::exception& problem) {
                on_exception_(problem.what());
            } catch (...) {
                on_exception_("unknown exception");
            }
        }
    }

    std::string name_;
    OnException on_exception_;
    boost::asio::io_context context_;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
    sw_executor executor_{};
    std::once_flag started_;
    std::thread thread_;
};

}  // namespace streamwall
