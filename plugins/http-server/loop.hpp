// One io_context on one thread, behind a small face: only loop.cpp includes Asio.
//
// Everything here belongs to the loop's thread, but post(), start() and stop().
#pragma once

#include "auth.hpp"
#include "host.hpp"

#include <streamwall/host.h>

#include <sys/types.h>
#include <sys/uio.h>
#include <array>
#include <atomic>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#include <functional>
#include <memory>
#include <span>

namespace streamwall::http_server {

class Loop;
class Session;
struct Opener;
class TlsStream;

// The wheel's list of sessions that have a deadline.
struct WheelHook {
    WheelHook* previous = nullptr;
    WheelHook* next = nullptr;
    bool linked() const { return previous != nullptr; }
    void unlink();
    void link_before(WheelHook& at);
};

// Something with a socket and a deadline. A wait in progress holds a reference.
class Session : public WheelHook,
                public boost::intrusive_ref_counter<Session, boost::thread_safe_counter> {
  public:
    virtual ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    virtual void on_readable() = 0;
    virtual void on_writable() = 0;
    virtual void on_deadline() = 0;
    // Finish what was begun and close.
    virtual void on_drain() = 0;
    // Close at once.
    virtual void on_stop() = 0;
    // What this lease mounted goes; no callback of it may follow.
    virtual void on_unmount(const sw_lease* /*lease*/) {}
    // What this principal may do has changed.
    virtual void on_credentials_changed(const PrincipalId& /*who*/) {}
    // What it was opened by, where it goes on to rely on that; else that was looked at once.
    virtual const Opener* opener() const { return nullptr; }

    // Bytes that it takes while it is idle, always the same.
    virtual std::size_t memory() const { return 0; }

    std::uint32_t position = 0;  // in the worker's list
    Time deadline = Time::max();

  protected:
    Session() = default;
};
using SessionPtr = boost::intrusive_ptr<Session>;

// A descriptor watched by a loop. Closing ends its waits without a callback.
class Socket {
  public:
    Socket();
    Socket(Loop& loop, int descriptor);  // takes the descriptor
    Socket(Socket&&) noexcept;
    Socket& operator=(Socket&&) noexcept;
    ~Socket();

    bool is_open() const { return descriptor_ >= 0; }
    bool is_secured() const { return tls_ != nullptr; }
    int descriptor() const { return descriptor_; }
    // One wait of a kind at a time; the callback comes once, when reading (writing) makes sense.
    void wait_readable(SessionPtr session);
    void wait_writable(SessionPtr session);
    // What is received and sent from now on is encrypted.
    void secure(std::unique_ptr<TlsStream> tls);
    // As recv(2) and sendmsg(2). What send() took may still have to be flushed.
    ssize_t receive(std::span<char> buffer);
    ssize_t send(std::span<const iovec> bytes);
    // False where not all that was taken has gone; errno says why.
    bool flush();
    // Nothing more is sent; the peer is told.
    void end_sending();
    void close();
    // Bytes that a watched descriptor takes in this process, measured.
    static constexpr std::size_t kMemory = 400;

  private:
    struct Watch;
    std::unique_ptr<Watch> watch_;
    std::unique_ptr<TlsStream> tls_;
    Loop* loop_ = nullptr;
    int descriptor_ = -1;
};

class Loop {
  public:
    // Told of an exception that left a session; the session is then stopped.
    using Report = std::function<void(std::string_view what)>;

    // `tick` is the grain of deadlines.
    Loop(Duration tick, Report report);
    ~Loop();
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    void start();
    // Ends the thread after the callback that is running; queued tasks are destroyed unrun.
    void stop();

    // Runs the task on the loop's thread, in the order of posting. [any]
    void post(std::move_only_function<void()> task);
    void post(void (*run)(void*), void* arg);  // the same without an allocation of its own
    // Runs it once after the delay. One at a time. [loop]
    void post_after(Duration delay, void (*run)(void*), void* arg);
    bool is_current() const;
    // The loop as other plugins see it; lives as long as the loop.
    const sw_executor* executor() const { return &executor_; }

    // Calls session.on_deadline() at `deadline` or up to two ticks later; a later call replaces it.
    void arm(Session& session, Time deadline);
    static void disarm(Session& session);

  private:
    friend class Socket;
    struct Impl;
    static constexpr std::size_t kSlots = 64;

    void contain(Session& session, void (Session::*callback)());
    void schedule_tick();
    void on_tick();
    void place(Session& session);

    std::unique_ptr<Impl> impl_;
    sw_executor executor_;
    const Duration tick_;
    const Report report_;
    std::array<WheelHook, kSlots> wheel_;
    std::uint64_t tick_count_ = 0;
    bool ticking_ = false;
};

}  // namespace streamwall::http_server
