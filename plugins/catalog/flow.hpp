// Coroutines over the store, for flows of several steps. Unlike those of the SDK they need no
// strand: a flow runs on the caller's thread until it first waits, then on whichever thread brings
// the reply. Flows share nothing, so they need no lock.
//
//   Flow<> greet(std::string request, Context context) {
//       auto reply = co_await asked([&](Reply reply) { store.call(…, std::move(reply)); });
//       …
//       co_return Buffer("{}");
//   }
//   run(greet(…), std::move(reply));
//
// Parameters are copied into the frame; what is referred to must outlive the flow.
#pragma once

#include "store_port.hpp"

#include <streamwall/sdk/coroutine.hpp>

#include <atomic>
#include <memory>
#include <optional>

namespace streamwall::catalog {

template <class T = Buffer>
using Flow = Task<Result<T>>;

namespace detail {

// Where a reply meets the flow that waits for it, either of them first.
struct Meeting {
    enum class Stage { kAsked, kWaiting, kArrived };
    std::atomic<Stage> stage = Stage::kAsked;
    std::optional<Result<Buffer>> reply;
    std::coroutine_handle<> waiting;
};

template <class Ask>
class Asked {
  public:
    explicit Asked(Ask ask) : ask_(std::move(ask)) {}

    bool await_ready() {
        ask_([meeting = meeting_](Result<Buffer> reply) {
            meeting->reply = std::move(reply);
            const auto before = meeting->stage.exchange(Meeting::Stage::kArrived);
            if (before == Meeting::Stage::kWaiting) meeting->waiting.resume();
        });
        return meeting_->stage.load() == Meeting::Stage::kArrived;
    }
    bool await_suspend(std::coroutine_handle<> flow) {
        const auto meeting = meeting_;  // the frame may be gone as soon as the stage is set
        meeting->waiting = flow;
        auto expected = Meeting::Stage::kAsked;
        return meeting->stage.compare_exchange_strong(expected, Meeting::Stage::kWaiting);
    }
    Result<Buffer> await_resume() { return std::move(*meeting_->reply); }

  private:
    Ask ask_;
    std::shared_ptr<Meeting> meeting_ = std::make_shared<Meeting>();
};

// A flow that nobody owns: it frees itself at its end.
struct Detached {
    struct promise_type {
        Detached get_return_object() const noexcept { return {}; }
        std::suspend_never initial_suspend() const noexcept { return {}; }
        std::suspend_never final_suspend() const noexcept { return {}; }
        void return_void() const noexcept {}
        [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }
    };
};

}  // namespace detail

// Result<Buffer> of `ask(Reply)`, which replies exactly once.
template <class Ask>
auto asked(Ask ask) {
    return detail::Asked<Ask>(std::move(ask));
}

// Runs `flow`, and replies with what it returns.
inline detail::Detached run(Flow<> flow, Reply reply) {
    std::optional<Result<Buffer>> out;
    try {
        out = co_await std::move(flow);
    } catch (const std::exception& problem) {
        out = Error::internal(problem.what());
    }
    reply(std::move(*out));
}

}  // namespace streamwall::catalog
