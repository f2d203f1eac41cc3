/* streamwall.bus/1 and streamwall.journal/1: events.
 *
 * Patterns match the type and use NATS's grammar: tokens between dots, `*` one token, `>` the rest.
 * The subject ("stream/123") is the ordering key. A manifest's `publishes` gives each type its
 * class: transient  delivered to who is there, in a bounded queue per subscription local      as
 * transient, never leaves the process durable    written to the journal before it is delivered; at
 * least once, in order per subject */
#ifndef STREAMWALL_BUS_H
#define STREAMWALL_BUS_H

#include "base.h"
#include "service.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SW_BUS "streamwall.bus/1"

typedef struct sw_event_draft {
    uint32_t size;
    uint32_t reserved;
    sw_str type;
    sw_str version; /* "1.0" */
    sw_str subject;
    const sw_buffer* data; /* JSON object; retained by the host */
    sw_str changes; /* JSON object or empty; becomes member "changes" of data where rendered */
} sw_event_draft;

/* One delivery. Everything is borrowed during the handler; `data` may be retained. */
typedef struct sw_event {
    uint32_t size;
    uint32_t attempt; /* 1 for the first */
    sw_str id;
    sw_str type;
    sw_str version;
    sw_str timestamp; /* RFC 3339 UTC, ms */
    sw_str producer;  /* instance@node */
    sw_str subject;
    uint64_t sequence; /* 0 where not durable */
    sw_str epoch;
    const sw_buffer* data;
    sw_str changes;
    const sw_context* context; /* of the publisher; for handlers causation_id is this event's id */
    sw_str cause;              /* id of the event that caused this one, or empty */
} sw_event;

/* SW_OK, an error (durable: tried again, then dead letter; transient: counted), or SW_PENDING after
 * defer(). [strand, or any thread where parallel | started] */
typedef sw_status (*sw_event_fn)(void* ctx, const sw_event* event, sw_error* error);

#define SW_DELIVER_EACH 0   /* every instance gets every event */
#define SW_DELIVER_SHARED 1 /* one owner at a time over all instances of this name */
#define SW_START_NEW 0      /* a new durable name begins behind the newest event */
#define SW_START_ALL 1      /* … at the oldest event still kept */
#define SW_DROP_OLDEST 0
#define SW_DROP_NEWEST 1
#define SW_KEEP_LATEST 2 /* one per subject */

typedef struct sw_subscription_options {
    uint32_t size;
    int32_t deliver; /* durable only */
    sw_str pattern;
    sw_str durable; /* name, unique in the plugin; empty: transient */
    int32_t start;  /* durable only */
    int32_t policy; /* transient only */
    uint32_t limit; /* transient: queued at most (0: 1,024) · durable: in flight at most (0: 64) */
    uint32_t reserved;
} sw_subscription_options;

typedef struct sw_subscription sw_subscription;
typedef struct sw_delivery sw_delivery;

typedef struct sw_bus_api {
    uint32_t size;
    uint32_t reserved;
    /* Transient and local types. Never blocks; delivery may still be under way when it returns.
     * [any | started | draft borrowed | INVALID_ARGUMENT (schema), PERMISSION_DENIED (not in
     *  `publishes`), FAILED_PRECONDITION (type is durable)] */
    sw_status (*publish)(sw_host* host, const sw_event_draft* draft, const sw_context* context,
                         sw_error* error);
    /* Durable types: returns as call() does; the reply {"id","sequence","epoch"} means the event
     * survives a power cut. [any | started | as call()] */
    sw_status (*append)(sw_host* host, const sw_event_draft* draft, const sw_context* context,
                        sw_reply_fn on_reply, void* ctx, uint64_t* id, sw_buffer** reply,
                        sw_error* error);
    /* Deliveries begin once the instance runs. The pattern must be covered by `subscribes`.
     * [strand | created, started | ctx alive until unsubscribe or stop has ended
     *  | INVALID_ARGUMENT, PERMISSION_DENIED] */
    sw_status (*subscribe)(sw_host* host, const sw_subscription_options* options,
                           sw_event_fn handler, void* ctx, sw_subscription** out, sw_error* error);
    /* On return no handler runs or will run, except the one that calls it. Stop does it for all.
     * [strand | live | frees the subscription | -] */
    void (*unsubscribe)(sw_subscription* subscription);
    /* Inside a durable handler that will return SW_PENDING. [handler | - | caller owns it] */
    sw_delivery* (*defer)(const sw_event* event);
    /* SW_OK moves the position past the event. [any | live | frees delivery | -] */
    void (*complete)(sw_delivery* delivery, sw_status status, const sw_error* error);
    /* The envelope of the contract as JSON text. [any | event borrowed | caller releases | -] */
    sw_buffer* (*render)(const sw_event* event);
} sw_bus_api;

/* ---- streamwall.journal/1 (permission "journal"): the side of who keeps a journal. It offers the
 * service `journal` (see store.md) and tells the host what it has made durable. ---- */
#define SW_JOURNAL "streamwall.journal/1"
typedef struct sw_journal_api {
    uint32_t size;
    uint32_t reserved;
    /* Events just committed, in sequence order without gaps. Where `cause` is empty, the context's
     * causation_id is taken.
     * [any, calls never overlap | starting, started | borrowed, data retained | -] */
    void (*committed)(sw_host* host, const sw_event* events, size_t count);
} sw_journal_api;

#ifdef __cplusplus
}
#endif
#endif
