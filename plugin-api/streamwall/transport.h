/* streamwall.transport/1: what joins processes. A plugin offers it as a local interface
 * (`interfaces: [streamwall.transport/1]` in its manifest); the host is its only user.
 *
 * A transport moves bytes by subject and knows nothing of what they mean: deadlines, positions,
 * spools and retries stay in the host. Subjects are tokens between dots, and patterns use NATS's
 * grammar: `*` one token, `>` the rest. One publisher's messages on one subject arrive in order or
 * not at all. A process never gets its own messages back. */
#ifndef STREAMWALL_TRANSPORT_H
#define STREAMWALL_TRANSPORT_H

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SW_TRANSPORT "streamwall.transport/1"

/* The longest body; a longer one is refused with RESOURCE_EXHAUSTED. Subjects: 512 bytes. */
#define SW_TRANSPORT_MAX_MESSAGE 1048576

typedef struct sw_message {
    uint32_t size;
    uint32_t reserved;
    sw_str subject;
    sw_str reply; /* subject that an answer is published to; empty: none is wanted */
    const sw_buffer* body; /* retain to keep */
} sw_message;

/* [a thread of the transport, in order per subscription | until unsubscribe returns | borrowed | -]
 * Must not block. */
typedef void (*sw_message_fn)(void* ctx, const sw_message* message);

/* `connected` is 1 or 0, `reason` says why it is 0. [a thread of the transport | - | borrowed] */
typedef void (*sw_transport_state_fn)(void* ctx, int32_t connected, sw_str reason);

/* Once: SW_OK with the answer's body, UNAVAILABLE where nobody subscribes to the subject or the
 * connection was lost, DEADLINE_EXCEEDED. [a thread of the transport | - | borrowed | -] */
typedef void (*sw_answer_fn)(void* ctx, sw_status status, const sw_buffer* body,
                             const sw_error* error);

typedef struct sw_transport_api {
    uint32_t size;
    uint32_t reserved;
    /* Queues the message; never blocks. SW_OK is no promise that anybody got it. `reply` as in
     * sw_message. [any | offered | retained | UNAVAILABLE (not connected: the message is dropped),
     * RESOURCE_EXHAUSTED (too long, or the queue is full)] */
    sw_status (*publish)(void* self, sw_str subject, sw_str reply, const sw_buffer* body,
                         sw_error* error);
    /* Sends to one subscriber and waits for its answer. An error here means that `on_answer` will
     * not run. [any | offered | body retained | as publish] */
    sw_status (*request)(void* self, sw_str subject, const sw_buffer* body, uint64_t timeout_ns,
                         sw_answer_fn on_answer, void* ctx, sw_error* error);
    /* With a `group` each message goes to one subscriber of that group. The subscription outlives
     * the loss of a connection. [any | offered | ctx alive until unsubscribe returns |
     * INVALID_ARGUMENT] */
    sw_status (*subscribe)(void* self, sw_str pattern, sw_str group, sw_message_fn on_message,
                           void* ctx, uint64_t* id, sw_error* error);
    /* On return `on_message` neither runs nor will run, but where it is the caller.
     * [any | offered | unknown ids are ignored] */
    void (*unsubscribe)(void* self, uint64_t id);
    /* One watcher; it is told the present state at once, then each change. NULL ends it.
     * [any | offered | ctx alive until it is ended | -] */
    void (*watch)(void* self, sw_transport_state_fn on_state, void* ctx);
} sw_transport_api;

#ifdef __cplusplus
}
#endif
#endif
