// Runs a coroutine to its end on the calling thread: for commands, which have nothing else to do.
#pragma once

#include <boost/asio/co_spawn.hpp>

#include <exception>

#include "task.hpp"

namespace streamwall::postgres {

// `make(executor)` is the coroutine; its exception is thrown here.
template <class Make>
void run_blocking(Make make) {
    asio::io_context context{1};
    std::exception_ptr failed;
    asio::co_spawn(context.get_executor(), make(context.get_executor()),
                   [&](std::exception_ptr thrown) { failed = thrown; });
    context.run();
    if (failed) std::rethrow_exception(failed);
}

}  // namespace streamwall::postgres
