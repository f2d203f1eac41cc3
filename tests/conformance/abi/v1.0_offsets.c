/* The boundary as version 1.0 froze it; compiled with today's headers. Written by
 * freeze.py. A line that fails names a change that breaks every plugin built before. */
#include <streamwall/base.h>
#include <streamwall/bus.h>
#include <streamwall/host.h>
#include <streamwall/plugin.h>
#include <streamwall/service.h>
#include <streamwall/transport.h>
#include <streamwall/ext/http.h>

#define AT(type, member, offset, length)                               \
    _Static_assert(offsetof(type, member) == (offset), #type "." #member " moved"); \
    _Static_assert(sizeof(((type*)0)->member) == (length), #type "." #member " resized")
#define HOLDS(type, length) \
    _Static_assert(sizeof(type) >= (length), #type " shrank")
#define IS(name, value) _Static_assert((name) == (value), #name " has another value")


HOLDS(sw_str, 16);
AT(sw_str, data, 0, 8);
AT(sw_str, length, 8, 8);

HOLDS(sw_buffer, 24);
AT(sw_buffer, size, 0, 4);
AT(sw_buffer, reserved, 4, 4);
AT(sw_buffer, data, 8, 8);
AT(sw_buffer, length, 16, 8);

HOLDS(sw_error, 496);
AT(sw_error, size, 0, 4);
AT(sw_error, code, 4, 4);
AT(sw_error, message, 8, 384);
AT(sw_error, where, 392, 96);
AT(sw_error, details, 488, 8);

HOLDS(sw_executor, 32);
AT(sw_executor, size, 0, 4);
AT(sw_executor, reserved, 4, 4);
AT(sw_executor, self, 8, 8);
AT(sw_executor, post, 16, 8);
AT(sw_executor, is_current, 24, 8);

HOLDS(sw_context, 184);
AT(sw_context, size, 0, 4);
AT(sw_context, reserved, 4, 4);
AT(sw_context, principal_type, 8, 16);
AT(sw_context, principal_id, 24, 16);
AT(sw_context, principal_name, 40, 16);
AT(sw_context, role, 56, 16);
AT(sw_context, scopes, 72, 16);
AT(sw_context, request_id, 88, 16);
AT(sw_context, traceparent, 104, 16);
AT(sw_context, correlation_id, 120, 16);
AT(sw_context, causation_id, 136, 16);
AT(sw_context, caller, 152, 16);
AT(sw_context, deadline_ns, 168, 8);
AT(sw_context, home, 176, 8);

HOLDS(sw_event_draft, 80);
AT(sw_event_draft, size, 0, 4);
AT(sw_event_draft, reserved, 4, 4);
AT(sw_event_draft, type, 8, 16);
AT(sw_event_draft, version, 24, 16);
AT(sw_event_draft, subject, 40, 16);
AT(sw_event_draft, data, 56, 8);
AT(sw_event_draft, changes, 64, 16);

HOLDS(sw_event, 176);
AT(sw_event, size, 0, 4);
AT(sw_event, attempt, 4, 4);
AT(sw_event, id, 8, 16);
AT(sw_event, type, 24, 16);
AT(sw_event, version, 40, 16);
AT(sw_event, timestamp, 56, 16);
AT(sw_event, producer, 72, 16);
AT(sw_event, subject, 88, 16);
AT(sw_event, sequence, 104, 8);
AT(sw_event, epoch, 112, 16);
AT(sw_event, data, 128, 8);
AT(sw_event, changes, 136, 16);
AT(sw_event, context, 152, 8);
AT(sw_event, cause, 160, 16);

HOLDS(sw_subscription_options, 56);
AT(sw_subscription_options, size, 0, 4);
AT(sw_subscription_options, deliver, 4, 4);
AT(sw_subscription_options, pattern, 8, 16);
AT(sw_subscription_options, durable, 24, 16);
AT(sw_subscription_options, start, 40, 4);
AT(sw_subscription_options, policy, 44, 4);
AT(sw_subscription_options, limit, 48, 4);
AT(sw_subscription_options, reserved, 52, 4);

HOLDS(sw_bus_api, 64);
AT(sw_bus_api, size, 0, 4);
AT(sw_bus_api, reserved, 4, 4);
AT(sw_bus_api, publish, 8, 8);
AT(sw_bus_api, append, 16, 8);
AT(sw_bus_api, subscribe, 24, 8);
AT(sw_bus_api, unsubscribe, 32, 8);
AT(sw_bus_api, defer, 40, 8);
AT(sw_bus_api, complete, 48, 8);
AT(sw_bus_api, render, 56, 8);

HOLDS(sw_journal_api, 16);
AT(sw_journal_api, size, 0, 4);
AT(sw_journal_api, reserved, 4, 4);
AT(sw_journal_api, committed, 8, 8);

HOLDS(sw_buffer_api, 32);
AT(sw_buffer_api, size, 0, 4);
AT(sw_buffer_api, reserved, 4, 4);
AT(sw_buffer_api, create, 8, 8);
AT(sw_buffer_api, retain, 16, 8);
AT(sw_buffer_api, release, 24, 8);

HOLDS(sw_log_api, 24);
AT(sw_log_api, size, 0, 4);
AT(sw_log_api, reserved, 4, 4);
AT(sw_log_api, enabled, 8, 8);
AT(sw_log_api, write, 16, 8);

HOLDS(sw_clock_api, 24);
AT(sw_clock_api, size, 0, 4);
AT(sw_clock_api, reserved, 4, 4);
AT(sw_clock_api, wall_ms, 8, 8);
AT(sw_clock_api, monotonic_ns, 16, 8);

HOLDS(sw_executor_api, 56);
AT(sw_executor_api, size, 0, 4);
AT(sw_executor_api, reserved, 4, 4);
AT(sw_executor_api, post, 8, 8);
AT(sw_executor_api, post_blocking, 16, 8);
AT(sw_executor_api, strand, 24, 8);
AT(sw_executor_api, bind_loop, 32, 8);
AT(sw_executor_api, schedule, 40, 8);
AT(sw_executor_api, cancel, 48, 8);

HOLDS(sw_health_api, 16);
AT(sw_health_api, size, 0, 4);
AT(sw_health_api, reserved, 4, 4);
AT(sw_health_api, set, 8, 8);

HOLDS(sw_metrics_api, 32);
AT(sw_metrics_api, size, 0, 4);
AT(sw_metrics_api, reserved, 4, 4);
AT(sw_metrics_api, series, 8, 8);
AT(sw_metrics_api, record, 16, 8);
AT(sw_metrics_api, set, 24, 8);

HOLDS(sw_introspect_api, 16);
AT(sw_introspect_api, size, 0, 4);
AT(sw_introspect_api, reserved, 4, 4);
AT(sw_introspect_api, document, 8, 8);

HOLDS(sw_interfaces_api, 40);
AT(sw_interfaces_api, size, 0, 4);
AT(sw_interfaces_api, reserved, 4, 4);
AT(sw_interfaces_api, offer, 8, 8);
AT(sw_interfaces_api, withdraw, 16, 8);
AT(sw_interfaces_api, watch, 24, 8);
AT(sw_interfaces_api, release, 32, 8);

HOLDS(sw_host_api, 24);
AT(sw_host_api, size, 0, 4);
AT(sw_host_api, abi_major, 4, 2);
AT(sw_host_api, abi_minor, 6, 2);
AT(sw_host_api, host, 8, 8);
AT(sw_host_api, get_interface, 16, 8);

HOLDS(sw_plugin_api, 64);
AT(sw_plugin_api, size, 0, 4);
AT(sw_plugin_api, reserved, 4, 4);
AT(sw_plugin_api, create, 8, 8);
AT(sw_plugin_api, start, 16, 8);
AT(sw_plugin_api, drain, 24, 8);
AT(sw_plugin_api, stop, 32, 8);
AT(sw_plugin_api, destroy, 40, 8);
AT(sw_plugin_api, reconfigure, 48, 8);
AT(sw_plugin_api, get_extension, 56, 8);

HOLDS(sw_plugin_entry, 40);
AT(sw_plugin_entry, size, 0, 4);
AT(sw_plugin_entry, abi_major, 4, 2);
AT(sw_plugin_entry, abi_minor, 6, 2);
AT(sw_plugin_entry, name, 8, 8);
AT(sw_plugin_entry, version, 16, 8);
AT(sw_plugin_entry, sdk_build_id, 24, 8);
AT(sw_plugin_entry, plugin, 32, 8);

HOLDS(sw_lifecycle_api, 16);
AT(sw_lifecycle_api, size, 0, 4);
AT(sw_lifecycle_api, reserved, 4, 4);
AT(sw_lifecycle_api, complete, 8, 8);

HOLDS(sw_command_io, 40);
AT(sw_command_io, size, 0, 4);
AT(sw_command_io, reserved, 4, 4);
AT(sw_command_io, self, 8, 8);
AT(sw_command_io, write_out, 16, 8);
AT(sw_command_io, write_error, 24, 8);
AT(sw_command_io, read, 32, 8);

HOLDS(sw_command_api, 16);
AT(sw_command_api, size, 0, 4);
AT(sw_command_api, reserved, 4, 4);
AT(sw_command_api, run, 8, 8);

HOLDS(sw_request, 56);
AT(sw_request, size, 0, 4);
AT(sw_request, reserved, 4, 4);
AT(sw_request, service, 8, 16);
AT(sw_request, method, 24, 16);
AT(sw_request, body, 40, 8);
AT(sw_request, context, 48, 8);

HOLDS(sw_services_api, 64);
AT(sw_services_api, size, 0, 4);
AT(sw_services_api, reserved, 4, 4);
AT(sw_services_api, offer, 8, 8);
AT(sw_services_api, resolve, 16, 8);
AT(sw_services_api, call, 24, 8);
AT(sw_services_api, cancel, 32, 8);
AT(sw_services_api, defer, 40, 8);
AT(sw_services_api, respond, 48, 8);
AT(sw_services_api, is_cancelled, 56, 8);

HOLDS(sw_message, 48);
AT(sw_message, size, 0, 4);
AT(sw_message, reserved, 4, 4);
AT(sw_message, subject, 8, 16);
AT(sw_message, reply, 24, 16);
AT(sw_message, body, 40, 8);

HOLDS(sw_transport_api, 48);
AT(sw_transport_api, size, 0, 4);
AT(sw_transport_api, reserved, 4, 4);
AT(sw_transport_api, publish, 8, 8);
AT(sw_transport_api, request, 16, 8);
AT(sw_transport_api, subscribe, 24, 8);
AT(sw_transport_api, unsubscribe, 32, 8);
AT(sw_transport_api, watch, 40, 8);

HOLDS(sw_http_header, 32);
AT(sw_http_header, name, 0, 16);
AT(sw_http_header, value, 16, 16);

HOLDS(sw_http_request, 152);
AT(sw_http_request, size, 0, 4);
AT(sw_http_request, reserved, 4, 4);
AT(sw_http_request, method, 8, 16);
AT(sw_http_request, target, 24, 16);
AT(sw_http_request, path, 40, 16);
AT(sw_http_request, query, 56, 16);
AT(sw_http_request, parameters, 72, 8);
AT(sw_http_request, parameter_count, 80, 8);
AT(sw_http_request, headers, 88, 8);
AT(sw_http_request, header_count, 96, 8);
AT(sw_http_request, body, 104, 16);
AT(sw_http_request, peer, 120, 16);
AT(sw_http_request, context, 136, 8);
AT(sw_http_request, flags, 144, 4);
AT(sw_http_request, reserved_flags, 148, 4);

HOLDS(sw_http_response, 32);
AT(sw_http_response, size, 0, 4);
AT(sw_http_response, status, 4, 4);
AT(sw_http_response, headers, 8, 8);
AT(sw_http_response, header_count, 16, 8);
AT(sw_http_response, body, 24, 8);

HOLDS(sw_http_route, 104);
AT(sw_http_route, size, 0, 4);
AT(sw_http_route, access, 4, 4);
AT(sw_http_route, method, 8, 16);
AT(sw_http_route, path, 24, 16);
AT(sw_http_route, scope, 40, 16);
AT(sw_http_route, flags, 56, 4);
AT(sw_http_route, timeout_ms, 60, 4);
AT(sw_http_route, body_limit, 64, 8);
AT(sw_http_route, openapi, 72, 16);
AT(sw_http_route, handle, 88, 8);
AT(sw_http_route, ctx, 96, 8);

HOLDS(sw_ws_endpoint, 96);
AT(sw_ws_endpoint, size, 0, 4);
AT(sw_ws_endpoint, flags, 4, 4);
AT(sw_ws_endpoint, path, 8, 16);
AT(sw_ws_endpoint, protocols, 24, 16);
AT(sw_ws_endpoint, message_limit, 40, 8);
AT(sw_ws_endpoint, fragment_limit, 48, 4);
AT(sw_ws_endpoint, reserved, 52, 4);
AT(sw_ws_endpoint, on_open, 56, 8);
AT(sw_ws_endpoint, on_message, 64, 8);
AT(sw_ws_endpoint, on_close, 72, 8);
AT(sw_ws_endpoint, ctx, 80, 8);
AT(sw_ws_endpoint, on_written, 88, 8);

HOLDS(sw_http_table, 192);
AT(sw_http_table, size, 0, 4);
AT(sw_http_table, reserved, 4, 4);
AT(sw_http_table, mount, 8, 8);
AT(sw_http_table, mount_ws, 16, 8);
AT(sw_http_table, unmount, 24, 8);
AT(sw_http_table, respond, 32, 8);
AT(sw_http_table, ws_retain, 40, 8);
AT(sw_http_table, ws_release, 48, 8);
AT(sw_http_table, ws_send, 56, 8);
AT(sw_http_table, ws_close, 64, 8);
AT(sw_http_table, topic_open, 72, 8);
AT(sw_http_table, topic_close, 80, 8);
AT(sw_http_table, topic_join, 88, 8);
AT(sw_http_table, topic_leave, 96, 8);
AT(sw_http_table, topic_publish, 104, 8);
AT(sw_http_table, routes, 112, 8);
AT(sw_http_table, address, 120, 8);
AT(sw_http_table, ws_when_written, 128, 8);
AT(sw_http_table, ws_send_binary, 136, 8);
AT(sw_http_table, stream, 144, 8);
AT(sw_http_table, part, 152, 8);
AT(sw_http_table, read_body, 160, 8);
AT(sw_http_table, authenticate, 168, 8);
AT(sw_http_table, ws_watch, 176, 8);
AT(sw_http_table, ws_send_to_all, 184, 8);
IS(SW_ABI_MAJOR, 1);
IS(SW_OK, 0);
IS(SW_CANCELLED, 1);
IS(SW_UNKNOWN, 2);
IS(SW_INVALID_ARGUMENT, 3);
IS(SW_DEADLINE_EXCEEDED, 4);
IS(SW_NOT_FOUND, 5);
IS(SW_ALREADY_EXISTS, 6);
IS(SW_PERMISSION_DENIED, 7);
IS(SW_RESOURCE_EXHAUSTED, 8);
IS(SW_FAILED_PRECONDITION, 9);
IS(SW_ABORTED, 10);
IS(SW_OUT_OF_RANGE, 11);
IS(SW_UNIMPLEMENTED, 12);
IS(SW_INTERNAL, 13);
IS(SW_UNAVAILABLE, 14);
IS(SW_DATA_LOSS, 15);
IS(SW_UNAUTHENTICATED, 16);
IS(SW_PENDING, -1);
IS(SW_DELIVER_EACH, 0);
IS(SW_DELIVER_SHARED, 1);
IS(SW_START_NEW, 0);
IS(SW_START_ALL, 1);
IS(SW_DROP_OLDEST, 0);
IS(SW_DROP_NEWEST, 1);
IS(SW_KEEP_LATEST, 2);
IS(SW_LOG_TRACE, 0);
IS(SW_LOG_DEBUG, 1);
IS(SW_LOG_INFO, 2);
IS(SW_LOG_WARN, 3);
IS(SW_LOG_ERROR, 4);
IS(SW_HEALTH_OK, 0);
IS(SW_HEALTH_DEGRADED, 1);
IS(SW_HEALTH_DOWN, 2);
IS(SW_COUNTER, 0);
IS(SW_GAUGE, 1);
IS(SW_HISTOGRAM, 2);
IS(SW_STEP_START, 1);
IS(SW_STEP_DRAIN, 2);
IS(SW_STEP_STOP, 3);
IS(SW_TRANSPORT_MAX_MESSAGE, 1048576);
IS(SW_HTTP_SECURE, 1);
IS(SW_HTTP_OPEN, 0);
IS(SW_HTTP_VIEWER, 1);
IS(SW_HTTP_EDITOR, 2);
IS(SW_HTTP_ADMIN, 3);
IS(SW_HTTP_UNCOUNTED, 1);
IS(SW_HTTP_QUERY_TOKEN, 2);
IS(SW_HTTP_STREAMED_BODY, 4);
IS(SW_HTTP_BODY_MORE, 0);
IS(SW_HTTP_BODY_LAST, 1);
IS(SW_HTTP_BODY_LOST, 2);
IS(SW_WS_UNAUTHENTICATED, 1);

/* Names: a redefinition with another text is an error. */
#define SW_BUS "streamwall.bus/1"
#define SW_JOURNAL "streamwall.journal/1"
#define SW_BUFFER "streamwall.buffer/1"
#define SW_LOG "streamwall.log/1"
#define SW_CLOCK "streamwall.clock/1"
#define SW_EXECUTOR "streamwall.executor/1"
#define SW_HEALTH "streamwall.health/1"
#define SW_METRICS "streamwall.metrics/1"
#define SW_INTROSPECT "streamwall.introspect/1"
#define SW_INTERFACES "streamwall.interfaces/1"
#define SW_PLUGIN_ENTRY "streamwall_plugin_entry_v1"
#define SW_MANIFEST_SECTION ".streamwall.manifest"
#define SW_LIFECYCLE "streamwall.lifecycle/1"
#define SW_COMMAND "streamwall.command/1"
#define SW_SERVICES "streamwall.services/1"
#define SW_TRANSPORT "streamwall.transport/1"
#define SW_HTTP "streamwall.http/1"
