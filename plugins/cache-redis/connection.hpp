// Connection: one connection to Redis, from the look-up of its name to its end. Commands are
// pipelined: each is written at once, answers come in the order of the commands.
#pragma once

#include "redis_url.hpp"
#include "resp.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <streamwall/net/stream.hpp>

#include <array>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace streamwall::redis {

// The view is borrowed during the call. A reply that is an error of Redis is an Error: UNAVAILABLE
// where the server says that it cannot serve now (loading, read only, out of memory), INTERNAL
// else.
using OnReply = std::move_only_function<void(Result<ReplyView>)>;

struct ConnectionOptions {
    RedisUrl url;
    // For each step: the look-up, an address, the greeting, the oldest answer that is owed.
    std::chrono::milliseconds timeout{1000};
    // A connection without traffic is asked this often whether it is still one.
    std::chrono::milliseconds ping_interval{500};
};

// Lives on the loop's thread. Handlers under way keep it alive; after close() or on_lost() it calls
// nobody any more.
class Connection : public std::enable_shared_from_this<Connection> {
  public:
    struct Callbacks {
        std::function<void()> on_open;  // connected, logged in, in the right database
        std::function<void(const std::string& reason)> on_lost;  // every command has been answered
        std::function<void(ReplyView message)> on_message;       // of what was subscribed to
    };

    // `factory` outlives the connection's handlers.
    Connection(boost::asio::io_context& loop, net::StreamFactory& factory,
               const ConnectionOptions& options, Callbacks callbacks);

    void start();
    // What is unanswered fails with UNAVAILABLE before this returns.
    void close();
    // `done` runs exactly once, never inside send(), unless the connection is closed already. Only
    // once open.
    void send(const Command& command, OnReply done);
    bool is_open() const { return phase_ == Phase::kOpen && !closed_; }
    std::size_t owed() const { return owed_.size(); }

  private:
    using Time = std::chrono::steady_clock::time_point;
    struct Owed {
        OnReply done;
        Time since;
    };

    void look_up();
    void connect_next(std::string last_problem);
    void greet();
    void opened();
    void read();
    void flush();
    void take(ReplyView reply);
    void arm(std::chrono::milliseconds in);
    void on_timer();
    void watch();
    void lose(const std::string& reason);
    void fail_owed(const std::string& reason);
    // `body` runs unless the connection was closed meanwhile.
    template <class Body>
    auto guarded(Body body) {
        return [self = shared_from_this(), body = std::move(body)](auto&&... values) {
            if (!self->closed_) body(std::forward<decltype(values)>(values)...);
        };
    }

    boost::asio::io_context& loop_;
    net::StreamFactory& factory_;
    const ConnectionOptions options_;
    Callbacks callbacks_;
    boost::asio::ip::tcp::resolver resolver_;
    boost::asio::steady_timer timer_;
    std::vector<net::Endpoint> endpoints_;  // still to be tried, last one first
    std::unique_ptr<net::Stream> stream_;
    std::vector<std::unique_ptr<net::Stream>> abandoned_;  // their handlers may be under way
    enum class Phase { kLookingUp, kConnecting, kGreeting, kOpen } phase_ = Phase::kLookingUp;
    ReplyReader reader_;
    std::array<char, 16384> in_{};
    std::string writing_;  // empty: nothing is being written
    std::string next_;     // to be written behind it
    bool flush_posted_ = false;
    std::deque<Owed> owed_;
    Time last_traffic_;
    bool closed_ = false;
};

}  // namespace streamwall::redis
