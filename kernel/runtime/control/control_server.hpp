// ControlServer: the Unix socket in the data folder over which operators ask and command.
//
//   → {"verb":"plugins.restart","instance":"catalog"}
//   ← {"ok":true,"result":null}
//   → {"verb":"events.tap","pattern":"stream.*"}
//   ← {"line":{…}}            one for each event, until the client closes
//   ← {"dropped":12}          where the client reads too slowly
//   ← {"ok":false,"error":{"code":"NOT_FOUND","message":"…"}}
//
// A connection carries any number of requests, one after the other. Each has a thread of its own,
// so what a verb blocks on, or a client that sleeps, holds up nobody else; there are at most 32.
#pragma once

#include "runtime/control/line_queue.hpp"
#include "runtime/control/line_socket.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <atomic>
#include <functional>
#include <list>
#include <memory>
#include <thread>

namespace streamwall::control {

inline constexpr std::size_t kMaxRequest = std::size_t{1} << 20;

// "NOT_FOUND"; "UNKNOWN" for numbers without a name.
std::string_view status_name(sw_status status);

// The client, as the one that answers it sees it.
class Client {
  public:
    explicit Client(LineSocket& socket) : socket_(socket) {}
    // Sends what the queue gets, until the client closes or the server stops. Each line of the
    // queue is a JSON document.
    void stream(LineQueue& queue);

  private:
    LineSocket& socket_;
};

// Answers one request; runs on the connection's thread and may block.
using Answer = std::expected<boost::json::value, Failure>;
using Handler = std::function<Answer(const boost::json::object& request, Client& client)>;

class ControlServer {
  public:
    // Serves from now on.
    static std::expected<std::unique_ptr<ControlServer>, Failure> start(
        const std::filesystem::path& path, Handler handler);
    // Removes the socket and waits for requests under way.
    ~ControlServer();
    ControlServer(const ControlServer&) = delete;
    ControlServer& operator=(const ControlServer&) = delete;

    // Takes no new requests and ends streams; those under way go on. [any]
    void close();

  private:
    struct Connection {
        std::atomic<bool> done{false};
        std::thread thread;
    };
    ControlServer(std::filesystem::path path, Descriptor listener, Handler handler);
    void accept_loop();
    void add(Descriptor socket);
    void serve(Descriptor socket);
    bool answer(LineSocket& socket, const std::string& line);
    void reap(bool all);

    const std::filesystem::path path_;
    const Handler handler_;
    const Descriptor stop_;
    const Descriptor listener_;
    std::list<Connection> connections_;  // touched by the accepting thread, then the destructor
    std::thread acceptor_;
};

}  // namespace streamwall::control
