// Frames: calls, replies and events as bytes, for neighbours that share no memory.
//
// A short binary head around bodies that stay the bytes they are; nothing is rendered or parsed as
// JSON on the way. Deadlines travel as the time that remains, so clocks need not agree, and `home`
// never leaves the process. Layout: frame.cpp.
#pragma once

#include "bus/event.hpp"
#include "exec/buffer.hpp"

#include <cstdint>
#include <expected>
#include <span>
#include <string_view>
#include <vector>

namespace streamwall::transport {

enum class FrameKind : std::uint8_t { call = 1, reply = 2, event = 3, journal = 4, cancel = 5 };

// Where a frame came from and how far it went; all kinds but replies have it.
struct Trail {
    std::string_view origin{};  // the peer that made it
    std::uint8_t hops = 0;
};
constexpr std::uint8_t kMaxHops = 4;

// Views point into the frame.
struct CallHead {
    Trail trail{};
    std::uint64_t boot = 0, id = 0;  // of the origin and its call, for a cancellation
    std::string_view target{};       // a peer; empty: whoever offers the service
    std::string_view service{}, method{};
};
struct CallFrame {
    CallHead head;
    BufferRef body;
    ContextCopy context;  // deadline on the receiver's clock
};

// Nothing but what a frame's first bytes say; enough to forward it.
struct Outline {
    FrameKind kind = FrameKind::call;
    Trail trail;
    std::uint64_t remaining_ns = 0;            // calls only
    std::string_view target, service, method;  // calls only
};
std::expected<Outline, Failure> outline(std::string_view frame);
// The same frame after one more hop, and `spent_ns` later.
BufferRef forwarded(std::string_view frame, std::uint64_t spent_ns = 0);

BufferRef encode_call(const CallHead& head, const sw_buffer* body, const sw_context& context,
                      std::uint64_t now_ns);
std::expected<CallFrame, Failure> decode_call(std::string_view frame, std::uint64_t now_ns);

struct ReplyFrame {
    sw_status status = SW_OK;
    BufferRef body;
    Failure failure;
};
BufferRef encode_reply(sw_status status, const sw_buffer* body, const Failure& failure);
std::expected<ReplyFrame, Failure> decode_reply(std::string_view frame);

struct CancelFrame {
    Trail trail{};
    std::uint64_t boot = 0, id = 0;
};
BufferRef encode_cancel(const CancelFrame& cancel);
std::expected<CancelFrame, Failure> decode_cancel(std::string_view frame);

// An event with its whole context, which the envelope carries only in part.
BufferRef encode_event(const Trail& trail, const sw_event& event);
std::expected<bus::EventPtr, Failure> decode_event(std::string_view frame);

// Events that a journal committed, or, without events, only how far it is now.
struct JournalFrame {
    std::string_view epoch;
    std::uint64_t last = 0;
    std::vector<bus::EventPtr> events;
};
BufferRef encode_journal(const Trail& trail, std::string_view epoch, std::uint64_t last,
                         std::span<const bus::EventPtr> events);
std::expected<JournalFrame, Failure> decode_journal(std::string_view frame);
// Bytes that one event takes in a frame.
std::size_t encoded_size(const sw_event& event);

}  // namespace streamwall::transport
