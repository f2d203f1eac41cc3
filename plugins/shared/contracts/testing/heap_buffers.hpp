// Buffers for unit tests that run without a host: include it in one source file of the test
// program.
#pragma once

#include <streamwall/sdk/buffer.hpp>

#include <atomic>
#include <cstdlib>
#include <new>

namespace streamwall::testing {

struct HeapBuffer {
    sw_buffer head;
    std::atomic<int> references{1};
};

inline sw_buffer* create_heap_buffer(std::size_t length, char** writable) {
    auto* memory = static_cast<char*>(std::malloc(sizeof(HeapBuffer) + length + 1));
    auto* buffer = new (memory) HeapBuffer;
    char* bytes = memory + sizeof(HeapBuffer);
    bytes[length] = '\0';
    buffer->head = {sizeof(sw_buffer), 0, bytes, length};
    *writable = bytes;
    return &buffer->head;
}
inline HeapBuffer* heap_buffer(const sw_buffer* buffer) {
    return reinterpret_cast<HeapBuffer*>(const_cast<sw_buffer*>(buffer));
}
inline void retain_heap_buffer(const sw_buffer* buffer) {
    ++heap_buffer(buffer)->references;
}
inline void release_heap_buffer(const sw_buffer* buffer) {
    if (buffer != nullptr && --heap_buffer(buffer)->references == 0) std::free(heap_buffer(buffer));
}

inline constexpr sw_buffer_api kHeapBuffers = {sizeof(sw_buffer_api), 0, &create_heap_buffer,
                                               &retain_heap_buffer, &release_heap_buffer};

// Makes Buffer usable from here on.
inline const bool kHeapBuffersInstalled = [] {
    detail::buffer_table = &kHeapBuffers;
    return true;
}();

}  // namespace streamwall::testing
