// The host's side of buffers, contexts and errors: what crosses the boundary, owned.
#pragma once

#include <streamwall/base.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace streamwall {

inline std::string_view view(sw_str text) {
    return {text.data ? text.data : "", text.length};
}
inline std::string_view view(const sw_buffer* buffer) {
    return buffer ? std::string_view{buffer->data, buffer->length} : std::string_view{};
}
inline sw_str str(std::string_view text) {
    return {text.data(), text.size()};
}

// Allocates a buffer with one reference; `*writable` may be filled until it is shared.
sw_buffer* buffer_create(std::size_t length, char** writable);
void buffer_retain(const sw_buffer* buffer);
void buffer_release(const sw_buffer* buffer);
// Buffers alive in this process: what the audit after a plugin's end looks at.
std::int64_t buffers_alive();

class BufferRef {
  public:
    BufferRef() = default;
    explicit BufferRef(std::string_view text) {
        char* into = nullptr;
        raw_ = buffer_create(text.size(), &into);
        if (!text.empty()) std::memcpy(into, text.data(), text.size());
    }
    static BufferRef adopt(const sw_buffer* raw) {
        BufferRef out;
        out.raw_ = const_cast<sw_buffer*>(raw);
        return out;
    }
    static BufferRef share(const sw_buffer* raw) {
        if (raw) buffer_retain(raw);
        return adopt(raw);
    }
    BufferRef(const BufferRef& other) : raw_(other.raw_) {
        if (raw_) buffer_retain(raw_);
    }
    BufferRef(BufferRef&& other) noexcept : raw_(std::exchange(other.raw_, nullptr)) {}
    BufferRef& operator=(BufferRef other) noexcept {
        std::swap(raw_, other.raw_);
        return *this;
    }
    ~BufferRef() {
        if (raw_) buffer_release(raw_);
    }
    std::string_view text() const { return view(raw_); }
    const sw_buffer* get() const { return raw_; }
    sw_buffer* release() { return std::exchange(raw_, nullptr); }
    explicit operator bool() const { return raw_ != nullptr; }

  private:
    sw_buffer* raw_ = nullptr;
};

// A context that owns its texts in one allocation.
class ContextCopy {
  public:
    ContextCopy() : raw_{} { raw_.size = sizeof raw_; }
    explicit ContextCopy(const sw_context& from);
    ContextCopy(ContextCopy&&) noexcept = default;
    ContextCopy& operator=(ContextCopy&&) noexcept = default;
    sw_context& raw() { return raw_; }
    const sw_context& raw() const { return raw_; }

  private:
    sw_context raw_;
    std::unique_ptr<char[]> texts_;
};

// A context as this host knows it, whatever size its maker compiled it with.
sw_context normalised(const sw_context* from);

// A failure as the kernel hands it around.
struct Failure {
    sw_status code = SW_OK;
    std::string message;
    std::string where;
    std::string details;  // JSON text or empty

    static Failure of(sw_status code, std::string message) {
        return {code, std::move(message), {}, {}};
    }
    static Failure unavailable(std::string message) {
        return {SW_UNAVAILABLE, std::move(message), {}, R"({"retry_after":1})"};
    }
    static Failure from(sw_status code, const sw_error* error);
};

// Writes `failure` into a caller's struct; returns its code.
sw_status fill(sw_error* out, const Failure& failure);

// An sw_error for calls into plugins; releases what they put into it.
class ErrorSlot {
  public:
    ErrorSlot();
    explicit ErrorSlot(const Failure& failure) : ErrorSlot() { fill(&raw_, failure); }
    ErrorSlot(const ErrorSlot&) = delete;
    ErrorSlot& operator=(const ErrorSlot&) = delete;
    ~ErrorSlot();
    sw_error* get() { return &raw_; }

  private:
    sw_error raw_;
};

}  // namespace streamwall
