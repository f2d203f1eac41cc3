// The store's side of one request, free of the plugin boundary so that tests can stand in for it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "storage-sql/event.hpp"
#include "storage-sql/result.hpp"

namespace streamwall::storage {

using Answer = Result<std::string>;  // the reply's JSON text

// A request that is answered later, exactly once, from any thread.
class Call {
  public:
    virtual ~Call() = default;
    virtual bool abandoned() const = 0;  // cancelled, or past its deadline
    virtual void answer(Answer answer) = 0;
};

// Makes the Call of a request once it is clear that the answer takes a thread of the store.
using Defer = std::function<std::unique_ptr<Call>()>;

struct CommittedEvent {
    Event event;
    const Origin* origin = nullptr;  // of who published it
};

enum class Health { kOk, kDegraded, kDown };

// How the store speaks to its surroundings. Called from its threads; must not call back into it.
struct Hooks {
    // Events just committed, in sequence order without gaps; calls never overlap.
    std::function<void(std::span<const CommittedEvent>)> committed = [](auto) {};
    std::function<void(Health, std::string_view reason)> health = [](Health, std::string_view) {};
    std::function<std::int64_t()> wall_ms;  // required
    std::function<std::int64_t()> monotonic_ms = [] {
        return std::chrono::duration_cast<std::chrono::milliseconds>(
                   std::chrono::steady_clock::now().time_since_epoch())
            .count();
    };
};

}  // namespace streamwall::storage
