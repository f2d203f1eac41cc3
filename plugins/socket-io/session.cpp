#include "session.hpp"

#include <utility>

namespace streamwall::socket_io {

namespace {

constexpr std::string_view kText = "text/plain; charset=UTF-8";

Buffer packet_of(PacketType type, std::string_view data = {}) {
    return Buffer(std::string(1, static_cast<char>(type)).append(data));
}

Buffer join(const std::vector<Buffer>& packets) {
    if (packets.size() == 1) return packets.front();
    std::string out;
    for (const auto& packet : packets) {
        if (!out.empty()) out += kSeparator;
        out += packet.view();
    }
    return Buffer(out);
}

}  // namespace

void answer(http::Exchange& exchange, const Buffer& body) {
    http::Response response(200, body);
    exchange.send(response.header("content-type", kText).header("cache-control", "no-store"));
}

void refuse(http::Exchange& exchange, Refusal refusal, std::string_view reason, int status) {
    http::Response response(status, Buffer(render_refusal(refusal, reason)));
    exchange.send(
        response.header("content-type", "application/json").header("cache-control", "no-store"));
}

Session::Session(std::string id, const SessionOptions& options, Time now,
                 std::function<void(std::string_view reason)> on_end)
    : id_(std::move(id)),
      options_(options),
      on_end_(std::move(on_end)),
      next_ping_(now + options.timing.ping_interval) {}

void Session::send(const Buffer& packet) {
    const std::lock_guard lock(mutex_);
    if (is_over_) return;
    if (socket_) return (*socket_)->send(packet);
    if (queued_bytes_ + packet.view().size() > options_.queue_limit) {
        queue_.clear();
        return finish("more waited for it than may be held", kPolicyViolation);
    }
    queue_.push_back(packet);
    queued_bytes_ += packet.view().size();
    flush();
}

void Session::flush() {
    if (!poll_ || queue_.empty()) return;
    auto exchange = std::move(*poll_);
    poll_.reset();
    answer(exchange, join(queue_));
    queue_.clear();
    queue_.shrink_to_fit();
    queued_bytes_ = 0;
}

void Session::end(std::string_view reason, int code) {
    const std::lock_guard lock(mutex_);
    if (!is_over_) finish(reason, code);
}

void Session::finish(std::string_view reason, int code) {
    is_over_ = true;
    if (poll_) {
        queue_.push_back(packet_of(PacketType::kClose));
        flush();
    }
    queue_ = {};
    queued_bytes_ = 0;
    for (auto* socket : {&socket_, &offered_}) {
        if (*socket) (**socket)->close(code, reason);
        socket->reset();
    }
    on_end_(reason);
}

bool Session::is_over() const {
    const std::lock_guard lock(mutex_);
    return is_over_;
}

bool Session::is_polling() const {
    const std::lock_guard lock(mutex_);
    return !is_over_ && !socket_;
}

void Session::attach(http::WsConnection connection) {
    const std::lock_guard lock(mutex_);
    socket_.emplace(connection);
}

void Session::poll(http::Exchange exchange) {
    const std::lock_guard lock(mutex_);
    if (is_over_) return refuse(exchange, Refusal::kUnknownSession);
    if (socket_) return refuse(exchange, Refusal::kBadRequest);
    if (poll_) {
        refuse(exchange, Refusal::kBadRequest, "another request waits for packets");
        return finish("two requests for packets at a time", kPolicyViolation);
    }
    poll_.emplace(std::move(exchange));
    // Who changes to WebSocket is waited for: it wants an end of polling.
    if (is_probed_ && queue_.empty()) queue_.push_back(packet_of(PacketType::kNoop));
    flush();
}

bool Session::offer(http::WsConnection connection, Time now) {
    const std::lock_guard lock(mutex_);
    if (is_over_ || socket_ || offered_) return false;
    offered_.emplace(connection);
    is_probed_ = false;
    offer_ends_ = now + options_.upgrade_timeout;
    return true;
}

bool Session::is_offered(http::WsConnection connection) const {
    return offered_ && (*offered_)->raw() == connection.raw();
}

bool Session::probe(http::WsConnection connection) {
    const std::lock_guard lock(mutex_);
    if (!is_offered(connection)) return false;
    is_probed_ = true;
    (*offered_)->send(packet_of(PacketType::kPong, "probe"));
    if (poll_ && queue_.empty()) queue_.push_back(packet_of(PacketType::kNoop));
    flush();
    return true;
}

bool Session::upgrade(http::WsConnection connection) {
    const std::lock_guard lock(mutex_);
    if (!is_offered(connection) || !is_probed_) return false;
    is_probed_ = false;
    socket_ = std::exchange(offered_, std::nullopt);
    for (const auto& packet : std::exchange(queue_, {}))
        (*socket_)->send(packet);
    queued_bytes_ = 0;
    if (!poll_) return true;
    queue_.push_back(packet_of(PacketType::kNoop));
    flush();
    return true;
}

void Session::lose(http::WsConnection connection) {
    const std::lock_guard lock(mutex_);
    if (is_offered(connection)) {
        offered_.reset();
        is_probed_ = false;
    }
    if (!socket_ || (*socket_)->raw() != connection.raw()) return;
    finish("its connection has closed", kNormalClosure);
}

void Session::pong(Time now) {
    const std::lock_guard lock(mutex_);
    if (!std::exchange(pong_due_, std::nullopt)) return;
    next_ping_ = now + options_.timing.ping_interval;
}

void Session::tick(Time now) {
    bool is_due = false;
    {
        const std::lock_guard lock(mutex_);
        if (is_over_) return;
        if (offered_ && now >= offer_ends_) {
            (*offered_)->close(kPolicyViolation, "it did not change to this in time");
            offered_.reset();
            is_probed_ = false;
        }
        if (pong_due_ && now >= *pong_due_) {
            return finish("it did not answer a ping", kPolicyViolation);
        }
        is_due = !pong_due_ && now >= next_ping_;
        if (is_due) pong_due_ = now + options_.timing.ping_timeout;
    }
    if (is_due) send(packet_of(PacketType::kPing));
}

}  // namespace streamwall::socket_io
