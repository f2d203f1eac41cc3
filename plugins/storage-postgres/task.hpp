// Coroutines on the store's own I/O thread.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>

namespace streamwall::postgres {

namespace asio = boost::asio;

using Clock = std::chrono::steady_clock;
using Executor = asio::io_context::executor_type;
template <class T = void>
using Task = asio::awaitable<T, Executor>;
using Timer = asio::basic_waitable_timer<Clock, asio::wait_traits<Clock>, Executor>;
inline constexpr asio::use_awaitable_t<Executor> kAwait{};

// Something that coroutines wait for and others bring about. The I/O thread only.
class Signal {
  public:
    explicit Signal(Executor executor) : timer_(executor) {}

    // Wakes who waits now; who comes later waits for the next time.
    void raise() { timer_.cancel(); }

    Task<> wait_until(Clock::time_point until) {
        timer_.expires_at(until);
        boost::system::error_code ignored;
        co_await timer_.async_wait(asio::redirect_error(kAwait, ignored));
    }

  private:
    Timer timer_;
};

}  // namespace streamwall::postgres
