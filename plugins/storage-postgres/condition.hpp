// What is wrong with the database, from all that notice something, as one state of health.
#pragma once

#include <atomic>
#include <string>

#include "storage-sql/call.hpp"

namespace streamwall::postgres {

class Condition {
  public:
    explicit Condition(const storage::Hooks& hooks) : hooks_(hooks) {}

    // Callable from every thread.
    bool reachable() const { return reachable_.load(std::memory_order_relaxed); }

    // The I/O thread only; an empty reason: all is well.
    void set_connection(std::string reason) {
        reachable_ = reason.empty();
        connection_ = std::move(reason);
        report();
    }
    void set_disk(std::string reason) {
        if (disk_ == reason) return;
        disk_ = std::move(reason);
        report();
    }
    const std::string& connection() const { return connection_; }

  private:
    void report() {
        const std::string& reason = connection_.empty() ? disk_ : connection_;
        if (told_ && reason == reported_) return;
        told_ = true;
        reported_ = reason;
        hooks_.health(reason.empty() ? storage::Health::kOk : storage::Health::kDegraded, reason);
    }

    const storage::Hooks& hooks_;
    std::atomic<bool> reachable_{true};
    std::string connection_;
    std::string disk_;
    std::string reported_;
    bool told_ = false;
};

}  // namespace streamwall::postgres
