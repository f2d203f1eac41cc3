// Buffers, contexts and errors of the host.
#include "exec/buffer.hpp"

#include <atomic>
#include <cstdlib>
#include <new>

namespace streamwall {

namespace {
struct HostBuffer {
    sw_buffer head;
    std::atomic<std::uint32_t> references;
};
std::atomic<std::int64_t> alive{0};

HostBuffer* host(const sw_buffer* buffer) {
    return reinterpret_cast<HostBuffer*>(const_cast<sw_buffer*>(buffer));
}
}  // namespace

sw_buffer* buffer_create(std::size_t length, char** writable) {
    auto* memory = static_cast<char*>(std::malloc(sizeof(HostBuffer) + length + 1));
    if (memory == nullptr) std::abort();
    char* bytes = memory + sizeof(HostBuffer);
    bytes[length] = '\0';
    auto* made = new (memory) HostBuffer{{sizeof(sw_buffer), 0, bytes, length}, {1}};
    alive.fetch_add(1, std::memory_order_relaxed);
    if (writable) *writable = bytes;
    return &made->head;
}

void buffer_retain(const sw_buffer* buffer) {
    if (buffer) host(buffer)->references.fetch_add(1, std::memory_order_relaxed);
}

void buffer_release(const sw_buffer* buffer) {
    if (buffer == nullptr) return;
    auto* owned = host(buffer);
    if (owned->references.fetch_sub(1, std::memory_order_acq_rel) == 1) {
        alive.fetch_sub(1, std::memory_order_relaxed);
        owned->~HostBuffer();
        std::free(owned);
    }
}

std::int64_t buffers_alive() {
    return alive.load(std::memory_order_relaxed);
}

sw_context normalised(const sw_context* from) {
    sw_context out{};
    if (from) std::memcpy(&out, from, from->size < sizeof out ? from->size : sizeof out);
    out.size = sizeof out;
    return out;
}

ContextCopy::ContextCopy(const sw_context& from) : raw_(normalised(&from)) {
    sw_str* const texts[] = {&raw_.principal_type, &raw_.principal_id,   &raw_.principal_name,
                             &raw_.role,           &raw_.scopes,         &raw_.request_id,
                             &raw_.traceparent,    &raw_.correlation_id, &raw_.causation_id,
                             &raw_.caller};
    std::size_t total = 0;
    for (const auto* text : texts)
        total += text->length;
    if (total == 0) return;
    texts_ = std::make_unique_for_overwrite<char[]>(total);
    char* at = texts_.get();
    for (auto* text : texts) {
        if (text->length) std::memcpy(at, text->data, text->length);
        text->data = at;
        at += text->length;
    }
}

Failure Failure::from(sw_status code, const sw_error* error) {
    if (error == nullptr) return {code, "failed without a message", {}, {}};
    Failure out{code, error->message, error->where, {}};
    if (SW_HAS(error, details) && error->details) out.details = std::string(view(error->details));
    return out;
}

sw_status fill(sw_error* out, const Failure& failure) {
    if (out == nullptr) return failure.code;
    const auto copy = [](char* to, std::size_t capacity, std::string_view from) {
        const auto length = from.size() < capacity ? from.size() : capacity - 1;
        std::memcpy(to, from.data(), length);
        to[length] = '\0';
    };
    out->code = failure.code;
    copy(out->message, sizeof out->message, failure.message);
    copy(out->where, sizeof out->where, failure.where);
    if (SW_HAS(out, details) && !failure.details.empty()) {
        out->details = BufferRef(failure.details).release();
    }
    return failure.code;
}

ErrorSlot::ErrorSlot() {
    raw_.size = sizeof raw_;
    raw_.code = SW_OK;
    raw_.message[0] = raw_.where[0] = '\0';
    raw_.details = nullptr;
}

ErrorSlot::~ErrorSlot() {
    buffer_release(raw_.details);
}

}  // namespace streamwall
