/* streamwall.http/1: a local interface that the listener offers to plugins of its own process.
 *
 * Loops. The listener runs one loop per core; a connection lives on one of them. Handlers run on
 * the connection's loop, several connections at a time: whoever mounts one is called in parallel
 * and must not block. An answer may be given from any thread. */
#ifndef STREAMWALL_EXT_HTTP_H
#define STREAMWALL_EXT_HTTP_H

#include "../host.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SW_HTTP "streamwall.http/1"

typedef struct sw_http_header {
    sw_str name; /* in requests lower case */
    sw_str value;
} sw_http_header;

/* The right to answer one request; answered exactly once. */
typedef struct sw_http_exchange sw_http_exchange;

typedef struct sw_http_request {
    uint32_t size;
    uint32_t reserved;
    sw_str method;
    sw_str target;            /* as sent */
    sw_str path;              /* percent-decoded once */
    sw_str query;             /* raw, without '?' */
    const sw_str* parameters; /* values of the template's {names}, in order, percent-decoded */
    size_t parameter_count;
    const sw_http_header* headers;
    size_t header_count;
    sw_str body;
    sw_str peer;               /* address of the client, by trusted proxies where configured */
    const sw_context* context; /* principal, request id, deadline, home = the connection's loop */
    uint32_t flags;            /* SW_HTTP_SECURE: the client speaks TLS, with the listener or with
                                  a trusted proxy in front of it */
    uint32_t reserved_flags;
} sw_http_request;
#define SW_HTTP_SECURE 1u

typedef struct sw_http_response {
    uint32_t size;
    int32_t status;
    const sw_http_header* headers; /* without Content-Length, Connection, Date, X-Request-Id */
    size_t header_count;
    const sw_buffer* body; /* retained until sent; may be NULL */
} sw_http_response;

/* Who may call a route. The bootstrap key passes all of them. */
#define SW_HTTP_OPEN 0 /* anyone */
#define SW_HTTP_VIEWER 1
#define SW_HTTP_EDITOR 2
#define SW_HTTP_ADMIN 3

typedef struct sw_http_route {
    uint32_t size;
    int32_t access; /* SW_HTTP_OPEN … */
    sw_str method;
    sw_str path;    /* "/api/v1/streams/{id}" */
    sw_str scope;   /* a key with this scope passes whatever its role; may be empty, or several,
                       separated by blanks, of which one is enough */
    uint32_t flags; /* SW_HTTP_UNCOUNTED: no rate limit; SW_HTTP_QUERY_TOKEN: ?token= counts too */
    uint32_t timeout_ms; /* 0: 5,000 */
    size_t body_limit;   /* bytes; 0: 1 MiB */
    sw_str openapi; /* JSON of the OpenAPI operation object, or empty: hidden from the document */
    /* Borrowed during the call; respond() may be called inside it or later. [loop | mounted] */
    void (*handle)(void* ctx, const sw_http_request* request, sw_http_exchange* exchange);
    void* ctx;
} sw_http_route;
#define SW_HTTP_UNCOUNTED 1u
#define SW_HTTP_QUERY_TOKEN 2u
/* The handler runs once the head is accepted; the body comes by read_body(), in pieces. */
#define SW_HTTP_STREAMED_BODY 4u

/* States of a piece: more follow; the body is whole; it will never be (its client is gone or too
 * slow, it is malformed, the route is unmounted), and there are no bytes. */
#define SW_HTTP_BODY_MORE 0
#define SW_HTTP_BODY_LAST 1
#define SW_HTTP_BODY_LOST 2

/* ---- WebSocket ---- */
typedef struct sw_ws_connection sw_ws_connection;
typedef struct sw_ws_topic sw_ws_topic;

/* Callbacks run on the connection's loop, one at a time for one connection. */
typedef struct sw_ws_endpoint {
    uint32_t size;
    uint32_t flags; /* SW_WS_UNAUTHENTICATED: bad or no credentials still open; the
                       context's principal_type is then "anonymous" */
    sw_str path;
    sw_str protocols;        /* comma list, best first; empty: none negotiated. An offer of only
                                unknown ones is 400, no offer gets the first without a header */
    size_t message_limit;    /* bytes; 0: 65,536 (close 1009) */
    uint32_t fragment_limit; /* 0: 1,024 (close 1008) */
    uint32_t reserved;
    /* Returns the connection's user value. `request` is the upgrade, borrowed. */
    void* (*on_open)(void* ctx, sw_ws_connection* connection, const sw_http_request* request,
                     sw_str protocol);
    void (*on_message)(void* ctx, sw_ws_connection* connection, void* user, sw_str payload,
                       int32_t is_text);
    /* The last callback; the connection is invalid after it. */
    void (*on_close)(void* ctx, sw_ws_connection* connection, void* user, int32_t code);
    void* ctx;
    /* Once for each ws_when_written() or for several together; may be NULL. */
    void (*on_written)(void* ctx, sw_ws_connection* connection, void* user);
} sw_ws_endpoint;
#define SW_WS_UNAUTHENTICATED 1u

typedef struct sw_http_table {
    uint32_t size;
    uint32_t reserved;
    /* Routes and endpoints of one lease, until unmount(). A route replaces none: a clash is
     * ALREADY_EXISTS. [strand of the user | lease held | borrowed, texts copied] */
    sw_status (*mount)(void* self, sw_lease* lease, const sw_http_route* route, sw_error* error);
    sw_status (*mount_ws)(void* self, sw_lease* lease, const sw_ws_endpoint* endpoint,
                          sw_error* error);
    /* Ends everything of the lease: routes, topics, endpoints (open connections get on_close 1001).
     * `done(arg)` runs on a thread of the listener once no callback of theirs runs or will run;
     * then release the lease. Exchanges that are open may be answered later. [any | lease held | -]
     */
    void (*unmount)(void* self, sw_lease* lease, void (*done)(void* arg), void* arg);
    /* [any | exchange alive | ends it] */
    void (*respond)(sw_http_exchange* exchange, const sw_http_response* response);

    /* Keeps a connection's handle valid beyond on_close (calls on it then do nothing). [any] */
    void (*ws_retain)(sw_ws_connection* connection);
    void (*ws_release)(sw_ws_connection* connection);
    /* Queues one message. [any | - | payload retained | a slow reader is closed, see http-server]
     */
    void (*ws_send)(sw_ws_connection* connection, const sw_buffer* payload);
    /* Close handshake after what is queued; reason at most 123 bytes. [any] */
    void (*ws_close)(sw_ws_connection* connection, int32_t code, sw_str reason);

    /* A topic is a set of connections over all loops. [any | lease held | until topic_close] */
    sw_ws_topic* (*topic_open)(void* self, sw_lease* lease);
    void (*topic_close)(sw_ws_topic* topic);
    /* [the connection's loop | open]; joining twice is once */
    void (*topic_join)(sw_ws_topic* topic, sw_ws_connection* connection);
    void (*topic_leave)(sw_ws_topic* topic, sw_ws_connection* connection);
    /* Frames `payload` once and queues it by reference to every member; messages of one topic keep
     * their order on every connection. With `merge_key`, a newer message replaces a queued one of
     * the same topic and key for readers that are behind. [any | - | payload retained] */
    void (*topic_publish)(sw_ws_topic* topic, const sw_buffer* payload, sw_str merge_key);

    /* JSON of everything mounted: [{"method","path","access","scope","openapi"}] for the document.
     * [any | caller releases] */
    sw_buffer* (*routes)(void* self);
    /* The bound address as text, "127.0.0.1:3000". [any | borrowed until the interface goes] */
    sw_str (*address)(void* self);

    /* Asks for on_written: once everything queued for the connection before has gone to its socket.
     * For senders of much, who go on as fast as the client reads. [any] */
    void (*ws_when_written)(sw_ws_connection* connection);
    /* As ws_send, as a binary message. */
    void (*ws_send_binary)(sw_ws_connection* connection, const sw_buffer* payload);

    /* An answer in parts, for what is longer than memory should hold. `head` as respond()'s, its
     * body is not looked at. `more(arg, exchange)` then asks for one part after the other, each as
     * soon as all before has gone to the socket. `more(arg, NULL)` is the last call: the answer is
     * whole, or its client has gone, or the route is unmounted. Both on the connection's loop, never
     * from inside stream() or part(). A part that takes longer than the route's timeout ends the
     * connection. [any | exchange alive, in place of respond()] */
    void (*stream)(sw_http_exchange* exchange, const sw_http_response* head,
                   void (*more)(void* arg, sw_http_exchange* exchange), void* arg);
    /* The part that `more` asked for, once, on whatever thread; may be empty. NULL breaks the answer
     * off, so that the client sees that it is not whole. The exchange may not be used after the last
     * one. [any | asked | bytes retained] */
    void (*part)(sw_http_exchange* exchange, const sw_buffer* bytes, int32_t is_last);

    /* Asks for the next piece of the body, for a route with SW_HTTP_STREAMED_BODY: `got(arg, bytes,
     * length, state)` runs once, on the connection's loop, never from inside read_body(); bytes are
     * borrowed meanwhile. The socket is not read before, so a body takes no more memory than a
     * piece, 64 KiB at most. May be asked before the answer begins and while a part is owed, one at
     * a time; the answer or the part is given after the piece has come. Who answers before the body
     * is whole closes the connection. [any | exchange alive] */
    void (*read_body)(sw_http_exchange* exchange,
                      void (*got)(void* arg, const char* bytes, size_t length, int32_t state),
                      void* arg);

    /* Who a token stands for, as the listener decides that for requests; for tokens that come in
     * messages. `done(arg, verdict, who)` runs once, on whatever thread, also before this returns:
     * with SW_OK and the principal, borrowed; else `who` is NULL and the verdict UNAUTHENTICATED,
     * or UNAVAILABLE where those who know can't be asked now. It may come after unmount().
     * [any | lease held | borrowed] */
    void (*authenticate)(void* self, sw_str token,
                         void (*done)(void* arg, sw_status verdict, const sw_context* who),
                         void* arg);

    /* From now on the connection is closed (1008) where its client can't be heard, so that on_close
     * comes at most `silence_ms` after the client was cut off: who says nothing is asked by pings,
     * which clients answer by themselves, after a third of that. At least 3,000; 0: no longer.
     * [the connection's loop | open] */
    void (*ws_watch)(sw_ws_connection* connection, uint32_t silence_ms);
    /* ws_send() to each of so many, framed once and queued by reference.
     * [any | - | borrowed, payload retained] */
    void (*ws_send_to_all)(sw_ws_connection* const* connections, size_t count,
                           const sw_buffer* payload);
} sw_http_table;

#ifdef __cplusplus
}
#endif
#endif
