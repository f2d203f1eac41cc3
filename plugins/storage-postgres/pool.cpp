#include "pool.hpp"

#include <algorithm>

namespace streamwall::postgres {

Task<Pool::Lease> Pool::acquire() {
    while (!free_.empty()) {
        auto connection = std::move(free_.back().connection);
        free_.pop_back();
        if (!connection->is_lost()) co_return Lease(*this, std::move(connection));
        --open_;
    }
    if (open_ < options_.most) co_return co_await open_one();
    Waiter waiter(executor_);
    waiters_.push_back(&waiter);
    const auto until = Clock::now() + options_.acquire;
    while (!waiter.called && Clock::now() < until)
        co_await waiter.signal.wait_until(until);
    if (!waiter.called) {
        std::erase(waiters_, &waiter);
        throw Failure::away("all connections of the pool are in use");
    }
    if (waiter.connection != nullptr) co_return Lease(*this, std::move(waiter.connection));
    co_return co_await open_one();
}

Task<Pool::Lease> Pool::open_one() {
    ++open_;
    std::unique_ptr<Connection> connection;
    try {
        connection = co_await Connection::open(executor_, connection_);
    } catch (...) {
        --open_;
        call_next(nullptr);
        throw;
    }
    co_return Lease(*this, std::move(connection));
}

void Pool::give_back(std::unique_ptr<Connection> connection) {
    if (connection->is_lost() || connection->is_busy()) {
        connection.reset();
        --open_;
        call_next(nullptr);
        return;
    }
    if (!waiters_.empty()) return call_next(std::move(connection));
    free_.push_back({std::move(connection), Clock::now()});
}

void Pool::call_next(std::unique_ptr<Connection> connection) {
    if (waiters_.empty()) return;
    Waiter& waiter = *waiters_.front();
    waiters_.pop_front();
    waiter.connection = std::move(connection);
    waiter.called = true;
    waiter.signal.raise();
}

void Pool::close_idle() {
    const auto before = Clock::now() - options_.idle;
    while (open_ > options_.least && !free_.empty() && free_.front().since < before) {
        free_.erase(free_.begin());
        --open_;
    }
}

void Pool::close_free() {
    open_ -= free_.size();
    free_.clear();
}

}  // namespace streamwall::postgres
