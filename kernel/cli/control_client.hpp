// ControlClient: the command line's side of the control socket (see control_server.hpp).
#pragma once

#include "runtime/control/line_socket.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <functional>

namespace streamwall::cli {

// A failure together with the exit code that stands for it.
struct ClientFailure {
    int exit_code;
    Failure failure;
};

class ControlClient {
  public:
    // To the host whose data folder that is. What waits ends when `stop` (an eventfd) is raised.
    static std::expected<ControlClient, ClientFailure> connect(const std::filesystem::path& data,
                                                               int stop = -1);

    std::expected<boost::json::value, ClientFailure> request(
        const boost::json::object& request,
        std::chrono::milliseconds timeout = std::chrono::minutes(2));

    // A request that streams: `each` gets {"line":…} or {"dropped":n} until it returns false or the
    // host ends.
    std::expected<void, ClientFailure> stream(
        const boost::json::object& request,
        const std::function<bool(const boost::json::object&)>& each);

  private:
    explicit ControlClient(control::LineSocket socket) : socket_(std::move(socket)) {}
    std::expected<boost::json::object, ClientFailure> read(std::chrono::milliseconds timeout);

    control::LineSocket socket_;
};

}  // namespace streamwall::cli
