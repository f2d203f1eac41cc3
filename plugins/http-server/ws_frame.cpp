#include "ws_frame.hpp"

#include <cstring>
#include <functional>
#include <new>

namespace streamwall::http_server {

Frame* Frame::allocate(Opcode opcode, std::size_t length) {
    return new (::operator new(sizeof(Frame) + length)) Frame(opcode, length);
}

void Frame::drop_references(std::uint32_t count) {
    if (references_.fetch_sub(count, std::memory_order_acq_rel) != count) return;
    this->~Frame();
    ::operator delete(this);
}

FramePtr Frame::make(Opcode opcode, std::string_view payload, bool is_compressed) {
    const std::uint64_t size = payload.size();
    const std::size_t header = size < 126 ? 2 : size < 65536 ? 4 : 10;
    FramePtr frame(allocate(opcode, header + payload.size()));
    char* out = frame->data();
    frame->header_length_ = static_cast<std::uint8_t>(header);
    const std::uint8_t flags = is_compressed ? 0xC0 : 0x80;
    out[0] = static_cast<char>(flags | static_cast<std::uint8_t>(opcode));
    out[1] = static_cast<char>(header == 2 ? size : header == 4 ? 126 : 127);
    for (std::size_t i = 2; i < header; ++i) {
        out[i] = static_cast<char>(size >> (8 * (header - 1 - i)));
    }
    if (!payload.empty()) std::memcpy(out + header, payload.data(), payload.size());
    return frame;
}

FramePtr Frame::close(std::uint16_t code, std::string_view reason) {
    std::string payload;
    // 1005 stands for "no code was there" and is never sent (RFC 6455 7.4.1).
    if (code != 1005) {
        payload += static_cast<char>(code >> 8);
        payload += static_cast<char>(code & 0xFF);
        payload += reason.substr(0, 123);
    }
    return make(Opcode::kClose, payload);
}

FramePtr Frame::raw(std::string_view bytes) {
    FramePtr frame(allocate(Opcode::kContinuation, bytes.size()));
    std::memcpy(frame->data(), bytes.data(), bytes.size());
    return frame;
}

void Frame::set_topic(const void* topic, std::uint64_t sequence, std::string_view merge_key) {
    topic_ = topic;
    sequence_ = sequence;
    if (merge_key.empty()) return;
    merge_key_ = merge_key;
    merge_hash_ = std::hash<std::string_view>()(merge_key) | 1;
}

}  // namespace streamwall::http_server
