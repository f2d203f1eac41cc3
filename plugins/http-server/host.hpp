// What the server uses of its host, as the boundary's plain tables: tests pass small fakes.
#pragma once

#include <streamwall/host.h>

#include <boost/json/object.hpp>
#include <chrono>
#include <cstdint>
#include <string_view>
#include <utility>

namespace streamwall::http_server {

struct Host {
    sw_host* self = nullptr;
    const sw_buffer_api* buffers = nullptr;
    const sw_log_api* log = nullptr;
    const sw_clock_api* clock = nullptr;
    const sw_metrics_api* metrics = nullptr;  // may be absent

    bool is_logged(int level) const { return log != nullptr && log->enabled(self, level) != 0; }
    void write(int level, std::string_view event, std::string_view message,
               const boost::json::object& fields = {}) const;
    sw_series* series(int kind, std::string_view name, std::string_view help,
                      std::initializer_list<std::pair<std::string_view, std::string_view>> labels,
                      const double* bounds = nullptr, std::size_t bound_count = 0) const;
    void record(sw_series* series, double value) const {
        if (series != nullptr) metrics->record(series, value);
    }
};

// One reference to a host buffer.
class BufferRef {
  public:
    BufferRef() = default;
    // Shares: takes a reference of its own.
    BufferRef(const Host& host, const sw_buffer* buffer) : api_(host.buffers), buffer_(buffer) {
        if (buffer_ != nullptr) api_->retain(buffer_);
    }
    BufferRef(BufferRef&& other) noexcept
        : api_(other.api_), buffer_(std::exchange(other.buffer_, nullptr)) {}
    BufferRef& operator=(BufferRef&& other) noexcept {
        std::swap(api_, other.api_);
        std::swap(buffer_, other.buffer_);
        return *this;
    }
    ~BufferRef() {
        if (buffer_ != nullptr) api_->release(buffer_);
    }
    std::string_view view() const {
        return buffer_ == nullptr ? std::string_view{}
                                  : std::string_view{buffer_->data, buffer_->length};
    }

  private:
    const sw_buffer_api* api_ = nullptr;
    const sw_buffer* buffer_ = nullptr;
};

using Clock = std::chrono::steady_clock;
using Time = Clock::time_point;
using Duration = Clock::duration;

}  // namespace streamwall::http_server
