// Doubt: the connections of one loop whose tokens may stand for something else by now. Each is
// verified anew, and ended where its token is refused or stands for something else.
#pragma once

#include "auth.hpp"
#include "loop.hpp"

#include <cstddef>
#include <deque>
#include <string>

namespace streamwall::http_server {

class Worker;

// Belongs to its loop.
class Doubt {
  public:
    explicit Doubt(Worker& worker) : worker_(worker) {}

    // All that are open now and rely on tokens; so many rounds of verify_some() reach each once.
    void begin(std::size_t rounds);
    void verify_some();
    // Ends those of whom nobody could tell.
    void end();
    void clear() { sessions_.clear(); }

  private:
    void verify(SessionPtr session);
    void verified(const SessionPtr& session, const std::string& token, const Verdict& verdict);

    Worker& worker_;
    std::deque<SessionPtr> sessions_;
    std::size_t round_ = 0;
    bool is_over_ = true;  // who cannot be verified now, does not try again
};

}  // namespace streamwall::http_server
