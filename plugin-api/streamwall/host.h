/* Small powers of the host: buffers, log, clock, executor, timers, health, metrics, introspection,
 * local interfaces. The bus is in bus.h, services in service.h. */
#ifndef STREAMWALL_HOST_H
#define STREAMWALL_HOST_H

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- streamwall.buffer/1 ---- */
#define SW_BUFFER "streamwall.buffer/1"
typedef struct sw_buffer_api {
    uint32_t size;
    uint32_t reserved;
    /* `*writable` points to `length` bytes that may be written until the buffer is first shared.
     * [any | live | caller owns one reference | ends the process when out of memory] */
    sw_buffer* (*create)(size_t length, char** writable);
    void (*retain)(const sw_buffer* buffer);  /* [any] */
    void (*release)(const sw_buffer* buffer); /* [any]; NULL is allowed */
} sw_buffer_api;

/* ---- streamwall.log/1 ---- */
#define SW_LOG "streamwall.log/1"
#define SW_LOG_TRACE 0
#define SW_LOG_DEBUG 1
#define SW_LOG_INFO 2
#define SW_LOG_WARN 3
#define SW_LOG_ERROR 4
typedef struct sw_log_api {
    uint32_t size;
    uint32_t reserved;
    int32_t (*enabled)(sw_host* host, int32_t level); /* [any] */
    /* `event` is a dotted name ("irc.connected"), `fields` a JSON object's text or empty. The host
     * escapes control characters and cuts a field at 8 KiB. [any | live | borrowed | -] */
    void (*write)(sw_host* host, int32_t level, sw_str event, sw_str message, sw_str fields);
} sw_log_api;

/* ---- streamwall.clock/1: the test host replaces both ---- */
#define SW_CLOCK "streamwall.clock/1"
typedef struct sw_clock_api {
    uint32_t size;
    uint32_t reserved;
    int64_t (*wall_ms)(sw_host* host);       /* Unix time in ms [any] */
    uint64_t (*monotonic_ns)(sw_host* host); /* never goes back [any] */
} sw_clock_api;

/* ---- streamwall.executor/1 ---- */
#define SW_EXECUTOR "streamwall.executor/1"
typedef struct sw_executor_api {
    uint32_t size;
    uint32_t reserved;
    /* Runs `run(arg)` on the instance's strand, or `drop(arg)` where the instance stops first;
     * always exactly one of them. `drop` may be NULL. [any | live | arg owned by the host until
     * then | -] */
    void (*post)(sw_host* host, void (*run)(void* arg), void (*drop)(void* arg), void* arg);
    /* The same on the pool for blocking work; not serialised. */
    void (*post_blocking)(sw_host* host, void (*run)(void* arg), void (*drop)(void* arg),
                          void* arg);
    /* The instance's strand as an executor; alive until destroy. [any] */
    const sw_executor* (*strand)(sw_host* host);
    /* With `loop: own`: from create() on, the strand's work is handed to `loop`, whose thread then
     * owns the plugin's sockets too. Only inside create(). [strand | create | loop outlives stop]
     */
    void (*bind_loop)(sw_host* host, const sw_executor* loop);
    /* Runs `run(arg)` on the strand after `delay_ns`, then every `period_ns` (0: once). `drop(arg)`
     * follows the last run or the cancellation, exactly once. [any | live | id never reused | -] */
    uint64_t (*schedule)(sw_host* host, uint64_t delay_ns, uint64_t period_ns,
                         void (*run)(void* arg), void (*drop)(void* arg), void* arg);
    /* On the strand: no run follows. Elsewhere one may be under way. Unknown ids are ignored. */
    void (*cancel)(sw_host* host, uint64_t id);
} sw_executor_api;

/* ---- streamwall.health/1: a plugin's own view, apart from its state ---- */
#define SW_HEALTH "streamwall.health/1"
#define SW_HEALTH_OK 0
#define SW_HEALTH_DEGRADED 1
#define SW_HEALTH_DOWN 2
typedef struct sw_health_api {
    uint32_t size;
    uint32_t reserved;
    /* `dependency` empty: the instance itself; else a name for /health ("database"). Reports that
     * repeat the last one cost nothing. [any | live | borrowed | -] */
    void (*set)(sw_host* host, sw_str dependency, int32_t health, sw_str reason);
} sw_health_api;

/* ---- streamwall.metrics/1 ---- */
#define SW_METRICS "streamwall.metrics/1"
#define SW_COUNTER 0
#define SW_GAUGE 1
#define SW_HISTOGRAM 2
typedef struct sw_series sw_series;
typedef struct sw_metrics_api {
    uint32_t size;
    uint32_t reserved;
    /* Finds or makes a series. A name without the prefix "streamwall_" gets "streamwall_<plugin>_".
     * `labels` are name, value pairs. Past 1,000 series of a family label values become "other".
     * Keep the pointer: it is valid until destroy. `bounds` are a histogram's upper bounds.
     * [any | live | borrowed | NULL where name or kind clash, logged] */
    sw_series* (*series)(sw_host* host, int32_t kind, sw_str name, sw_str help,
                         const sw_str* labels, size_t label_count, const double* bounds,
                         size_t bound_count);
    /* Counter: adds (≥ 0). Gauge: adds. Histogram: observes. [any; ns] */
    void (*record)(sw_series* series, double value);
    void (*set)(sw_series* series, double value); /* gauge only */
} sw_metrics_api;

/* ---- streamwall.introspect/1 (permission "introspect") ---- */
#define SW_INTROSPECT "streamwall.introspect/1"
typedef struct sw_introspect_api {
    uint32_t size;
    uint32_t reserved;
    /* `what`: node | plugins | services | interfaces | events | schemas | health as JSON; metrics
     * as Prometheus text. [any | live | caller releases the result | NULL: unknown name] */
    sw_buffer* (*document)(sw_host* host, sw_str what);
} sw_introspect_api;

/* ---- streamwall.interfaces/1: C tables between plugins of one process ---- */
#define SW_INTERFACES "streamwall.interfaces/1"
typedef struct sw_lease sw_lease;
typedef struct sw_interfaces_api {
    uint32_t size;
    uint32_t reserved;
    /* Provider. `id` as in the manifest's `interfaces`. `self` goes with the table to every user.
     * [strand | starting, started | table outlives withdraw | ALREADY_EXISTS, PERMISSION_DENIED] */
    sw_status (*offer)(sw_host* host, sw_str id, const void* table, void* self, sw_error* error);
    /* Tells every user and calls `done(arg)` on the provider's strand once all leases are released,
     * or after the stop deadline, which is logged with the users' names. The host does the same on
     * its own before stop(). [strand | started | - | -] */
    void (*withdraw)(sw_host* host, sw_str id, void (*done)(void* arg), void* arg);
    /* User. `available` runs on the user's strand each time the interface (re)appears, `revoked`
     * before it goes; the user then stops using it and calls release. NULL revoked: the host
     * releases for it. [strand | created, started | ctx borrowed until stop | PERMISSION_DENIED] */
    sw_status (*watch)(sw_host* host, sw_str id,
                       void (*available)(void* ctx, const void* table, void* self, sw_lease* lease),
                       void (*revoked)(void* ctx, sw_lease* lease), void* ctx, sw_error* error);
    void (*release)(sw_host* host, sw_lease* lease); /* [any]; exactly once a lease */
} sw_interfaces_api;

#ifdef __cplusplus
}
#endif
#endif
