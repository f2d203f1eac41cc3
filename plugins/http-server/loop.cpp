#include "loop.hpp"

#include "tls.hpp"

#include <sys/socket.h>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <thread>

namespace streamwall::http_server {

namespace asio = boost::asio;
using Executor = asio::io_context::executor_type;
using Descriptor = asio::posix::basic_stream_descriptor<Executor>;

void WheelHook::unlink() {
    if (!linked()) return;
    previous->next = next;
    next->previous = previous;
    previous = next = nullptr;
}

void WheelHook::link_before(WheelHook& at) {
    previous = at.previous;
    next = &at;
    at.previous->next = this;
    at.previous = this;
}

Session::~Session() {
    unlink();
}

struct Loop::Impl {
    // One thread runs it: Asio may leave out its own locks around handlers, not those of post().
    asio::io_context context{1};
    asio::executor_work_guard<Executor> work{context.get_executor()};
    using Timer = asio::basic_waitable_timer<Clock, asio::wait_traits<Clock>, Executor>;
    Timer timer{context};    // ticks
    Timer delayed{context};  // post_after
    std::thread thread;
    std::atomic<std::thread::id> thread_id;
};

struct Socket::Watch {
    Descriptor descriptor;
};

Socket::Socket() = default;
Socket::Socket(Loop& loop, int descriptor)
    : watch_(new Watch{Descriptor(loop.impl_->context, descriptor)}),
      loop_(&loop),
      descriptor_(descriptor) {}
Socket::Socket(Socket&& other) noexcept
    : watch_(std::move(other.watch_)),
      tls_(std::move(other.tls_)),
      loop_(other.loop_),
      descriptor_(std::exchange(other.descriptor_, -1)) {}
Socket& Socket::operator=(Socket&& other) noexcept {
    close();
    watch_ = std::move(other.watch_);
    tls_ = std::move(other.tls_);
    loop_ = other.loop_;
    descriptor_ = std::exchange(other.descriptor_, -1);
    return *this;
}
Socket::~Socket() {
    close();
}

void Socket::wait_readable(SessionPtr session) {
    const bool waits_to_write = tls_ && tls_->receives_when_writable();
    watch_->descriptor.async_wait(
        waits_to_write ? Descriptor::wait_write : Descriptor::wait_read,
        [loop = loop_, session = std::move(session)](boost::system::error_code ec) {
            if (ec != asio::error::operation_aborted)
                loop->contain(*session, &Session::on_readable);
        });
}

void Socket::wait_writable(SessionPtr session) {
    watch_->descriptor.async_wait(
        Descriptor::wait_write,
        [loop = loop_, session = std::move(session)](boost::system::error_code ec) {
            if (ec != asio::error::operation_aborted)
                loop->contain(*session, &Session::on_writable);
        });
}

void Socket::secure(std::unique_ptr<TlsStream> tls) {
    tls_ = std::move(tls);
}

ssize_t Socket::receive(std::span<char> buffer) {
    if (tls_) return tls_->receive(buffer);
    return ::recv(descriptor_, buffer.data(), buffer.size(), 0);
}

ssize_t Socket::send(std::span<const iovec> bytes) {
    if (tls_) return tls_->send(bytes);
    if (bytes.size() == 1) {
        return ::send(descriptor_, bytes[0].iov_base, bytes[0].iov_len, MSG_NOSIGNAL);
    }
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(bytes.data());
    message.msg_iovlen = bytes.size();
    return ::sendmsg(descriptor_, &message, MSG_NOSIGNAL);
}

bool Socket::flush() {
    return !tls_ || tls_->flush();
}

void Socket::end_sending() {
    if (tls_) tls_->end();
    ::shutdown(descriptor_, SHUT_WR);
}

void Socket::close() {
    if (!is_open()) return;
    tls_.reset();
    boost::system::error_code ignored;  // the descriptor is gone either way
    watch_->descriptor.close(ignored);
    watch_.reset();
    descriptor_ = -1;
}

Loop::Loop(Duration tick, Report report)
    : impl_(std::make_unique<Impl>()), executor_{}, tick_(tick), report_(std::move(report)) {
    executor_.size = sizeof executor_;
    executor_.self = this;
    executor_.post = [](void* self, void (*run)(void*), void* arg) {
        static_cast<Loop*>(self)->post(run, arg);
    };
    executor_.is_current = [](void* self) {
        return static_cast<const Loop*>(self)->is_current() ? 1 : 0;
    };
    for (auto& slot : wheel_)
        slot.previous = slot.next = &slot;
}

Loop::~Loop() {
    stop();
}

void Loop::start() {
    impl_->thread = std::thread([this] {
        impl_->thread_id = std::this_thread::get_id();
        impl_->context.run();
    });
}

void Loop::stop() {
    impl_->context.stop();
    if (impl_->thread.joinable()) impl_->thread.join();
}

void Loop::post(std::move_only_function<void()> task) {
    asio::post(impl_->context, [task = std::move(task)]() mutable { task(); });
}

void Loop::post(void (*run)(void*), void* arg) {
    asio::post(impl_->context, [run, arg] { run(arg); });
}

void Loop::post_after(Duration delay, void (*run)(void*), void* arg) {
    impl_->delayed.expires_after(delay);
    impl_->delayed.async_wait([run, arg](boost::system::error_code ec) {
        if (!ec) run(arg);
    });
}

bool Loop::is_current() const {
    return impl_->thread_id.load(std::memory_order_relaxed) == std::this_thread::get_id();
}

// One hostile or unlucky connection must not end the thread that serves all others.
void Loop::contain(Session& session, void (Session::*callback)()) {
    try {
        (session.*callback)();
    } catch (const std::exception& problem) {
        report_(problem.what());
        session.on_stop();
    } catch (...) {
        report_("unknown exception");
        session.on_stop();
    }
}

void Loop::arm(Session& session, Time deadline) {
    const bool sooner = deadline < session.deadline;
    session.deadline = deadline;
    // A later deadline is seen when the old slot comes up: most are only ever pushed back.
    if (session.linked() && !sooner) return;
    session.unlink();
    place(session);
    if (!ticking_) schedule_tick();
}

void Loop::disarm(Session& session) {
    session.unlink();
    session.deadline = Time::max();
}

void Loop::place(Session& session) {
    const auto now = Clock::now();
    const auto wait = session.deadline > now ? session.deadline - now : Duration::zero();
    const auto ticks =
        std::min<std::uint64_t>(static_cast<std::uint64_t>(wait / tick_) + 1, kSlots - 1);
    session.link_before(wheel_[(tick_count_ + ticks) % kSlots]);
}

void Loop::schedule_tick() {
    ticking_ = true;
    impl_->timer.expires_after(tick_);
    impl_->timer.async_wait([this](boost::system::error_code ec) {
        if (!ec) on_tick();
    });
}

void Loop::on_tick() {
    auto& slot = wheel_[++tick_count_ % kSlots];
    const auto now = Clock::now();
    // Taken out first: callbacks link and unlink sessions, this slot's included.
    WheelHook due;
    due.previous = due.next = &due;
    if (slot.next != &slot) {
        due.next = slot.next;
        due.previous = slot.previous;
        due.next->previous = due.previous->next = &due;
        slot.previous = slot.next = &slot;
    }
    while (due.next != &due) {
        SessionPtr session(static_cast<Session*>(due.next));
        session->unlink();
        if (session->deadline > now) {
            if (session->deadline != Time::max()) place(*session);
            continue;
        }
        session->deadline = Time::max();
        contain(*session, &Session::on_deadline);
    }
    // An idle server sleeps: no session with a deadline, no tick.
    bool any = false;
    for (const auto& each : wheel_)
        any |= each.next != &each;
    if (any) {
        schedule_tick();
    } else {
        ticking_ = false;
    }
}

}  // namespace streamwall::http_server
