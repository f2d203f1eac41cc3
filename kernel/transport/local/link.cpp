// Source: unix(7), send(2), recv(2).
#include "transport/local/link.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <boost/container/static_vector.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace streamwall::transport {

namespace {

constexpr std::size_t kMaxParts = 128;  // of one vectored write
constexpr int kMaxWrites = 8;  // of one sender in a row, before the loop goes on in its place
constexpr int kMaxReads = 8;   // of one socket in a row, before others get their turn
// Held back at most: the other side should begin while this one goes on.
constexpr std::size_t kMaxHeld = 12;
using Parts = boost::container::static_vector<iovec, kMaxParts>;

void add_part(Parts& parts, std::string_view bytes, std::size_t skip = 0) {
    if (bytes.size() <= skip) return;
    parts.push_back({const_cast<char*>(bytes.data()) + skip, bytes.size() - skip});
}

// Subscriptions and their like must arrive whatever else waits; their number is bounded elsewhere.
bool is_bounded(const WireFrame& frame) {
    return frame.kind == FrameKind::publish || frame.kind == FrameKind::request ||
           frame.kind == FrameKind::message ||
           (frame.kind == FrameKind::answer && frame.status == SW_OK);
}

// Bytes written; 0 where the socket takes none now, -1 where it is broken.
ssize_t write_parts(int fd, Parts& parts) {
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = parts.size();
    for (;;) {
        const auto count = ::sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (count >= 0) return count;
        if (errno == EINTR) continue;
        return errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS ? 0 : -1;
    }
}

}  // namespace

std::shared_ptr<WireLink> WireLink::open(exec::Loop& loop, Descriptor socket,
                                         std::size_t max_queued, Handler handler) {
    ::fcntl(socket.get(), F_SETFL, ::fcntl(socket.get(), F_GETFL) | O_NONBLOCK);
    const std::shared_ptr<WireLink> link(
        new WireLink(loop, std::move(socket), max_queued, std::move(handler)));
    // The loop may call the link before add() has returned, so its number is set on the thread too.
    std::lock_guard lock(link->mutex_);
    link->number_ = loop.add(link->socket_.get(), link);
    return link;
}

// ---- sending ----

WireLink::Sent WireLink::send(const WireFrame& frame, const BufferRef& body) {
    std::unique_lock lock(mutex_);
    if (closed_) return Sent::closed;
    const auto size = wire_size(frame);
    if (is_bounded(frame) && queued_ + size > max_queued_) return Sent::full;
    const bool is_free = !writing_ && !waiting_ && queue_.empty();
    if (is_free && !(loop_.is_current() && loop_.holds_back(shared_from_this()))) {
        if (send_at_once(lock, frame, body)) return Sent::yes;
        return closed_ ? Sent::closed : Sent::yes;
    }
    const auto head = encode_head(frame);
    std::string texts;
    texts.reserve(head.size() + frame.subject.size() + frame.second.size());
    texts.append(head.data(), head.size()).append(frame.subject).append(frame.second);
    queue_.push_back({std::move(texts), body});
    queued_ += size;
    if (!writing_ && !waiting_ && queue_.size() >= kMaxHeld) write_queue(lock);
    return closed_ ? Sent::closed : Sent::yes;
}

// True where all of it has left. Otherwise the rest is first in the queue, or the link has closed.
bool WireLink::send_at_once(std::unique_lock<std::mutex>& lock, const WireFrame& frame,
                            const BufferRef& body) {
    writing_ = true;
    lock.unlock();
    const auto head = encode_head(frame);
    Parts parts;
    add_part(parts, {head.data(), head.size()});
    add_part(parts, frame.subject);
    add_part(parts, frame.second);
    add_part(parts, body.text());
    const auto count = write_parts(socket_.get(), parts);
    const auto size = wire_size(frame);
    lock.lock();
    const auto sent = static_cast<std::size_t>(std::max<ssize_t>(count, 0));
    if (count >= 0 && sent < size) {
        std::string texts(head.data(), head.size());
        texts.append(frame.subject).append(frame.second);
        queue_.push_front({std::move(texts), body, sent});
        queued_ += size - sent;
    }
    writing_ = false;
    // A broken socket becomes readable: the loop ends the link then, and says why.
    if (count < 0) closed_ = true;
    if (!closed_ && sent < size)
        want_writable(true);
    else if (!closed_ && !queue_.empty())
        write_queue(lock);
    return sent == size;
}

void WireLink::write_queue(std::unique_lock<std::mutex>& lock) {
    writing_ = true;
    bool taken = true;
    for (int n = 0; n < kMaxWrites && taken && !queue_.empty() && !closed_; ++n) {
        Parts parts;
        std::size_t offered = 0;
        for (auto one = queue_.begin(); one != queue_.end() && parts.size() + 2 <= kMaxParts;
             ++one) {
            add_part(parts, one->head, one->sent);
            const auto skip = one->sent > one->head.size() ? one->sent - one->head.size() : 0;
            add_part(parts, one->body.text(), skip);
            offered += one->size() - one->sent;
        }
        // Only this thread takes from the front while `writing_` stands.
        lock.unlock();
        const auto count = write_parts(socket_.get(), parts);
        lock.lock();
        if (count < 0) {
            closed_ = true;
            break;
        }
        take_sent(static_cast<std::size_t>(count));
        taken = static_cast<std::size_t>(count) == offered;
    }
    writing_ = false;
    if (closed_) return queue_.clear();
    if (waiting_ != !queue_.empty()) want_writable(!queue_.empty());
}

void WireLink::take_sent(std::size_t count) {
    queued_ -= count;
    while (count > 0) {
        auto& first = queue_.front();
        const auto left = first.size() - first.sent;
        if (count < left) {
            first.sent += count;
            return;
        }
        count -= left;
        queue_.pop_front();
    }
}

void WireLink::want_writable(bool wanted) {
    waiting_ = wanted;
    loop_.want_writable(socket_.get(), number_, wanted);
}

void WireLink::writable() {
    std::unique_lock lock(mutex_);
    if (!closed_ && !writing_) write_queue(lock);
}

// ---- receiving ----

void WireLink::readable() {
    for (int n = 0; n < kMaxReads && !ended_; ++n) {
        const auto space = reader_.space();
        const auto count = ::recv(socket_.get(), space.data(), space.size(), MSG_DONTWAIT);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
        if (count <= 0) {
            return end(count == 0 ? "the other side has gone" : std::strerror(errno));
        }
        reader_.filled(static_cast<std::size_t>(count));
        if (!dispatch()) return;
        if (static_cast<std::size_t>(count) < space.size()) return;
    }
}

// False where the link has ended.
bool WireLink::dispatch() {
    std::string problem;
    for (bool more = true; more;) {
        const auto frame = reader_.next();
        if (!frame) {
            problem = "what it sent cannot be understood: " + std::string(frame.error());
            break;
        }
        if (!*frame) break;
        more = reader_.has_more();
        if (more) loop_.hold_back(true);
        if (!handler_.on_frame(**frame, problem)) break;
    }
    loop_.hold_back(false);
    if (problem.empty()) return true;
    end(problem);
    return false;
}

// ---- the end ----

void WireLink::close(std::string reason) {
    loop_.post([self = shared_from_this(), reason = std::move(reason)] { self->end(reason); });
}

void WireLink::end(const std::string& reason) {
    if (std::exchange(ended_, true)) return;
    {
        std::lock_guard lock(mutex_);
        closed_ = true;
        // A write that is under way points into it, and clears it then.
        if (!writing_) queue_.clear();
    }
    const auto self = shared_from_this();
    loop_.remove(socket_.get(), number_);
    ::shutdown(socket_.get(), SHUT_RDWR);
    handler_.on_closed(reason);
    // It may hold who owns this link.
    handler_ = {};
}

}  // namespace streamwall::transport
