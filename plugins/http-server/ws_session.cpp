#include "ws_session.hpp"

#include "worker.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace streamwall::http_server {
namespace {

constexpr std::size_t kMaxVectors = 64;
constexpr std::uint32_t kMaxPongs = 16;      // waiting at a time; further pings share the last
constexpr int kUnsentInKernel = 128 * 1024;  // so that a slow reader's queue stays where it merges
constexpr std::string_view kSlowReader = "slow reader: too many messages were waiting";
constexpr int kDeadPeerMs = 30'000;  // unacknowledged bytes for so long: the peer is gone

}  // namespace

WsSession::WsSession(Worker& worker, Socket socket, EndpointPtr endpoint, const PrincipalId& who,
                     const Opener* opener, std::optional<DeflateTerms> deflate)
    : worker_(worker),
      socket_(std::move(socket)),
      endpoint_(std::move(endpoint)),
      who_(who),
      opener_(opener),
      reader_(endpoint_->message_limit, endpoint_->fragment_limit, deflate.has_value()),
      deflate_bits_(deflate ? deflate->window_bits : 0) {
    // Hints to the kernel; a socket that refuses them works without.
    ::setsockopt(socket_.descriptor(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &kUnsentInKernel,
                 sizeof kUnsentInKernel);
    ::setsockopt(socket_.descriptor(), IPPROTO_TCP, TCP_USER_TIMEOUT, &kDeadPeerMs,
                 sizeof kDeadPeerMs);
}

WsSession::~WsSession() {
    for (std::size_t i = first_; i < queue_.size(); ++i) {
        if (queue_[i] != nullptr) queue_[i]->release();
    }
}

void WsSession::open(std::string_view answer, const sw_http_request& request,
                     std::string_view protocol, char* early, std::size_t early_length) {
    ++worker_.traffic.websockets;
    enqueue(Frame::raw(answer));
    user_ = endpoint_->on_open(endpoint_->ctx, this, &request, to_sw(protocol));
    if (worker_.draining) on_drain();
    if (phase_ == Phase::kOpen) rearm();
    if (early_length > 0) read(early, early_length);
    flush();
}

void WsSession::on_readable() {
    waiting_read_ = false;
    if (!socket_.is_open()) return;
    auto& buffer = worker_.read_buffer;
    const auto count = socket_.receive(buffer);
    if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) return finish();
    if (count > 0) read(buffer.data(), static_cast<std::size_t>(count));
    if (count > 0 && silence_ > Duration::zero()) hear();
    flush();
}

void WsSession::read(char* data, std::size_t length) {
    // Behind a close frame, or after an error, bytes are only taken off the socket.
    if (peer_closed_ || phase_ == Phase::kLingering || phase_ == Phase::kClosed) return;
    const auto error =
        reader_.feed(data, length, *this, takes_deflated() ? &worker_.inflater() : nullptr);
    if (!error) return;
    peer_closed_ = true;
    if (phase_ == Phase::kOpen) begin_close(Frame::close(error->code, error->reason), error->code);
}

bool WsSession::on_message(std::string_view payload, bool is_text) {
    if (is_flood()) return true;  // its close frame is still of interest
    if (phase_ == Phase::kOpen && endpoint_) {
        endpoint_->on_message(endpoint_->ctx, this, user_, to_sw(payload), is_text ? 1 : 0);
    }
    return phase_ != Phase::kClosed;
}

bool WsSession::on_ping(std::string_view payload) {
    if (phase_ != Phase::kOpen) return true;
    if (is_flood()) return true;  // its close frame is still of interest
    // RFC 6455 5.5.3 lets us answer only the latest of several pings: a flood costs no memory.
    auto pong = Frame::make(Opcode::kPong, payload);
    if (pongs_ >= kMaxPongs) {
        for (std::size_t i = queue_.size(); i-- > first_ + (front_sent_ > 0 ? 1u : 0u);) {
            Frame*& queued = queue_[i];
            if (queued == nullptr || !queued->is_pong()) continue;
            account(static_cast<std::ptrdiff_t>(pong->bytes().size()) -
                    static_cast<std::ptrdiff_t>(queued->bytes().size()));
            queued->release();
            queued = pong.detach();
            return true;
        }
    }
    enqueue(pong);
    return true;
}

// The answer to a ping of ours is no message of the client's.
bool WsSession::on_pong() {
    if (gone_at_ != Time::max())
        hear();
    else
        is_flood();
    return true;
}

bool WsSession::on_close_frame(std::uint16_t code) {
    peer_closed_ = true;
    if (phase_ == Phase::kOpen) begin_close(Frame::close(code, {}), code);
    return false;
}

void WsSession::enqueue(const FramePtr& frame) {
    frame->add_references(1);
    enqueue_adopted(frame.get());
}

void WsSession::enqueue_adopted(Frame* frame) {
    if (phase_ != Phase::kOpen) return frame->release();
    if (frame->is_close()) {
        const auto bytes = frame->bytes();
        const auto code = bytes.size() < 4 ? 1005
                                           : (static_cast<std::uint8_t>(bytes[2]) << 8) |
                                                 static_cast<std::uint8_t>(bytes[3]);
        return begin_close(FramePtr(frame, false), static_cast<std::uint16_t>(code));
    }
    // A reader that is a moment behind still gets everything; only one that stays behind is spared
    // what newer messages replace.
    if (blocked_ && queued_bytes_ > worker_.services.options.websocket_queue_limit / 4) {
        drop_replaced(*frame);
    }
    push(frame);
    if (!holds_too_much()) return;
    // A burst for a reader that keeps up may be larger than the limit: only what stays counts.
    if (!blocked_ && write_queue() && !holds_too_much()) return;
    cut(*holds_too_much(), kSlowReader);
}

void WsSession::account(std::ptrdiff_t bytes) {
    queued_bytes_ += static_cast<std::size_t>(bytes);
    worker_.traffic.queued_bytes += bytes;
}

void WsSession::tell_when_written() {
    if (phase_ != Phase::kOpen) return;
    wants_written_ = true;
    if (!blocked_) worker_.fan_out.mark_dirty(*this);
}

void WsSession::push(Frame* frame) {
    queue_.push_back(frame);
    account(static_cast<std::ptrdiff_t>(frame->bytes().size()));
    pongs_ += frame->is_pong() ? 1 : 0;
    if (!blocked_) worker_.fan_out.mark_dirty(*this);
}

void WsSession::drop_replaced(const Frame& newer) {
    for (std::size_t i = first_ + (front_sent_ > 0 ? 1 : 0); i < queue_.size(); ++i) {
        Frame*& queued = queue_[i];
        if (queued == nullptr || !newer.replaces(*queued)) continue;
        account(-static_cast<std::ptrdiff_t>(queued->bytes().size()));
        queued->release();
        queued = nullptr;
        ++worker_.traffic.merged;
    }
    // Holes of replaced frames must not outgrow the frames.
    if (queue_.size() > 4096 && queue_.size() == queue_.capacity()) {
        queue_.erase(queue_.begin(), queue_.begin() + first_);
        first_ = 0;
        const auto keep = front_sent_ > 0 ? 1 : 0;
        queue_.erase(std::remove(queue_.begin() + keep, queue_.end(), nullptr), queue_.end());
    }
}

void WsSession::drop_unsent() {
    const std::size_t keep = first_ + (front_sent_ > 0 ? 1u : 0u);
    for (std::size_t i = keep; i < queue_.size(); ++i) {
        if (queue_[i] == nullptr) continue;
        account(-static_cast<std::ptrdiff_t>(queue_[i]->bytes().size()));
        queue_[i]->release();
    }
    queue_.resize(std::min(keep, queue_.size()));
}

void WsSession::begin_close(const FramePtr& frame, std::uint16_t code) {
    phase_ = Phase::kClosing;
    close_code_ = code;
    close_queued_ = true;
    frame->add_references(1);
    push(frame.get());
    auto until = Clock::now() + worker_.services.options.close_timeout;
    if (silence_ > Duration::zero()) until = std::min(until, heard_at_ + silence_);
    worker_.loop.arm(*this, until);
}

void WsSession::flush() {
    if (phase_ == Phase::kClosed) return;
    if (!blocked_ && !failed_) write_queue();
    after_flush();
}

// False where writing failed. Never calls back: it may run while a topic's members are walked.
bool WsSession::write_queue() {
    while (first_ < queue_.size()) {
        std::array<iovec, kMaxVectors> vectors;
        std::size_t count = 0;
        std::size_t skip = front_sent_;
        for (std::size_t i = first_; i < queue_.size() && count < kMaxVectors; ++i) {
            if (queue_[i] == nullptr) continue;
            const auto bytes = queue_[i]->bytes().substr(skip);
            skip = 0;
            vectors[count++] = {const_cast<char*>(bytes.data()), bytes.size()};
        }
        const ssize_t sent = count == 0 ? 0 : socket_.send({vectors.data(), count});
        if (sent < 0) {
            if (errno == EINTR) continue;
            return may_wait();
        }
        ++worker_.traffic.writes;
        written(static_cast<std::size_t>(sent));
    }
    queue_.clear();
    first_ = 0;
    if (queue_.capacity() > 16) std::vector<Frame*>().swap(queue_);
    return socket_.flush() || may_wait();
}

// After a write that was refused: whether it can go on later.
bool WsSession::may_wait() {
    failed_ = errno != EAGAIN && errno != EWOULDBLOCK;
    if (failed_ || blocked_) return !failed_;
    blocked_ = true;
    socket_.wait_writable(this);
    if (phase_ == Phase::kOpen) watch_reader();
    return true;
}

bool WsSession::write_through(Frame& frame) {
    if (phase_ != Phase::kOpen || blocked_ || failed_ || first_ < queue_.size()) return false;
    if (frame.is_close() || socket_.is_secured()) return false;
    const auto bytes = frame.bytes();
    const iovec vector{const_cast<char*>(bytes.data()), bytes.size()};
    const auto sent = socket_.send({&vector, 1});
    if (sent <= 0) return false;  // the queue finds out why
    ++worker_.traffic.writes;
    if (static_cast<std::size_t>(sent) == bytes.size()) {
        ++worker_.traffic.frames;
        return true;
    }
    frame.add_references(1);
    push(&frame);
    written(static_cast<std::size_t>(sent));
    return true;
}

void WsSession::written(std::size_t count) {
    account(-static_cast<std::ptrdiff_t>(count));
    count += front_sent_;
    front_sent_ = 0;
    while (first_ < queue_.size()) {
        Frame* frame = queue_[first_];
        const auto size = frame == nullptr ? 0 : frame->bytes().size();
        if (size > count) break;
        count -= size;
        ++first_;
        if (frame == nullptr) continue;
        pongs_ -= frame->is_pong() ? 1 : 0;
        ++worker_.traffic.frames;
        frame->release();
    }
    front_sent_ = count;
}

void WsSession::on_writable() {
    if (!socket_.is_open()) return;
    blocked_ = false;
    stall_at_ = Time::max();
    if (phase_ == Phase::kOpen) rearm();
    flush();
}

void WsSession::after_flush() {
    if (failed_) return finish();
    const bool all_written = first_ >= queue_.size() && !blocked_;
    if (all_written && std::exchange(wants_written_, false) && endpoint_ &&
        endpoint_->on_written != nullptr) {
        endpoint_->on_written(endpoint_->ctx, this, user_);
    }
    if (phase_ == Phase::kClosing && all_written && close_queued_ && peer_closed_) {
        // Both close frames are on their way; what the peer still sends must not turn our FIN into
        // a reset that would take the close frame with it.
        socket_.end_sending();
        phase_ = Phase::kLingering;
        tell_closed();
    }
    if (!waiting_read_ && socket_.is_open()) {
        waiting_read_ = true;
        socket_.wait_readable(this);
    }
}

void WsSession::on_drain() {
    if (phase_ == Phase::kOpen) begin_close(Frame::close(1001, "server is stopping"), 1001);
    if (!dirty) flush();
}

void WsSession::on_stop() {
    finish();
}

void WsSession::on_unmount(const sw_lease* lease) {
    if (!endpoint_ || endpoint_->lease != lease) return;
    if (phase_ == Phase::kOpen) begin_close(Frame::close(1001, "endpoint is stopping"), 1001);
    tell_closed();
    if (!dirty) flush();
}

void WsSession::tell_closed() {
    while (!memberships.empty())
        memberships.back().topic->leave(*this);
    if (const auto endpoint = std::exchange(endpoint_, nullptr)) {
        endpoint->on_close(endpoint->ctx, this, user_, close_code_);
    }
}

void WsSession::finish() {
    if (phase_ == Phase::kClosed) return;
    const SessionPtr keep(this);
    phase_ = Phase::kClosed;
    Loop::disarm(*this);
    socket_.close();
    --worker_.traffic.websockets;
    account(static_cast<std::ptrdiff_t>(front_sent_));  // what was sent of it counts no more
    front_sent_ = 0;
    drop_unsent();
    std::vector<Frame*>().swap(queue_);
    first_ = 0;
    tell_closed();
    if (opener_ != nullptr) worker_.openers.leave(std::exchange(opener_, nullptr));
    worker_.remove(*this);
}

}  // namespace streamwall::http_server
