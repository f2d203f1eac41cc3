// Recorder: what a host logged and what went over its bus. Thread-safe.
#pragma once

#include "streamwall/testing/host.hpp"

#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace streamwall::testing {

class Recorder {
  public:
    void add_line(std::string_view line);
    void add_envelope(std::string_view envelope);
    void forget();

    std::vector<Event> events(const std::string& pattern) const;
    std::vector<LogLine> logs(const std::string& plugin) const;
    std::vector<std::string> complaints() const;

  private:
    mutable std::mutex mutex_;
    std::vector<std::string> lines_;
    std::vector<std::string> envelopes_;
};

}  // namespace streamwall::testing
