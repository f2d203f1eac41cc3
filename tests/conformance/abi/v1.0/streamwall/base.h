/* The words of the plugin boundary: strings, status codes, errors, buffers.
 *
 * This folder is the only thing that a host and a plugin share. It is C11, includes only C standard
 * headers, and also compiles as C17 and C++11…20.
 *
 * Growth. Every struct begins with `size`, set by whoever fills it to sizeof() of the struct it was
 * compiled with. Members are only ever added at the end; test for them with SW_HAS. Tables of
 * functions are passed by pointer and never embedded. An incompatible change gets a new interface
 * name. Values of constants are never reused.
 *
 * Tags. The comment of each function ends in a line `[thread | state | ownership | errors]`:
 *   thread     any: every thread · strand: the instance's strand only · caller: runs on the
 * caller's state      created, started, … the instance's life; "live" is from create to destroy
 *   ownership  who owns pointers passed in and out; "borrowed" ends with the call
 *   errors     status codes that can come back
 */
#ifndef STREAMWALL_BASE_H
#define STREAMWALL_BASE_H

#include <stddef.h>
#include <stdint.h>

#define SW_ABI_MAJOR 1
#define SW_ABI_MINOR 0

#ifdef __cplusplus
#define SW_EXTERN_C extern "C"
#define SW_NOEXCEPT noexcept
#else
#define SW_EXTERN_C
#define SW_NOEXCEPT
#endif
#define SW_EXPORT SW_EXTERN_C __attribute__((visibility("default")))

/* True where the struct behind `p`, as its maker compiled it, holds `field`. */
#define SW_HAS(p, field) \
    ((p) != NULL &&      \
     (size_t)((const char*)&(p)->field - (const char*)(p)) + sizeof((p)->field) <= (p)->size)

#ifdef __cplusplus
extern "C" {
#endif

/* UTF-8 text, not terminated. Borrowed: valid during the call it is passed to. */
typedef struct sw_str {
    const char* data;
    size_t length;
} sw_str;

/* gRPC's codes, 0…16 (https://grpc.github.io/grpc/core/md_doc_statuscodes.html), and PENDING. */
typedef int32_t sw_status;
#define SW_OK 0
#define SW_CANCELLED 1
#define SW_UNKNOWN 2
#define SW_INVALID_ARGUMENT 3
#define SW_DEADLINE_EXCEEDED 4
#define SW_NOT_FOUND 5
#define SW_ALREADY_EXISTS 6
#define SW_PERMISSION_DENIED 7
#define SW_RESOURCE_EXHAUSTED 8
#define SW_FAILED_PRECONDITION 9
#define SW_ABORTED 10
#define SW_OUT_OF_RANGE 11
#define SW_UNIMPLEMENTED 12
#define SW_INTERNAL 13
#define SW_UNAVAILABLE 14
#define SW_DATA_LOSS 15
#define SW_UNAUTHENTICATED 16
/* Not an error: the answer comes later, through the callback named by the function. */
#define SW_PENDING (-1)

/* Immutable, reference-counted bytes, always allocated by the host (streamwall.buffer/1), so that a
 * kept buffer never pins the plugin that filled it. Readable from every thread while a reference is
 * held. `data` has a terminating NUL behind `length`. */
typedef struct sw_buffer {
    uint32_t size;
    uint32_t reserved;
    const char* data;
    size_t length;
} sw_buffer;

/* Filled by the callee, owned by the caller, who sets `size` and releases `details`.
 * `details` is NULL or a JSON object: {"errors":[{"field","code","message"}],"retry_after":s,
 * "version":n,"code":"machine_readable"}, each member optional. */
typedef struct sw_error {
    uint32_t size;
    sw_status code;
    char message[384]; /* one readable line, NUL-terminated */
    char where[96];    /* what it is about: a field, an option, file:line:column */
    sw_buffer* details;
} sw_error;

/* The host as one plugin instance sees it. Its address identifies the instance. */
typedef struct sw_host sw_host;

/* A place where callbacks run one at a time. `self` is passed back; both functions are callable
 * from any thread and never block. Whoever provides one keeps it alive until every call that names
 * it has been answered. */
typedef struct sw_executor {
    uint32_t size;
    uint32_t reserved;
    void* self;
    void (*post)(void* self, void (*run)(void* arg), void* arg);
    int32_t (*is_current)(void* self); /* 1 on a thread that may run callbacks directly */
} sw_executor;

/* Who asks, in which chain of causes, and until when. Borrowed during the call it is passed to; the
 * SDK copies it where it is kept. Texts are empty where unknown. */
typedef struct sw_context {
    uint32_t size;
    uint32_t reserved;
    sw_str principal_type; /* user, key, service, anonymous */
    sw_str principal_id;
    sw_str principal_name;
    sw_str role;   /* viewer, editor, admin or empty */
    sw_str scopes; /* separated by spaces */
    sw_str request_id;
    sw_str traceparent; /* W3C Trace Context, level 1 */
    sw_str correlation_id;
    sw_str causation_id;     /* id of the event that caused this */
    sw_str caller;           /* instance@node that called; stamped by the host, ignored on input */
    uint64_t deadline_ns;    /* on streamwall.clock/1's monotonic clock; 0 is refused by calls */
    const sw_executor* home; /* where a parallel caller wants its replies; NULL: its strand. Handed
                                on to nested calls; never leaves the process */
} sw_context;

#ifdef __cplusplus
}
#endif
#endif
