// WebSocket endpoints and topics on the listener of the same process; see http.hpp for Listener.
//
//   struct Echo {
//       using User = void;
//       const sw_http_table* table() const;
//       User* on_open(http::WsConnection, const http::Request&, std::string_view protocol);
//       void on_message(http::WsConnection, User*, std::string_view payload, bool is_text);
//       void on_close(http::WsConnection, User*, int code);
//       void on_written(http::WsConnection, User*);  // may be left out
//   };
//   listener.watch(refused, [this](bool there) {
//       if (!there) return;
//       http::mount_websocket(listener.table(), listener.self(), listener.lease(),
//                             {.path = "/echo"}, echo_);
//   });
//
// Handlers run on the connections' loops: one at a time for one connection, several connections at
// a time. An exception that leaves on_open or on_message closes its connection with 1011.
#pragma once

#include <streamwall/sdk/http.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace streamwall::http {

// A connection that the endpoint is being called for; valid until its on_close returns. Cheap to
// copy.
class WsConnection {
  public:
    WsConnection() = default;
    WsConnection(const sw_http_table* table, sw_ws_connection* raw) : table_(table), raw_(raw) {}
    // Queues one message. [any]
    void send(const Buffer& payload) const { table_->ws_send(raw_, payload.get()); }
    void send_binary(const Buffer& payload) const { table_->ws_send_binary(raw_, payload.get()); }
    // Closes after what is queued; `reason` at most 123 bytes. [any]
    void close(int code, std::string_view reason = {}) const {
        table_->ws_close(raw_, code, to_str(reason));
    }
    // Asks for the endpoint's on_written: once everything sent before has gone to the socket. [any]
    void ask_when_written() const { table_->ws_when_written(raw_); }
    // Closes it where its client can't be heard, so that on_close comes at most `silence` after the
    // client was cut off: who says nothing is asked by pings. At least 3 s; zero: no longer. A
    // listener that can't leaves it open. [the connection's loop]
    void watch(std::chrono::milliseconds silence) const {
        if (table_->size <= offsetof(sw_http_table, ws_watch)) return;
        table_->ws_watch(raw_, static_cast<std::uint32_t>(silence.count()));
    }
    const sw_http_table* table() const { return table_; }
    sw_ws_connection* raw() const { return raw_; }

  private:
    const sw_http_table* table_ = nullptr;
    sw_ws_connection* raw_ = nullptr;
};

// A reference that stays valid beyond on_close, where its calls do nothing. [any]
class WsConnectionRef {
  public:
    explicit WsConnectionRef(WsConnection connection) : connection_(connection) {
        connection_.table()->ws_retain(connection_.raw());
    }
    WsConnectionRef(const WsConnectionRef& other) : WsConnectionRef(other.connection_) {}
    WsConnectionRef(WsConnectionRef&& other) noexcept
        : connection_(std::exchange(other.connection_, {})) {}
    WsConnectionRef& operator=(WsConnectionRef other) noexcept {
        std::swap(connection_, other.connection_);
        return *this;
    }
    ~WsConnectionRef() {
        if (connection_.raw()) connection_.table()->ws_release(connection_.raw());
    }
    const WsConnection* operator->() const { return &connection_; }

  private:
    WsConnection connection_;
};

// Queues one message for each of them, all of one listener; made once for all. [any]
inline void send_to_all(const sw_http_table* table, std::span<sw_ws_connection* const> connections,
                        const Buffer& payload) {
    if (table->size > offsetof(sw_http_table, ws_send_to_all)) {
        return table->ws_send_to_all(connections.data(), connections.size(), payload.get());
    }
    for (auto* connection : connections)
        table->ws_send(connection, payload.get());
}

// A set of connections that get what is published. Closed with its object, while the lease is held.
class WsTopic {
  public:
    WsTopic(const sw_http_table* table, void* self, sw_lease* lease)
        : table_(table), raw_(table->topic_open(self, lease)) {}
    WsTopic(const WsTopic&) = delete;
    WsTopic& operator=(const WsTopic&) = delete;
    ~WsTopic() { table_->topic_close(raw_); }

    // A member gets everything published after join() has returned. A connection's memberships end
    // with it. [the connection's loop]
    void join(WsConnection connection) const { table_->topic_join(raw_, connection.raw()); }
    void leave(WsConnection connection) const { table_->topic_leave(raw_, connection.raw()); }
    // For readers that are behind, a newer message with the same key takes the place of an older
    // one. [any]
    void publish(const Buffer& payload, std::string_view merge_key = {}) const {
        table_->topic_publish(raw_, payload.get(), to_str(merge_key));
    }

  private:
    const sw_http_table* table_;
    sw_ws_topic* raw_;
};

// Texts are borrowed during the call.
struct WsEndpoint {
    std::string_view path;
    std::string_view protocols = {};  // comma list, best first
    std::uint32_t flags = 0;          // SW_WS_UNAUTHENTICATED
    std::size_t message_limit = 0;
    std::uint32_t fragment_limit = 0;
};

namespace detail {
template <class Handler>
concept HearsWritten =
    requires(Handler& handler, WsConnection connection, typename Handler::User* user) {
        handler.on_written(connection, user);
    };

template <class Handler>
struct WsThunks {
    using User = typename Handler::User;

    static Handler& handler(void* ctx) { return *static_cast<Handler*>(ctx); }
    static WsConnection wrap(void* ctx, sw_ws_connection* raw) {
        return {handler(ctx).table(), raw};
    }
    static void* on_open(void* ctx, sw_ws_connection* raw, const sw_http_request* request,
                         sw_str protocol) noexcept {
        const auto connection = wrap(ctx, raw);
        try {
            return handler(ctx).on_open(connection, Request(request), to_view(protocol));
        } catch (...) {
            connection.close(1011, "internal error");
            return nullptr;
        }
    }
    static void on_message(void* ctx, sw_ws_connection* raw, void* user, sw_str payload,
                           std::int32_t is_text) noexcept {
        const auto connection = wrap(ctx, raw);
        try {
            handler(ctx).on_message(connection, static_cast<User*>(user), to_view(payload),
                                    is_text != 0);
        } catch (...) {
            connection.close(1011, "internal error");
        }
    }
    static void on_close(void* ctx, sw_ws_connection* raw, void* user, std::int32_t code) noexcept {
        handler(ctx).on_close(wrap(ctx, raw), static_cast<User*>(user), code);
    }
    static void on_written(void* ctx, sw_ws_connection* raw, void* user) noexcept
        requires HearsWritten<Handler>
    {
        const auto connection = wrap(ctx, raw);
        try {
            handler(ctx).on_written(connection, static_cast<User*>(user));
        } catch (...) {
            connection.close(1011, "internal error");
        }
    }
};
}  // namespace detail

// Mounts an endpoint under the lease, with which it goes again. `handler` has the members shown
// above and `table()`, the table given here; it lives until its last on_close. Its on_close does
// not throw. [strand | lease held]
template <class Handler>
Result<> mount_websocket(const sw_http_table* table, void* self, sw_lease* lease,
                         const WsEndpoint& endpoint, Handler& handler) {
    using Thunks = detail::WsThunks<Handler>;
    sw_ws_endpoint raw{};
    raw.size = sizeof raw;
    raw.flags = endpoint.flags;
    raw.path = to_str(endpoint.path);
    raw.protocols = to_str(endpoint.protocols);
    raw.message_limit = endpoint.message_limit;
    raw.fragment_limit = endpoint.fragment_limit;
    raw.on_open = &Thunks::on_open;
    raw.on_message = &Thunks::on_message;
    raw.on_close = &Thunks::on_close;
    raw.ctx = &handler;
    if constexpr (detail::HearsWritten<Handler>) {
        if (table->size <= offsetof(sw_http_table, ws_when_written)) {
            return Error{SW_UNIMPLEMENTED, "the listener can't say what it has written", {}, {}};
        }
        raw.on_written = &Thunks::on_written;
    }
    ErrorSlot slot;
    const auto status = table->mount_ws(self, lease, &raw, slot.get());
    if (status != SW_OK) return slot.take(status);
    return ok();
}

}  // namespace streamwall::http
