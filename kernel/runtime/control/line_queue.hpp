// LineQueue: between who produces lines on any thread and the one connection that sends them.
#pragma once

#include "runtime/control/line_socket.hpp"

#include <cstdint>
#include <deque>
#include <mutex>
#include <string>

namespace streamwall::control {

// Bounded: whoever reads too slowly loses lines and is told how many, producers never wait.
class LineQueue {
  public:
    explicit LineQueue(std::size_t max_bytes = std::size_t{8} << 20);

    void push(std::string line);  // [any]
    struct Batch {
        std::deque<std::string> lines;
        std::uint64_t dropped = 0;  // since the last batch, after its lines
    };
    Batch take();
    const Descriptor& signal() const { return signal_; }

  private:
    const std::size_t max_bytes_;
    const Descriptor signal_;
    std::mutex mutex_;
    Batch batch_;
    std::size_t bytes_ = 0;
};

}  // namespace streamwall::control
