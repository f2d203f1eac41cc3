// In a process of isolated plugins: ends it where one of them computes without coming back, so that
// its host starts it again. A plugin that waits is left alone; its thread was replaced already.
#pragma once

#include "exec/strand.hpp"
#include "exec/timers.hpp"

#include <chrono>
#include <functional>
#include <memory>

namespace streamwall::runtime {

// `stuck` is busy with a task that takes too long. Unless it comes back first, `end` is called on
// `control` once this process has used `limit` of processor time.
void watch_stuck(const std::shared_ptr<exec::Strand>& stuck,
                 const std::shared_ptr<exec::Strand>& control, exec::Timers& timers,
                 std::chrono::milliseconds limit, std::function<void()> end);

}  // namespace streamwall::runtime
