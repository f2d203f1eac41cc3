// The connections that read. Opened as they are needed, closed when nobody has needed them for a
// while; whoever finds none free waits a little. The I/O thread only.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "connection.hpp"

namespace streamwall::postgres {

struct PoolOptions {
    std::size_t least = 5;  // are not closed for being idle
    std::size_t most = 20;
    std::chrono::milliseconds idle{30'000};
    std::chrono::milliseconds acquire{2000};
};

class Pool {
  public:
    // A connection on loan.
    class Lease {
      public:
        Lease(Pool& pool, std::unique_ptr<Connection> connection)
            : pool_(&pool), connection_(std::move(connection)) {}
        Lease(Lease&& other) noexcept = default;
        Lease& operator=(Lease&&) = delete;
        ~Lease() {
            if (connection_ != nullptr) pool_->give_back(std::move(connection_));
        }
        Connection& operator*() const { return *connection_; }
        Connection* operator->() const { return connection_.get(); }

      private:
        Pool* pool_;
        std::unique_ptr<Connection> connection_;
    };

    Pool(Executor executor, PoolOptions options, const ConnectionOptions& connection)
        : executor_(executor), options_(options), connection_(connection) {}

    Task<Lease> acquire();  // throws Failure

    void close_idle();  // those that nobody has needed for a while
    void close_free();  // all that are free; for when the server has gone
    std::size_t open_connections() const { return open_; }

  private:
    struct Waiter {
        explicit Waiter(Executor executor) : signal(executor) {}
        Signal signal;
        bool called = false;
        std::unique_ptr<Connection> connection;  // null: there is room for a new one
    };
    struct Free {
        std::unique_ptr<Connection> connection;
        Clock::time_point since;
    };

    void give_back(std::unique_ptr<Connection> connection);
    void call_next(std::unique_ptr<Connection> connection);
    Task<Lease> open_one();

    Executor executor_;
    const PoolOptions options_;
    const ConnectionOptions& connection_;
    std::vector<Free> free_;  // newest last
    std::deque<Waiter*> waiters_;
    std::size_t open_ = 0;  // free, lent, and being opened
};

}  // namespace streamwall::postgres
