// How much a WebSocket may send, how slowly it may read, and how it goes where it does not keep to
// that.
#include "worker.hpp"
#include "ws_session.hpp"

#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <climits>

namespace streamwall::http_server {
namespace {

constexpr int kNoLimit = INT_MAX;
constexpr std::string_view kTooManyMessages = "too many messages";
constexpr std::string_view kTooManyOfAll = "too many messages of these credentials";
constexpr std::string_view kStalledReader = "slow reader: nothing was taken for too long";

}  // namespace

bool WsSession::is_flood() {
    if (phase_ != Phase::kOpen) return false;
    const bool is_own = exceeds_own_rate();
    if (!is_own && !exceeds_credential_limit()) return false;
    cut(Cut::kFlooded, is_own ? kTooManyMessages : kTooManyOfAll);
    return true;
}

// Each message costs its part of a second; a client may be in debt for five seconds. The clock
// wraps around: what looks like more debt than anybody can have is none.
bool WsSession::exceeds_own_rate() {
    const auto rate = worker_.services.options.websocket_message_rate;
    if (rate == 0) return false;
    constexpr std::uint32_t kGrain = 64;  // parts of a millisecond
    const auto since = Clock::now().time_since_epoch();
    const auto now = static_cast<std::uint32_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(since).count() * kGrain / 1'000);
    const std::uint32_t cost = std::max(1U, 1'000 * kGrain / rate);
    const std::uint32_t most = 5'000 * kGrain;
    auto debt = paid_at_ - now;
    if (debt > most) debt = 0;
    debt += cost;
    paid_at_ = now + debt;
    return debt > most;
}

bool WsSession::exceeds_credential_limit() {
    const auto limit = worker_.services.options.websocket_credential_limit;
    if (limit == 0 || who_ == PrincipalId{}) return false;
    const auto now =
        std::chrono::duration_cast<std::chrono::seconds>(Clock::now().time_since_epoch());
    const RateKey key{RateKey::Kind::kCredential, who_};
    return !worker_.services.local_limiter.count(key, limit, now.count()).allowed;
}

// More than any reader may have waiting; or a part of what all of them may have together, where
// that is used up.
std::optional<Cut> WsSession::holds_too_much() const {
    const auto limit = worker_.services.options.websocket_queue_limit;
    if (queued_bytes_ > limit) return Cut::kSlow;
    const bool is_crowded = worker_.traffic.queued_bytes > worker_.queued_limit;
    return is_crowded && queued_bytes_ > limit / 16 ? std::optional(Cut::kCrowded) : std::nullopt;
}

// The reason goes to the socket at once, where the kernel keeps it for a reader that wakes up late:
// it takes these few bytes beyond what it takes of messages.
void WsSession::cut(Cut why, std::string_view reason) {
    worker_.traffic.count(why);
    drop_unsent();
    begin_close(Frame::close(1008, reason), 1008);
    ::setsockopt(socket_.descriptor(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &kNoLimit, sizeof kNoLimit);
    write_queue();
}

// The kernel says how much it still has: it may be long until it wants more though some was taken.
void WsSession::watch_reader() {
    if (::ioctl(socket_.descriptor(), SIOCOUTQ, &unsent_) != 0) unsent_ = 0;
    stall_at_ = Clock::now() + worker_.services.options.websocket_stall;
    rearm();
}

// A reader that took nothing for long is told why.
void WsSession::check_reader() {
    const auto before = unsent_;
    watch_reader();
    if (unsent_ < before) return;
    cut(Cut::kStalled, kStalledReader);
    after_flush();
}

void WsSession::rearm() {
    const auto next = std::min({stall_at_, look_at_, ends_at()});
    if (next == Time::max())
        Loop::disarm(*this);
    else
        worker_.loop.arm(*this, next);
}

// The end of the close handshake has no patience.
void WsSession::on_deadline() {
    if (phase_ != Phase::kOpen) return finish();
    const auto now = Clock::now();
    if (now >= ends_at()) return end_with_token();
    if (now >= stall_at_) check_reader();
    if (phase_ == Phase::kOpen && now >= look_at_) look_for_life(now);
    if (phase_ == Phase::kOpen) rearm();
}

}  // namespace streamwall::http_server
