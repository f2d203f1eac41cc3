// Session: one client of Engine.IO, over the transport that it uses now.
//
// With polling, packets wait until the client asks for them; with WebSocket they go at once. A
// client that polls may offer a WebSocket beside that: it is probed, and takes over when the client
// says so. Packets keep their order across the change.
#pragma once

#include "engine_codec.hpp"

#include <streamwall/sdk/websocket.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace streamwall::socket_io {

using Time = std::chrono::steady_clock::time_point;

struct SessionOptions {
    Timing timing = {};
    std::chrono::milliseconds upgrade_timeout{10'000};
    std::size_t queue_limit = 1024 * 1024;  // bytes that wait for a client that polls
};

// How WebSockets are closed (RFC 6455 7.4.1).
inline constexpr int kNormalClosure = 1000;
inline constexpr int kGoingAway = 1001;
inline constexpr int kProtocolError = 1002;
inline constexpr int kPolicyViolation = 1008;
inline constexpr int kTryAgainLater = 1013;

// Answers a request of polling: packets, or a refusal.
void answer(http::Exchange& exchange, const Buffer& body);
void refuse(http::Exchange& exchange, Refusal refusal, std::string_view reason = {},
            int status = 400);

// Any thread, also under locks of the caller's.
class Session {
  public:
    // `on_end` runs once, with the reason, under the session's lock: it calls nothing of it.
    Session(std::string id, const SessionOptions& options, Time now,
            std::function<void(std::string_view reason)> on_end);
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    const std::string& id() const { return id_; }

    // A packet for the client.
    void send(const Buffer& packet);
    // Ends it. Who waits for packets still gets those that are there. Idempotent.
    void end(std::string_view reason, int code = kNormalClosure);
    bool is_over() const;
    bool is_polling() const;

    // ---- What the client does.
    // It began with a WebSocket.
    void attach(http::WsConnection connection);
    // It asks for packets, one request at a time.
    void poll(http::Exchange exchange);
    // It offers a WebSocket to change to; false where it may not now.
    bool offer(http::WsConnection connection, Time now);
    // It tries whether that works, and then changes to it; false where it may not.
    bool probe(http::WsConnection connection);
    bool upgrade(http::WsConnection connection);
    // One of its WebSockets has closed.
    void lose(http::WsConnection connection);
    void pong(Time now);

    // Some times in each ping interval.
    void tick(Time now);

  private:
    bool is_offered(http::WsConnection connection) const;
    void flush();
    void finish(std::string_view reason, int code);

    const std::string id_;
    const SessionOptions options_;
    const std::function<void(std::string_view)> on_end_;

    mutable std::mutex mutex_;
    bool is_over_ = false;
    std::vector<Buffer> queue_;
    std::size_t queued_bytes_ = 0;
    std::optional<http::Exchange> poll_;           // waits for packets
    std::optional<http::WsConnectionRef> socket_;  // none while it polls
    std::optional<http::WsConnectionRef> offered_;
    bool is_probed_ = false;
    Time offer_ends_;
    Time next_ping_;
    std::optional<Time> pong_due_;  // none while no ping is unanswered
};

}  // namespace streamwall::socket_io
