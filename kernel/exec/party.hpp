// Party: a plugin instance as services and bus see it.
#pragma once

#include "exec/gate.hpp"
#include "exec/strand.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace streamwall {

// Lives from before create() until after destroy(). `strand` is where a serial party is called and
// where replies go that name no other executor.
struct Party {
    std::string instance;  // "catalog"
    std::string address;   // "catalog@main", stamped on calls and events
    std::shared_ptr<exec::Strand> strand;
    bool parallel = false;
    bool patient = false;  // has a back-off of its own: no circuit breaker holds its calls back
    exec::Gate replies;    // held by every answer still owed to this party
    // Told how long one event in some took to this party's handler; may be empty. [any]
    std::function<void(std::chrono::nanoseconds)> event_took = {};
};

}  // namespace streamwall
