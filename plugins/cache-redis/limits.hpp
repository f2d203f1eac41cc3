// Limits: the service `limits`, counted in Redis for all nodes, and here while Redis is away.
#pragma once

#include "link.hpp"
#include "local_windows.hpp"

#include <streamwall/sdk/services.hpp>

namespace streamwall::redis {

class Limits {
  public:
    Limits(boost::asio::io_context& loop, Link& link, const Scripts& scripts, std::string prefix)
        : loop_(loop), link_(link), scripts_(scripts), prefix_(std::move(prefix)) {}

    Result<> offer(Services& services);

  private:
    struct Check {
        std::string key;
        std::int64_t limit = 0, cost = 1;
        std::chrono::milliseconds window{};
    };

    Answer check(const Request& request);
    Answer exchange(const Request& request);
    void ask(Check check, Responder responder);  // [loop]

    boost::asio::io_context& loop_;
    Link& link_;
    const Scripts& scripts_;
    const std::string prefix_;
    LocalWindows local_;  // [loop]
};

}  // namespace streamwall::redis
