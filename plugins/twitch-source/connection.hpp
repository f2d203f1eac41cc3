// Connection: one attempt to talk to the chat server, from the look-up of its name to the end.
#pragma once

#include "address.hpp"
#include "line_splitter.hpp"
#include "session.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <streamwall/net/stream.hpp>

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace streamwall::twitch {

using net::Stream;
using net::StreamFactory;

// Lives on the loop's thread. Handlers under way keep it alive; after close() or on_end() it calls
// nobody any more.
class Connection : public std::enable_shared_from_this<Connection> {
  public:
    struct Callbacks {
        std::function<void()> on_progress;  // the session may have changed
        std::function<void(const SessionEnd&)> on_end;
    };

    // `factory` outlives the connection's handlers.
    Connection(boost::asio::io_context& loop, StreamFactory& factory, Address address,
               std::chrono::milliseconds connect_timeout, Session session, Callbacks callbacks);

    void start();
    void close();
    const Session& session() const { return session_; }

  private:
    void connect_next(std::string last_problem);
    void begin_session();
    void read();
    void flush();
    void settle();
    void arm(TimePoint deadline);
    void on_timer();
    void end(SessionEnd end);
    void lose(std::string reason) { end({SessionEnd::Kind::kLost, std::move(reason)}); }
    // `body` runs unless the connection was closed meanwhile.
    template <class Body>
    auto guarded(Body body) {
        return [self = shared_from_this(), body = std::move(body)](auto&&... values) {
            if (!self->closed_) body(std::forward<decltype(values)>(values)...);
        };
    }

    StreamFactory& factory_;
    Address address_;
    std::chrono::milliseconds connect_timeout_;
    Session session_;
    Callbacks callbacks_;
    boost::asio::ip::tcp::resolver resolver_;
    boost::asio::steady_timer timer_;
    TimePoint armed_for_ = TimePoint::max();
    std::vector<boost::asio::ip::tcp::endpoint> endpoints_;  // still to be tried, last one first
    std::unique_ptr<Stream> stream_;
    std::vector<std::unique_ptr<Stream>> abandoned_;  // closed, their handlers may be under way
    enum class Phase { kResolving, kConnecting, kOpen } phase_ = Phase::kResolving;
    LineSplitter lines_;
    std::array<char, 8192> in_{};
    std::string writing_;  // empty: nothing is being written
    bool closed_ = false;
};

}  // namespace streamwall::twitch
