// Locks: the service `locks`, in Redis.
#pragma once

#include "link.hpp"

#include <streamwall/sdk/services.hpp>

namespace streamwall::redis {

class Locks {
  public:
    Locks(boost::asio::io_context& loop, Link& link, const Scripts& scripts, std::string prefix)
        : loop_(loop), link_(link), scripts_(scripts), prefix_(std::move(prefix)) {}

    Result<> offer(Services& services);

  private:
    Answer acquire(const Request& request);
    Answer renew(const Request& request);
    Answer release(const Request& request);
    // Runs the script; `render` makes the answer of its reply.
    template <class Render>
    Answer run(const Request& request, const Script& script, std::vector<std::string> keys,
               std::vector<std::string> arguments, Render render);

    boost::asio::io_context& loop_;
    Link& link_;
    const Scripts& scripts_;
    const std::string prefix_;
};

}  // namespace streamwall::redis
