#include "table.hpp"

#include "exchange.hpp"
#include "text.hpp"
#include "ws_session.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>

namespace streamwall::http_server {
namespace {

constexpr std::uint32_t kDefaultTimeoutMs = 5'000;
constexpr std::size_t kDefaultMessage = 65'536;
constexpr std::uint32_t kDefaultFragments = 1'024;

Server& server(void* self) {
    return *static_cast<Server*>(self);
}
WsSession& session(sw_ws_connection* connection) {
    return *static_cast<WsSession*>(connection);
}

sw_status fail(sw_error* error, sw_status code, std::string_view message, std::string_view where) {
    if (error == nullptr) return code;
    error->code = code;
    const auto copy = [](std::string_view text, char* to, std::size_t capacity) {
        const auto length = std::min(text.size(), capacity - 1);
        std::memcpy(to, text.data(), length);
        to[length] = '\0';
    };
    copy(message, error->message, sizeof error->message);
    copy(where, error->where, sizeof error->where);
    return code;
}

sw_status finish_mount(const std::expected<void, std::string>& mounted, sw_error* error,
                       sw_str path) {
    if (mounted) return SW_OK;
    const bool taken = mounted.error().find("taken") != std::string::npos;
    return fail(error, taken ? SW_ALREADY_EXISTS : SW_INVALID_ARGUMENT, mounted.error(),
                to_view(path));
}

sw_status mount(void* self, sw_lease* lease, const sw_http_route* raw, sw_error* error) noexcept {
    if (raw->handle == nullptr || raw->access < SW_HTTP_OPEN || raw->access > SW_HTTP_ADMIN) {
        return fail(error, SW_INVALID_ARGUMENT,
                    "the route lacks a handler or its access is unknown", to_view(raw->path));
    }
    auto route = std::make_shared<Route>();
    route->lease = lease;
    route->access = raw->access;
    route->method = to_view(raw->method);
    route->path = to_view(raw->path);
    route->scope = to_view(raw->scope);
    route->openapi = to_view(raw->openapi);
    route->flags = raw->flags;
    route->timeout_ms = raw->timeout_ms == 0 ? kDefaultTimeoutMs : raw->timeout_ms;
    route->body_limit = raw->body_limit == 0 ? server(self).options().body_limit : raw->body_limit;
    route->handle = raw->handle;
    route->ctx = raw->ctx;
    return finish_mount(server(self).mount(RoutePtr(std::move(route))), error, raw->path);
}

sw_status mount_ws(void* self, sw_lease* lease, const sw_ws_endpoint* raw,
                   sw_error* error) noexcept {
    if (raw->on_open == nullptr || raw->on_message == nullptr || raw->on_close == nullptr) {
        return fail(error, SW_INVALID_ARGUMENT, "the endpoint lacks a callback",
                    to_view(raw->path));
    }
    auto endpoint = std::make_shared<Endpoint>();
    endpoint->lease = lease;
    endpoint->flags = raw->flags;
    endpoint->path = to_view(raw->path);
    auto rest = to_view(raw->protocols);
    for (std::string_view member; next_in_list(rest, member);)
        endpoint->protocols.emplace_back(member);
    endpoint->message_limit = raw->message_limit == 0 ? kDefaultMessage : raw->message_limit;
    endpoint->fragment_limit = raw->fragment_limit == 0 ? kDefaultFragments : raw->fragment_limit;
    endpoint->on_open = raw->on_open;
    endpoint->on_message = raw->on_message;
    endpoint->on_close = raw->on_close;
    endpoint->ctx = raw->ctx;
    if (raw->size > offsetof(sw_ws_endpoint, on_written)) endpoint->on_written = raw->on_written;
    return finish_mount(server(self).mount(EndpointPtr(std::move(endpoint))), error, raw->path);
}

void unmount(void* self, sw_lease* lease, void (*done)(void*), void* arg) noexcept {
    server(self).unmount(lease, [done, arg] { done(arg); });
}

void respond_thunk(sw_http_exchange* exchange, const sw_http_response* response) noexcept {
    respond(exchange, response);
}

void stream_thunk(sw_http_exchange* exchange, const sw_http_response* head,
                  void (*more)(void*, sw_http_exchange*), void* arg) noexcept {
    stream(exchange, head, more, arg);
}

void part_thunk(sw_http_exchange* exchange, const sw_buffer* bytes, int32_t is_last) noexcept {
    part(exchange, bytes, is_last != 0);
}

void read_body_thunk(sw_http_exchange* exchange, GotPiece got, void* arg) noexcept {
    read_body(exchange, got, arg);
}

void ws_retain(sw_ws_connection* connection) noexcept {
    intrusive_ptr_add_ref(&session(connection));
}
void ws_release(sw_ws_connection* connection) noexcept {
    intrusive_ptr_release(&session(connection));
}

void push(sw_ws_connection* connection, FramePtr frame) {
    auto& target = session(connection);
    target.worker().fan_out.push({nullptr, SessionPtr(&target), std::move(frame)});
}

void ws_send(sw_ws_connection* connection, const sw_buffer* payload) noexcept {
    push(connection, Frame::make(Opcode::kText, {payload->data, payload->length}));
}

void ws_send_to_all(sw_ws_connection* const* connections, size_t count,
                    const sw_buffer* payload) noexcept {
    if (count == 0) return;
    send_to_all({connections, count}, {payload->data, payload->length});
}

void ws_send_binary(sw_ws_connection* connection, const sw_buffer* payload) noexcept {
    push(connection, Frame::make(Opcode::kBinary, {payload->data, payload->length}));
}

void ws_close(sw_ws_connection* connection, int32_t code, sw_str reason) noexcept {
    push(connection, Frame::close(static_cast<std::uint16_t>(code), to_view(reason)));
}

void ws_watch(sw_ws_connection* connection, uint32_t silence_ms) noexcept {
    session(connection).watch(std::chrono::milliseconds(silence_ms));
}

void ws_when_written(sw_ws_connection* connection) noexcept {
    // Through the inbox, behind everything that was sent before.
    push(connection, nullptr);
}

sw_ws_topic* topic_open(void* self, sw_lease* lease) noexcept {
    return server(self).open_topic(lease);
}

// A topic belongs to its server's list until it is closed, by this or with its lease.
void topic_close(sw_ws_topic* topic) noexcept {
    auto& closing = *static_cast<Topic*>(topic);
    closing.server().close_topic(closing);
}

void topic_join(sw_ws_topic* topic, sw_ws_connection* connection) noexcept {
    static_cast<Topic*>(topic)->join(session(connection));
}

void topic_leave(sw_ws_topic* topic, sw_ws_connection* connection) noexcept {
    static_cast<Topic*>(topic)->leave(session(connection));
}

void topic_publish(sw_ws_topic* topic, const sw_buffer* payload, sw_str merge_key) noexcept {
    static_cast<Topic*>(topic)->publish({payload->data, payload->length}, to_view(merge_key));
}

sw_buffer* routes(void* self) noexcept {
    const auto text = server(self).routes_json();
    char* writable = nullptr;
    auto* buffer = server(self).host().buffers->create(text.size(), &writable);
    std::memcpy(writable, text.data(), text.size());
    return buffer;
}

sw_str address(void* self) noexcept {
    return to_sw(server(self).address());
}

using ToldWho = void (*)(void* arg, sw_status verdict, const sw_context* who);

void tell(const Verdict& verdict, ToldWho done, void* arg) {
    if (!verdict.is_valid()) {
        const bool is_refused = verdict.state == Verdict::State::kRefused;
        return done(arg, is_refused ? SW_UNAUTHENTICATED : SW_UNAVAILABLE, nullptr);
    }
    const auto who = verdict.principal.context();
    done(arg, SW_OK, &who);
}

void authenticate(void* self, sw_str token, ToldWho done, void* arg) noexcept {
    auto& authenticator = server(self).authenticator();
    const auto known = authenticator.authenticate(to_view(token));
    if (known.state != Verdict::State::kUnknown) return tell(known, done, arg);
    authenticator.verify(to_view(token),
                         [done, arg](const Verdict& verdict) { tell(verdict, done, arg); });
}

constexpr sw_http_table kTable = {
    .size = sizeof(sw_http_table),
    .reserved = 0,
    .mount = mount,
    .mount_ws = mount_ws,
    .unmount = unmount,
    .respond = respond_thunk,
    .ws_retain = ws_retain,
    .ws_release = ws_release,
    .ws_send = ws_send,
    .ws_close = ws_close,
    .topic_open = topic_open,
    .topic_close = topic_close,
    .topic_join = topic_join,
    .topic_leave = topic_leave,
    .topic_publish = topic_publish,
    .routes = routes,
    .address = address,
    .ws_when_written = ws_when_written,
    .ws_send_binary = ws_send_binary,
    .stream = stream_thunk,
    .part = part_thunk,
    .read_body = read_body_thunk,
    .authenticate = authenticate,
    .ws_watch = ws_watch,
    .ws_send_to_all = ws_send_to_all,
};

}  // namespace

const sw_http_table* http_table() {
    return &kTable;
}

}  // namespace streamwall::http_server
