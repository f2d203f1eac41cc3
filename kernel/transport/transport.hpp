// Transport: what joins processes, as the kernel uses it. The contract, member by member, is
// that of sw_transport_api (plugin-api/streamwall/transport.h).
//
// Bytes by subject, nothing else. One publisher's messages on one subject arrive in order or not at
// all, and nobody gets his own messages back.
#pragma once

#include "exec/buffer.hpp"

#include <streamwall/transport.h>

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <string>
#include <string_view>

namespace streamwall::transport {

constexpr std::size_t kMaxMessage = SW_TRANSPORT_MAX_MESSAGE;
constexpr std::size_t kMaxSubject = 512;

// Borrowed for the length of the call; share the body to keep it.
struct Message {
    std::string_view subject;
    std::string_view reply;  // empty: no answer is wanted
    const sw_buffer* body = nullptr;
};

// In order for each subscription, on a thread of the transport. Must not block.
using MessageFn = std::function<void(const Message&)>;
// `reason` says why there is no connection.
using StateFn = std::function<void(bool connected, std::string_view reason)>;
// Once. On failure there is no body: UNAVAILABLE where nobody subscribes to the subject or the
// connection was lost, DEADLINE_EXCEEDED.
using AnswerFn = std::function<void(const sw_buffer* body, const Failure& failure)>;

// Thread-safe. No function blocks but unsubscribe() and watch(), which wait for a callback that is
// running on another thread.
class Transport {
  public:
    virtual ~Transport() = default;

    // UNAVAILABLE (not connected: the message is dropped), RESOURCE_EXHAUSTED (too long, or the
    // queue is full).
    virtual Failure publish(std::string_view subject, std::string_view reply,
                            const BufferRef& body) = 0;
    // With an error `on_answer` does not run.
    virtual Failure request(std::string_view subject, const BufferRef& body,
                            std::chrono::nanoseconds timeout, AnswerFn on_answer) = 0;
    // With a `group` each message goes to one subscriber of that group.
    virtual std::expected<std::uint64_t, Failure> subscribe(std::string_view pattern,
                                                            std::string_view group,
                                                            MessageFn on_message) = 0;
    // Afterwards `on_message` neither runs nor will run, but where it is the caller.
    virtual void unsubscribe(std::uint64_t id) = 0;
    // One watcher; told the present state at once, then each change. An empty function ends it.
    virtual void watch(StateFn on_state) = 0;
};

}  // namespace streamwall::transport
