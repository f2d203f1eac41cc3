// How many streams that are not archived have each status: streamwall_streams{status}.
#pragma once

#include <streamwall/sdk/host.hpp>

#include <array>
#include <string_view>

namespace streamwall::catalog {

// add() and remove() on every thread, once the series are set.
class StatusCounts {
  public:
    static constexpr std::array<std::string_view, 5> kStatuses = {"unknown", "checking", "live",
                                                                  "offline", "error"};

    // Makes the series; until then nothing is counted.
    void expose(const Host& host);
    void set(std::string_view status, std::int64_t count);
    void add(std::string_view record) { move(record, 1); }
    void remove(std::string_view record) { move(record, -1); }

  private:
    void move(std::string_view record, double by);
    std::array<Series, kStatuses.size()> series_{};
};

}  // namespace streamwall::catalog
