/* Uses every basic part of the boundary, in plain C with the headers of version 1.0. */
#include <streamwall/bus.h>
#include <streamwall/host.h>
#include <streamwall/plugin.h>
#include <streamwall/service.h>

#include <stdlib.h>
#include <string.h>

typedef struct frozen {
    const sw_host_api* api;
    const sw_buffer_api* buffers;
    const sw_log_api* log;
    const sw_executor_api* executor;
    const sw_services_api* services;
    const sw_bus_api* bus;
    const sw_method* ask;
} frozen;

static sw_str text(const char* from) {
    sw_str out;
    out.data = from;
    out.length = strlen(from);
    return out;
}

static sw_buffer* copy(const frozen* self, sw_str from) {
    char* into = NULL;
    sw_buffer* out = self->buffers->create(from.length, &into);
    memcpy(into, from.data, from.length);
    return out;
}

static void say(const frozen* self, const char* event) {
    self->log->write(self->api->host, SW_LOG_INFO, text(event), text("said"), text("{\"n\":1}"));
}

/* ---- services: echo answers at once, relay when its neighbour has ---- */

typedef struct relay {
    const frozen* self;
    sw_responder* responder;
} relay;

static void relay_answer(void* ctx, sw_status status, const sw_buffer* reply,
                         const sw_error* error) {
    relay* waiting = ctx;
    if (reply != NULL) waiting->self->buffers->retain(reply);
    waiting->self->services->respond(waiting->responder, status, (sw_buffer*)reply, error);
    free(waiting);
}

static sw_status serve(void* ctx, const sw_request* request, sw_buffer** reply, sw_error* error) {
    const frozen* self = ctx;
    relay* waiting = NULL;
    uint64_t id = 0;
    sw_status status = SW_OK;
    if (request->method.length == 4) {
        self->buffers->retain(request->body);
        *reply = (sw_buffer*)request->body;
        return SW_OK;
    }
    waiting = malloc(sizeof *waiting);
    waiting->self = self;
    status = self->services->call(self->api->host, self->ask, request->body, request->context,
                                  relay_answer, waiting, &id, reply, error);
    if (status == SW_PENDING) {
        waiting->responder = self->services->defer(request);
    } else {
        free(waiting);
    }
    return status;
}

/* ---- events ---- */

static sw_status hear(void* ctx, const sw_event* event, sw_error* error) {
    const frozen* self = ctx;
    sw_buffer* data = copy(self, event->subject);
    sw_event_draft draft;
    sw_status status = SW_OK;
    self->buffers->release(data);
    memset(&draft, 0, sizeof draft);
    draft.size = sizeof draft;
    draft.type = text("frozen.heard");
    draft.version = text("1.0");
    draft.subject = event->subject;
    draft.data = event->data;
    status = self->bus->publish(self->api->host, &draft, event->context, error);
    return status;
}

static void tick(void* arg) {
    say(arg, "frozen.tick");
}

/* ---- life ---- */

static sw_status create(const sw_host_api* api, sw_str settings, void** out, sw_error* error) {
    frozen* self = calloc(1, sizeof *self);
    (void)settings;
    (void)error;
    self->api = api;
    self->buffers = api->get_interface(api->host, SW_BUFFER);
    self->log = api->get_interface(api->host, SW_LOG);
    self->executor = api->get_interface(api->host, SW_EXECUTOR);
    self->services = api->get_interface(api->host, SW_SERVICES);
    self->bus = api->get_interface(api->host, SW_BUS);
    *out = self;
    return api->get_interface(api->host, "streamwall.unheard-of/1") == NULL ? SW_OK : SW_INTERNAL;
}

static sw_status start(void* raw, sw_error* error) {
    frozen* self = raw;
    sw_host* host = self->api->host;
    sw_subscription_options options;
    sw_status status = SW_OK;
    memset(&options, 0, sizeof options);
    options.size = sizeof options;
    options.pattern = text("chat.message_posted");
    status = self->bus->subscribe(host, &options, hear, self, NULL, error);
    if (status != SW_OK) return status;
    status = self->services->offer(host, text("frozen"), text("echo"), serve, self, error);
    if (status != SW_OK) return status;
    status = self->services->offer(host, text("frozen"), text("relay"), serve, self, error);
    if (status != SW_OK) return status;
    self->executor->schedule(host, 1000000, 1000000000, tick, NULL, self);
    return self->services->resolve(host, text("neighbour"), text("ask"), &self->ask, error);
}

static sw_status stop(void* raw, sw_error* error) {
    (void)error;
    say(raw, "frozen.stop");
    return SW_OK;
}

static void destroy(void* self) {
    free(self);
}

SW_EXPORT const sw_plugin_entry* streamwall_plugin_entry_v1(void) {
    static const sw_plugin_api table = {sizeof table, 0,       create, start, NULL,
                                        stop,         destroy, NULL,   NULL};
    static const sw_plugin_entry entry = {sizeof entry, SW_ABI_MAJOR, SW_ABI_MINOR, "frozen",
                                          "1.0.0",      "",           &table};
    return &entry;
}
