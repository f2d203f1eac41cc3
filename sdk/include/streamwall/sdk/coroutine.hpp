// Coroutines over the SDK: what waits is written from top to bottom.
//
//   class Poller final : public streamwall::Plugin<Settings> {
//     public:
//       using Plugin::Plugin;
//       Step start() override {
//           tasks_.start(poll());
//           return ok();
//       }
//     private:
//       Task<> poll() {
//           for (;;) {
//               co_await coro::sleep(host(), settings().every);
//               auto page = co_await coro::call(services(), get_, Buffer("{}"),
//                                               host().own_context().raw());
//               if (!page) log().warn("poll.failed", page.error().message);
//           }
//       }
//       Tasks tasks_{*this};
//   };
//
// Rules
//   - For serial plugins. Everything begins, continues and ends on the instance's strand, so a
//     coroutine needs no lock; what is awaited may have changed the plugin meanwhile.
//   - A frame lives until its body returns, and at most until the step stop: Tasks destroys what is
//     left, innermost first, before stop() is called. Nothing of it runs then but destructors;
//     calls that it waited for are cancelled. What has to be finished is finished in drain().
//   - Parameters are copied into the frame; references and `this` of a lambda are not kept alive.
//     Pass values, and make coroutines member functions rather than lambdas with captures.
//   - An exception that leaves a task comes out of the co_await for it; one that leaves a started
//     task is logged as task.failed.
#pragma once

#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ < 13
#error "GCC before 13 (g++ 12) miscompiles coroutines: use Clang, GCC 13, or callbacks"
#endif

#include <streamwall/sdk/plugin.hpp>

#include <coroutine>
#include <exception>
#include <list>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace streamwall {

// A piece of work that runs when it is awaited or started. Owns its frame.
template <class T = void>
class Task;

namespace detail {

struct TaskPromiseBase {
    std::coroutine_handle<> continuation = std::noop_coroutine();
    std::exception_ptr thrown;

    struct Final {
        bool await_ready() const noexcept { return false; }
        template <class Promise>
        std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) const noexcept {
            return self.promise().continuation;
        }
        void await_resume() const noexcept {}
    };
    std::suspend_always initial_suspend() const noexcept { return {}; }
    Final final_suspend() const noexcept { return {}; }
    void unhandled_exception() noexcept { thrown = std::current_exception(); }
};

template <class T>
struct TaskPromise : TaskPromiseBase {
    std::optional<T> value;
    Task<T> get_return_object();
    template <class U>
    void return_value(U&& given) {
        value.emplace(std::forward<U>(given));
    }
    T take() {
        if (thrown) std::rethrow_exception(thrown);
        return std::move(*value);
    }
};

template <>
struct TaskPromise<void> : TaskPromiseBase {
    Task<void> get_return_object();
    void return_void() const noexcept {}
    void take() const {
        if (thrown) std::rethrow_exception(thrown);
    }
};

}  // namespace detail

template <class T>
class [[nodiscard]] Task {
  public:
    using promise_type = detail::TaskPromise<T>;
    using Handle = std::coroutine_handle<promise_type>;

    explicit Task(Handle frame) : frame_(frame) {}
    Task(Task&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
    Task& operator=(Task&&) = delete;
    ~Task() {
        if (frame_) frame_.destroy();
    }

    // Awaited once, as `co_await std::move(task)` or `co_await make()`.
    struct Awaiter {
        Handle frame;
        bool await_ready() const noexcept { return false; }
        std::coroutine_handle<> await_suspend(std::coroutine_handle<> caller) const noexcept {
            frame.promise().continuation = caller;
            return frame;
        }
        T await_resume() const { return frame.promise().take(); }
    };
    Awaiter operator co_await() && noexcept { return Awaiter{frame_}; }

  private:
    Handle frame_;
};

namespace detail {
template <class T>
Task<T> TaskPromise<T>::get_return_object() {
    return Task<T>(Task<T>::Handle::from_promise(*this));
}
inline Task<void> TaskPromise<void>::get_return_object() {
    return Task<void>(Task<void>::Handle::from_promise(*this));
}
}  // namespace detail

// The running tasks of one plugin. A member of the plugin, declared behind what its tasks use.
class Tasks {
  public:
    explicit Tasks(PluginBase& plugin) : log_(plugin.log()) {
        plugin.before_stop([this] { cancel(); });
    }
    Tasks(const Tasks&) = delete;
    Tasks& operator=(const Tasks&) = delete;
    ~Tasks() { cancel(); }

    // Runs `task` until it first waits; the rest follows on the strand. [strand]
    void start(Task<> task) {
        auto root = run(*this, std::move(task));
        roots_.push_front(root.frame);
        root.frame.promise().place = roots_.begin();
        root.frame.resume();
    }
    // Answers a request with what a task returns:
    //   services().offer("x", "y", [this](const Request& r) { return tasks_.serve(r, work()); });
    Answer serve(const Request& request, Task<Result<Buffer>> task) {
        start(respond(request.defer(), std::move(task)));
        return pending;
    }
    // Ends a durable delivery with what a task returns. What the task needs of the event is copied
    // before it first waits.
    Outcome handle(const Event& event, Task<Result<>> task) {
        start(complete(Delivery(event), std::move(task)));
        return pending;
    }
    std::size_t running() const { return roots_.size(); }
    // Destroys every frame; never from inside a task. [strand, no other step]
    void cancel() {
        while (!roots_.empty()) {
            const auto frame = roots_.front();
            roots_.pop_front();
            frame.destroy();
        }
    }

  private:
    struct Root {
        struct promise_type;
        using Handle = std::coroutine_handle<promise_type>;
        struct promise_type {
            explicit promise_type(Tasks& owner, Task<>&) : tasks(owner) {}
            Root get_return_object() { return {Handle::from_promise(*this)}; }
            std::suspend_always initial_suspend() const noexcept { return {}; }
            // A frame that came to its end frees itself.
            struct Final {
                bool await_ready() const noexcept { return false; }
                void await_suspend(Handle self) const noexcept {
                    self.promise().tasks.roots_.erase(self.promise().place);
                    self.destroy();
                }
                void await_resume() const noexcept {}
            };
            Final final_suspend() const noexcept { return {}; }
            void return_void() const noexcept {}
            void unhandled_exception() const noexcept {
                try {
                    throw;
                } catch (const std::exception& problem) {
                    tasks.log_.error("task.failed", problem.what());
                } catch (...) {
                    tasks.log_.error("task.failed", "unknown exception");
                }
            }
            Tasks& tasks;
            std::list<Handle>::iterator place;
        };
        Handle frame;
    };
    static Root run(Tasks&, Task<> task) { co_await std::move(task); }
    static Task<> respond(Responder responder, Task<Result<Buffer>> task) {
        auto answer = co_await std::move(task);
        responder.send(std::move(answer));
    }
    static Task<> complete(Delivery delivery, Task<Result<>> task) {
        const auto outcome = co_await std::move(task);
        delivery.complete(outcome);
    }

    Log log_;
    std::list<Root::Handle> roots_;
};

// What a task may wait for.
namespace coro {

namespace detail {

// Where an answer meets who waits for it. Both may go first; all on the strand.
template <class T>
struct Meeting {
    std::optional<T> value;
    std::coroutine_handle<> waiting;

    void arrive(T given) {
        value.emplace(std::move(given));
        if (waiting) std::exchange(waiting, nullptr).resume();
    }
};

// Starts work with a callback, and waits for it. `begin(done)` returns what undoes it.
template <class T, class Begin, class Undo>
class Awaiter {
  public:
    Awaiter(Begin begin, Undo undo) : begin_(std::move(begin)), undo_(std::move(undo)) {}
    Awaiter(Awaiter&&) = default;
    ~Awaiter() {
        if (!meeting_) return;
        meeting_->waiting = nullptr;
        if (!meeting_->value) undo_();
    }
    bool await_ready() {
        meeting_ = std::make_shared<Meeting<T>>();
        begin_(undo_, [meeting = meeting_](T value) {
            const auto kept = meeting;  // resuming may destroy the callback itself
            kept->arrive(std::move(value));
        });
        return meeting_->value.has_value();
    }
    void await_suspend(std::coroutine_handle<> caller) { meeting_->waiting = caller; }
    T await_resume() { return std::move(*meeting_->value); }

  private:
    Begin begin_;
    Undo undo_;
    std::shared_ptr<Meeting<T>> meeting_;
};
template <class T, class Begin, class Undo>
Awaiter<T, Begin, Undo> make_awaiter(Begin begin, Undo undo) {
    return {std::move(begin), std::move(undo)};
}

struct CancelCall {
    const Services* services;
    std::uint64_t id = 0;
    void operator()() const {
        if (id) services->cancel(id);
    }
};
struct CancelTimer {
    Timer timer;
    void operator()() { timer.cancel(); }
};
struct Nothing {
    void operator()() const {}
};

}  // namespace detail

// Result<Buffer> of a call. The context is copied.
inline auto call(const Services& services, Method method, Buffer request,
                 const sw_context& context) {
    return detail::make_awaiter<Result<Buffer>>(
        [&services, method, request = std::move(request), context = Context(context)](
            detail::CancelCall& undo, auto done) {
            undo.id = services.call(method, request, context.raw(), std::move(done));
        },
        detail::CancelCall{&services});
}

// Result<Buffer> of a durable event; success means that it survives a power cut.
inline auto append(const Bus& bus, std::string type, std::string subject, Buffer data,
                   const sw_context& context) {
    return detail::make_awaiter<Result<Buffer>>(
        [&bus, type = std::move(type), subject = std::move(subject), data = std::move(data),
         context = Context(context)](detail::Nothing&, auto done) {
            bus.append({type, subject, data}, context.raw(), std::move(done));
        },
        detail::Nothing{});
}

// True after `delay`.
inline auto sleep(const Host& host, std::chrono::nanoseconds delay) {
    return detail::make_awaiter<bool>(
        [&host, delay](detail::CancelTimer& undo, auto done) {
            undo.timer = host.after(delay, [done] { done(true); });
        },
        detail::CancelTimer{});
}

// What `work()` returns on the pool for blocking work. It runs to its end also where nobody waits
// any more, so it must own what it uses. Exceptions that leave it end the process.
template <class Work>
auto blocking(const Host& host, Work work) {
    using T = std::invoke_result_t<Work>;
    return detail::make_awaiter<T>(
        [&host, work = std::move(work)](detail::Nothing&, auto done) mutable {
            host.post_blocking([&host, work = std::move(work), done]() mutable {
                host.post([done, value = std::make_shared<T>(work())] { done(std::move(*value)); });
            });
        },
        detail::Nothing{});
}

}  // namespace coro
}  // namespace streamwall
