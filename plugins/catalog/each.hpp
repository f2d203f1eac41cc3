// Waiting for several things at once in a flow.
#pragma once

#include "flow.hpp"

#include <atomic>
#include <cstddef>
#include <memory>
#include <vector>

namespace streamwall::catalog {

// Runs `start(n, done)` for each n of `places`, side by side; co_await ends once all are done.
// `places` and what `start` refers to must outlive that. done() may be called on any thread.
template <class Start>
auto each(const std::vector<std::size_t>& places, Start start) {
    return asked([&places, start](Reply reply) {
        struct Left {
            std::atomic<std::size_t> count;
            Reply reply;
        };
        auto left = std::make_shared<Left>(places.size() + 1, std::move(reply));
        const auto finish = [left] {
            if (left->count.fetch_sub(1) == 1) left->reply(Buffer());
        };
        for (const auto place : places)
            start(place, finish);
        finish();
    });
}

}  // namespace streamwall::catalog
