/* streamwall.services/1: names with methods, JSON requests and replies.
 *
 * A serial instance is called on its strand; one that declares itself parallel inline, on the
 * caller's thread, and must not block there. Locally a call is a function call; between processes
 * the same bytes go through a transport. */
#ifndef STREAMWALL_SERVICE_H
#define STREAMWALL_SERVICE_H

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SW_SERVICES "streamwall.services/1"

typedef struct sw_method sw_method;       /* a resolved name; valid until the resolver's destroy */
typedef struct sw_responder sw_responder; /* the right to answer one request later */

typedef struct sw_request {
    uint32_t size;
    uint32_t reserved;
    sw_str service;
    sw_str method;
    const sw_buffer* body;     /* JSON; retain to keep */
    const sw_context* context; /* borrowed during the handler */
} sw_request;

/* Serves a request. SW_OK with `*reply` (a reference given to the host), an error code with `error`
 * filled, or SW_PENDING after defer(). [strand, or caller's thread where parallel | started] */
typedef sw_status (*sw_method_fn)(void* ctx, const sw_request* request, sw_buffer** reply,
                                  sw_error* error);

/* Answer of a pending call: exactly once, never from inside call(), on the context's home executor
 * or the caller's strand. `reply` and `error` are borrowed. */
typedef void (*sw_reply_fn)(void* ctx, sw_status status, const sw_buffer* reply,
                            const sw_error* error);

typedef struct sw_services_api {
    uint32_t size;
    uint32_t reserved;
    /* Offers one method of a service named in the manifest's `provides`. Calls arrive once the
     * instance runs. [strand | created, starting | ctx alive until stop has ended
     *  | PERMISSION_DENIED, ALREADY_EXISTS] */
    sw_status (*offer)(sw_host* host, sw_str service, sw_str method, sw_method_fn handler,
                       void* ctx, sw_error* error);
    /* A handle that survives restarts of the provider; the provider need not exist yet. The service
     * must be in the manifest's `requires`. [any | live | host | PERMISSION_DENIED] */
    sw_status (*resolve)(sw_host* host, sw_str service, sw_str method, const sw_method** out,
                         sw_error* error);
    /* SW_OK: `*reply` holds the answer (caller releases). SW_PENDING: on_reply(ctx, …) will run and
     * `*id` names the call for cancel(). Else an error: UNAVAILABLE with details.retry_after at
     * once where no provider runs or its breaker is open. `request` is borrowed (retained where
     * needed). [any | created (start on), to stop | - | any] */
    sw_status (*call)(sw_host* host, const sw_method* method, const sw_buffer* request,
                      const sw_context* context, sw_reply_fn on_reply, void* ctx, uint64_t* id,
                      sw_buffer** reply, sw_error* error);
    /* on_reply then gets CANCELLED, unless an answer is already on its way. The callee is told.
     * [any | live | - | unknown ids are ignored] */
    void (*cancel)(sw_host* host, uint64_t id);
    /* Inside a handler that will return SW_PENDING. [handler | - | caller owns the responder] */
    sw_responder* (*defer)(const sw_request* request);
    /* Ends the request; takes the reference of `reply`. [any | live | frees responder | -] */
    void (*respond)(sw_responder* responder, sw_status status, sw_buffer* reply,
                    const sw_error* error);
    /* 1 once the caller cancelled or its deadline passed. [any | responder alive] */
    int32_t (*is_cancelled)(const sw_responder* responder);
} sw_services_api;

#ifdef __cplusplus
}
#endif
#endif
