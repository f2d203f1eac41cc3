// The listening socket: takes connections off it and hands each to a callback.
//
// Where descriptors or memory run out it pauses instead of asking again at once, and where the
// server is full it says so with a 503 instead of letting clients wait.
#pragma once

#include "loop.hpp"
#include "worker.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace streamwall::http_server {

class Acceptor final : public Session {
  public:
    using Handler = std::move_only_function<void(int descriptor, PeerAddress peer)>;

    // Binds and listens; "host:port", "[::1]:port", port 0 for any. Throws as Server::start().
    Acceptor(Services& services, Loop& loop, std::string_view listen, Handler handler);

    std::string address() const;
    // On the loop from here.
    void start() { socket_.wait_readable(this); }
    // Takes what is waiting, then closes.
    void finish();

    void on_readable() override;
    void on_writable() override {}
    void on_deadline() override;
    void on_drain() override { finish(); }
    void on_stop() override { socket_.close(); }

  private:
    enum class Round { kEmpty, kMore, kPause };
    Round accept_some();
    std::string_view refuse(const PeerAddress& peer);

    Services& services_;
    Loop& loop_;
    Socket socket_;
    Handler handler_;
};

}  // namespace streamwall::http_server
