// Buffer: a shared reference to immutable bytes of the host.
#pragma once

#include <streamwall/host.h>
#include <streamwall/sdk/result.hpp>

#include <atomic>
#include <exception>
#include <string_view>
#include <utility>

namespace streamwall {

namespace detail {
// The table is the same for every instance of the process; a library has its own copy of this
// pointer because nothing but the entry is exported. Atomic, since an instance may be made while
// another one runs.
inline std::atomic<const sw_buffer_api*> buffer_table{nullptr};
inline const sw_buffer_api* buffers() {
    return buffer_table.load(std::memory_order_relaxed);
}
}  // namespace detail

// Copying adds a reference. Readable from every thread. An empty Buffer holds nothing.
class Buffer {
  public:
    Buffer() = default;
    // Copies `text` into a new buffer.
    explicit Buffer(std::string_view text) {
        char* into = nullptr;
        raw_ = detail::buffers()->create(text.size(), &into);
        if (!text.empty()) std::memcpy(into, text.data(), text.size());
    }
    // Lets `fill(char*)` write `length` bytes.
    template <class Fill>
    static Buffer make(std::size_t length, Fill&& fill) {
        char* into = nullptr;
        Buffer out;
        out.raw_ = detail::buffers()->create(length, &into);
        fill(into);
        return out;
    }
    static Buffer adopt(const sw_buffer* raw) {
        Buffer out;
        out.raw_ = const_cast<sw_buffer*>(raw);
        return out;
    }
    static Buffer share(const sw_buffer* raw) {
        if (raw) detail::buffers()->retain(raw);
        return adopt(raw);
    }
    Buffer(const Buffer& other) : raw_(other.raw_) {
        if (raw_) detail::buffers()->retain(raw_);
    }
    Buffer(Buffer&& other) noexcept : raw_(std::exchange(other.raw_, nullptr)) {}
    Buffer& operator=(Buffer other) noexcept {
        std::swap(raw_, other.raw_);
        return *this;
    }
    ~Buffer() {
        if (raw_) detail::buffers()->release(raw_);
    }

    std::string_view view() const { return raw_ ? std::string_view{raw_->data, raw_->length} : ""; }
    std::size_t size() const { return raw_ ? raw_->length : 0; }
    explicit operator bool() const { return raw_ != nullptr; }
    const sw_buffer* get() const { return raw_; }
    sw_buffer* release() { return std::exchange(raw_, nullptr); }

  private:
    sw_buffer* raw_ = nullptr;
};

// Writes `error` into a caller's sw_error, cut to its fields' sizes.
inline sw_status fill_error(sw_error* out, const Error& error) {
    if (out) {
        const auto copy = [](char* to, std::size_t capacity, std::string_view from) {
            const auto n = from.size() < capacity ? from.size() : capacity - 1;
            std::memcpy(to, from.data(), n);
            to[n] = '\0';
        };
        out->code = error.code;
        copy(out->message, sizeof out->message, error.message);
        copy(out->where, sizeof out->where, error.where);
        if (!error.details.empty() && SW_HAS(out, details)) {
            out->details = Buffer(error.details).release();
        }
    }
    return error.code;
}

namespace detail {
// Runs a callback of the host's; exceptions become INTERNAL.
template <class F>
sw_status guard(sw_error* error, F&& body) noexcept {
    try {
        return body();
    } catch (const std::exception& problem) {
        return fill_error(error, Error::internal(problem.what()));
    } catch (...) {
        return fill_error(error, Error::internal("unknown exception"));
    }
}
}  // namespace detail

// An sw_error to hand to the host; releases what the host put into it.
class ErrorSlot {
  public:
    ErrorSlot() {
        raw_.size = sizeof raw_;
        raw_.code = SW_OK;
        raw_.message[0] = raw_.where[0] = '\0';
        raw_.details = nullptr;
    }
    explicit ErrorSlot(const Error& error) : ErrorSlot() { fill_error(&raw_, error); }
    ErrorSlot(const ErrorSlot&) = delete;
    ErrorSlot& operator=(const ErrorSlot&) = delete;
    ~ErrorSlot() {
        if (raw_.details) detail::buffers()->release(raw_.details);
    }
    sw_error* get() { return &raw_; }
    Error take(sw_status code) const { return to_error(code, &raw_); }

  private:
    sw_error raw_;
};

}  // namespace streamwall
