// PendingCall: one call that has not been answered inline.
//
// Its state decides who delivers the answer, so that on_reply runs exactly once and never from
// inside call(): the handler may respond before call() returns (then call() returns the answer), a
// deadline or a cancellation may claim the call first (then the late answer is thrown away).
#pragma once

#include "exec/buffer.hpp"
#include "exec/party.hpp"

#include <streamwall/service.h>

#include <atomic>
#include <cstdint>
#include <functional>

namespace streamwall::services {
class Registry;
class Remote;
struct Slot;
struct PendingCall;
}  // namespace streamwall::services

// What a plugin holds as the right to answer is the call itself.
struct sw_responder {
    streamwall::services::PendingCall* call;
};

namespace streamwall::services {

// A call as the process knows it that made it.
struct RemoteKey {
    std::uint64_t boot = 0, id = 0;
    bool operator==(const RemoteKey&) const = default;
};

struct PendingCall {
    enum State : int { kInline, kAnswered, kArmed, kDelivered };

    Registry* registry = nullptr;
    std::uint64_t id = 0;
    Party* caller = nullptr;
    const Party* provider = nullptr;
    Slot* slot = nullptr;
    const sw_executor* home = nullptr;
    std::uint64_t deadline_ns = 0;
    sw_reply_fn on_reply = nullptr;
    void* ctx = nullptr;
    void (*settled)(void* breaker, sw_status status) = nullptr;
    void* breaker = nullptr;
    // Set where the request came over a link: gets the answer instead of on_reply, on any thread.
    std::function<void(sw_status, const sw_buffer*, const Failure&)> remote;
    RemoteKey remote_key;
    Remote* carrier = nullptr;  // set where another process serves it: told of a cancellation

    std::atomic<int> state{kInline};
    std::atomic<int> references{1};
    std::atomic<bool> cancelled{false};
    sw_status status = SW_OK;
    BufferRef reply;
    Failure failure;
    sw_status early_status = SW_OK;  // set where a deadline or cancellation came first
    const char* early_reason = "";
    sw_responder responder{this};

    void retain() { references.fetch_add(1, std::memory_order_relaxed); }
    void release() {
        if (references.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
    }
    // Takes the handler's answer; consumes the responder's reference.
    void answer(sw_status code, BufferRef body, Failure why);
    // Ends the call early where nobody has; the answer to come is thrown away.
    bool claim(sw_status code, const char* why);
    // Runs on_reply where the caller wants it. Called once, by who moved the state to kDelivered.
    void deliver();

    // Depth of call() on this thread: a reply is never run from inside one.
    static int& depth();

  private:
    static void run(void* arg);
    static void drop(void* arg);
    void finish(sw_status code);
};

}  // namespace streamwall::services
