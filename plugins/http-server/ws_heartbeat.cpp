// Whether the client of a WebSocket is still there, where somebody wants to know that soon.
//
// Who says nothing is asked by a ping, which clients answer by themselves. It costs nothing as long
// as messages come, and the wheel's deadline that a session has in any case. A client that is slow
// is not gone: while much waits for it in front of a ping, taking some of it is life, too.
#include "worker.hpp"
#include "ws_session.hpp"

#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>

namespace streamwall::http_server {
namespace {

constexpr int kBacklog = 32 * 1024;  // bytes on their way behind which no ping arrives soon
constexpr std::string_view kSilentClient = "client is gone: no ping was answered";

Duration ask_after(Duration silence) {
    return silence / 3;
}

int bytes_waiting(int descriptor, unsigned long what) {
    int count = 0;
    return ::ioctl(descriptor, what, &count) == 0 ? count : 0;
}

// That the other side's kernel has confirmed, since the connection began.
std::uint64_t bytes_acked(int descriptor) {
    tcp_info info{};
    socklen_t length = sizeof info;
    const bool is_known = ::getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &length) == 0;
    return is_known ? info.tcpi_bytes_acked : 0;
}

}  // namespace

void WsSession::watch(Duration silence) {
    if (phase_ != Phase::kOpen) return;
    silence_ = silence;
    heard_at_ = Clock::now();
    gone_at_ = Time::max();
    look_at_ = silence > Duration::zero() ? heard_at_ + ask_after(silence) : Time::max();
    rearm();
}

void WsSession::hear() {
    heard_at_ = Clock::now();
    if (gone_at_ == Time::max()) return;
    gone_at_ = Time::max();
    look_at_ = heard_at_ + ask_after(silence_);
    if (phase_ == Phase::kOpen) rearm();
}

// Whether some of the much that waits for it was taken since this was asked last. It is asked
// before a ping is sent, too: one behind all that would come too late to tell anything.
bool WsSession::has_taken_some() {
    const auto descriptor = socket_.descriptor();
    const bool is_behind = blocked_ || bytes_waiting(descriptor, SIOCOUTQ) > kBacklog;
    const auto before = std::exchange(acked_, is_behind ? bytes_acked(descriptor) : 0);
    return before != 0 && acked_ != before;
}

// What is unread may be the answer: a loop that was busy for long looks at deadlines first.
void WsSession::look_for_life(Time now) {
    const auto pause = ask_after(silence_);
    const bool was_asked = gone_at_ != Time::max();
    look_at_ = heard_at_ + pause;
    if (!was_asked && now < look_at_) return;
    const bool lives = has_taken_some() || bytes_waiting(socket_.descriptor(), SIOCINQ) > 0;
    if (was_asked && !lives && now >= gone_at_) {
        cut(Cut::kSilent, kSilentClient);
        return finish();
    }
    if (lives) heard_at_ = now;
    if (!was_asked || lives) {
        // Deadlines are up to two ticks late, this one and the one that asks.
        const auto lateness = 4 * Duration(worker_.services.options.tick);
        gone_at_ = now + std::max(pause, silence_ - pause - lateness);
        if (acked_ == 0) enqueue(Frame::make(Opcode::kPing, {}));
    }
    look_at_ = std::min(now + pause, gone_at_);
}

}  // namespace streamwall::http_server
