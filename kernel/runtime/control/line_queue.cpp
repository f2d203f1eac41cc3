#include "runtime/control/line_queue.hpp"

namespace streamwall::control {

LineQueue::LineQueue(std::size_t max_bytes) : max_bytes_(max_bytes), signal_(make_signal()) {}

void LineQueue::push(std::string line) {
    {
        std::lock_guard lock(mutex_);
        if (bytes_ + line.size() > max_bytes_) {
            ++batch_.dropped;
        } else {
            bytes_ += line.size();
            batch_.lines.push_back(std::move(line));
        }
    }
    raise_signal(signal_);
}

LineQueue::Batch LineQueue::take() {
    std::lock_guard lock(mutex_);
    bytes_ = 0;
    return std::exchange(batch_, {});
}

}  // namespace streamwall::control
