// SharedLimits: brings the reports of a RateLimiter to the service `limits` and the answers back,
// one exchange at a time: what comes up while one is under way goes with the next.
#pragma once

#include "rate_limit.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace streamwall::http_server {

class SharedLimits {
  public:
    // The reply to `exchange`, nothing where it failed.
    using OnReply = std::function<void(std::optional<std::string_view>)>;
    struct Outside {
        // Calls `done` once, on any thread, also before it returns.
        std::function<void(std::string request, OnReply done)> ask;
        std::function<std::int64_t()> now;           // seconds of the limiter's clock
        std::function<void(bool shared)> on_change;  // whether others are counted, too
    };

    // `instance` is a name that no other process has. The limiter outlives this object, which
    // outlives every answer.
    SharedLimits(RateLimiter& limiter, std::string instance, Outside outside);

    // Some times a second: reports what is not urgent, and that this process is there. [any]
    void tick() { exchange(true); }
    bool is_shared() const { return told_ == 1; }

  private:
    void exchange(bool is_tick);
    void answered(const std::vector<RateLimiter::Report>& reports,
                  std::optional<std::string_view> reply);

    RateLimiter& limiter_;
    const std::string instance_;
    const Outside outside_;
    std::atomic<bool> is_busy_{false};
    std::atomic<bool> wants_more_{false};
    std::atomic<int> told_{-1};  // what on_change was told; nothing yet
    std::atomic<std::int64_t> last_exchange_{0};
};

}  // namespace streamwall::http_server
