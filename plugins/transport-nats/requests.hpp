// Requests: who waits for an answer, under which number, until when.
#pragma once

#include <streamwall/transport.h>
#include <streamwall/sdk/buffer.hpp>

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

namespace streamwall::transport_nats {

// Each request ends exactly once: answered, expired, failed or taken back. Thread-safe; callbacks
// run on the thread that ends them, without a lock.
class Requests {
  public:
    using Clock = std::chrono::steady_clock;

    struct Added {
        std::uint64_t number = 0;
        bool is_next_to_expire = false;  // whoever waits for next_deadline() should look again
    };
    Added add(sw_answer_fn on_answer, void* ctx, Clock::time_point deadline);

    // False where it has ended already.
    bool answer(std::uint64_t number, const Buffer& body);
    bool fail(std::uint64_t number, const Error& error);
    // Ends it without a callback. False where the callback runs or has run.
    bool take_back(std::uint64_t number);

    void fail_all(const Error& error);
    void expire(Clock::time_point now);

    // When to call expire() next; is remembered, so that add() can tell what changes it.
    std::optional<Clock::time_point> next_deadline();

  private:
    struct Waiting {
        sw_answer_fn on_answer;
        void* ctx;
        Clock::time_point deadline;
    };
    std::optional<Waiting> take(std::uint64_t number);

    std::mutex mutex_;
    std::uint64_t last_number_ = 0;
    std::unordered_map<std::uint64_t, Waiting> waiting_;
    std::set<std::pair<Clock::time_point, std::uint64_t>> by_deadline_;
    std::optional<Clock::time_point> awaited_;
};

}  // namespace streamwall::transport_nats
