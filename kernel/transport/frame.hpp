// Frames: calls, replies and events as bytes, for neighbours that share no memory.
//
// A frame is a JSON object; deadlines travel as the time that remains, so clocks need not agree,
// and `home` never leaves the process.
#pragma once

#include "bus/event.hpp"
#include "exec/buffer.hpp"

#include <expected>
#include <string>
#include <string_view>

namespace streamwall::transport {

struct CallFrame {
    std::string service, method;
    BufferRef body;
    ContextCopy context;  // deadline on the receiver's clock
};

std::string encode_call(std::string_view service, std::string_view method, const sw_buffer* body,
                        const sw_context& context, std::uint64_t now_ns);
std::expected<CallFrame, Failure> decode_call(std::string_view frame, std::uint64_t now_ns);

struct ReplyFrame {
    sw_status status = SW_OK;
    BufferRef body;
    Failure failure;
};
std::string encode_reply(sw_status status, const sw_buffer* body, const Failure& failure);
std::expected<ReplyFrame, Failure> decode_reply(std::string_view frame);

// An event with its whole context, which the envelope carries only in part.
std::string encode_event(const sw_event& event);
std::expected<bus::EventPtr, Failure> decode_event(std::string_view frame);

}  // namespace streamwall::transport
