// Unix sockets that carry one JSON document a line: what the control server and its clients share.
#pragma once

#include "exec/buffer.hpp"
#include "exec/descriptor.hpp"

#include <chrono>
#include <cstddef>
#include <expected>
#include <filesystem>
#include <string>
#include <string_view>

namespace streamwall::control {

using streamwall::Descriptor;

// Listens with mode 0600. A socket that nobody answers on any more is removed first; one that
// answers is ALREADY_EXISTS. Paths longer than a socket address (107 bytes) work too.
std::expected<Descriptor, Failure> listen_unix(const std::filesystem::path& path);
// UNAVAILABLE where nobody listens, PERMISSION_DENIED where this user may not.
std::expected<Descriptor, Failure> connect_unix(const std::filesystem::path& path);

enum class Transfer { done, closed, too_long, timed_out, stopped };

// A connected socket, used by one thread at a time. Every wait ends when `stop` (an eventfd, or -1)
// is raised.
class LineSocket {
  public:
    LineSocket(Descriptor socket, std::size_t max_line, int stop = -1);

    // The next line without its break. Longer than the limit: too_long, and the stream is lost.
    Transfer read_line(std::string& line, std::chrono::milliseconds timeout);
    // `line` must hold no line break; one is added.
    Transfer write_line(std::string line, std::chrono::milliseconds timeout);

    enum class Wake { signal, closed, stopped };
    // Waits until `signal` is raised, the other side has gone, or `stop`. What the other side sends
    // meanwhile is dropped.
    Wake wait_for(const Descriptor& signal);

  private:
    enum class Ready { yes, timed_out, stopped };
    Ready wait(short events, std::chrono::steady_clock::time_point deadline) const;

    Descriptor socket_;
    std::size_t max_line_;
    int stop_;
    std::string buffer_;
};

}  // namespace streamwall::control
